import { FIRST_FOLLOW_STATE } from "@soma/graphql/follow-state";
import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Provider } from "urql";
import { expect, test } from "vitest";
import { Router } from "wouter";
import { createTestApi } from "../../../testing/api.ts";
import { reduce } from "../../run-log/reduce.ts";
import type { RunLogSnapshot } from "../../run-log/run-log.ts";
import { history, type Line, RUN_ID, started, WHOLE_RUN } from "../../run-log/testing/history.ts";
import { RunLogsContext } from "../../run-log/use-run-log.ts";
import { EMPTY_VIEW } from "../../run-log/view.ts";
import { aroundWords } from "../../ui/graph/picture.ts";
import type { Run, StepDetail } from "./answers.ts";
import { ChangeList } from "./change-list.tsx";
import { EventPart } from "./event-part.tsx";
import { EventsView } from "./events-view.tsx";
import { Attempts, Decision, Fault, Input, Output, Prompt, StepFacts } from "./inspector-parts.tsx";
import { NodeBox } from "./node-box.tsx";
import { parseRunAddress } from "./run-address.ts";
import { RunHeader } from "./run-header.tsx";
import { storyOf } from "./step-story.ts";
import { TimelineView } from "./timeline-view.tsx";

const HIDDEN = "\u202e";
/** A word that cannot be read as it is written. */
const bad = (word: string): string => `${word}${HIDDEN}`;
const error = { code: bad("code"), message: bad("error") };

const snapshot = (lines: readonly Line[]): RunLogSnapshot => ({
  view: reduce(EMPTY_VIEW, history(lines)),
  events: history(lines),
  state: { ...FIRST_FOLLOW_STATE, phase: "ENDED", head: lines.length, received: lines.length },
  closed: null,
  heardAt: 0,
  eventAt: 0,
});

const markup = (element: ReactNode, log?: RunLogSnapshot): string =>
  renderToStaticMarkup(
    <Router ssrPath="/runs/r">
      <RunLogsContext value={{ peek: () => log, watch: () => () => {}, retryNow: () => {}, onStatus: () => () => {} }}>
        <Provider value={createTestApi().client}>{element}</Provider>
      </RunLogsContext>
    </Router>,
  );
const words = (html: string): string =>
  html
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ")
    .trim();

const nothing = (): void => {};
const timeline = (lines: readonly Line[], search = ""): string =>
  markup(
    <TimelineView
      runId={RUN_ID}
      log={snapshot(lines)}
      address={parseRunAddress(search)}
      isGoing={false}
      onOpen={nothing}
      onClose={nothing}
    />,
  );
const events = (lines: readonly Line[], search = ""): string =>
  markup(<EventsView runId={RUN_ID} log={snapshot(lines)} address={parseRunAddress(search)} onChange={nothing} />);

const RUN: Run = {
  id: RUN_ID,
  graph: bad("graph"),
  role: bad("role"),
  modelProfile: bad("profile"),
  status: "SUCCEEDED",
  input: { text: bad("question") },
  answer: null,
  createdAt: "2026-11-24T10:41:00.000Z",
  startedAt: "2026-11-24T10:41:00.000Z",
  finishedAt: "2026-11-24T10:41:25.000Z",
  recoveries: 2,
  headSeq: 26,
  outcome: null,
  error: null,
  session: { id: "s1" },
  traceId: "0af7651916cd43dd8448eb211c80319c",
  startedBy: "ada",
  parent: null,
  children: [{ id: "01920000-0000-7000-8000-0000000000c1", graph: "other", status: "RUNNING" }],
  forkedFrom: { seq: 4, run: { id: "01920000-0000-7000-8000-0000000000f1" } },
  usage: {
    cost: "0.04",
    currency: "USD",
    cachedTokens: 0,
    inputTokens: 1_200,
    outputTokens: 34,
    modelCalls: 2,
    toolCalls: 1,
  },
};

const DECISION: StepDetail["decision"] = {
  id: "d",
  allow: false,
  reason: bad("reason"),
  tool: bad("tool"),
  toolVersion: "1",
  role: bad("role"),
  policyVersion: bad("revision"),
  obligations: { [bad("must")]: bad("do") },
};
const DETAIL: StepDetail = {
  id: `${RUN_ID}.5`,
  number: 5,
  nodeId: bad("node"),
  nodeType: bad("type"),
  status: "SUCCEEDED",
  attempt: 2,
  summary: bad("summary"),
  output: { text: bad("output"), usage: { inputTokens: 12, outputTokens: 3 } },
  latencyMs: 30,
  startedAt: "2026-11-24T10:41:12.000Z",
  finishedAt: null,
  abandoned: true,
  error,
  answeredBy: {
    profile: bad("by"),
    provider: bad("provider"),
    model: bad("model"),
    passedOver: [{ profile: bad("passed"), code: bad("over"), message: bad("why") }],
  },
  prompt: {
    profile: bad("profile"),
    model: bad("model"),
    params: { [bad("setting")]: bad("value") },
    messages: [
      {
        role: bad("system"),
        text: bad("be kind"),
        bytes: 7,
        sha256: "ab",
        toolCallId: null,
        calls: [{ id: "c", name: bad("call"), arguments: '{"a":1}' }],
      },
    ],
    tools: [{ name: bad("tool"), sha256: "ab" }],
  },
  decision: DECISION,
  invocation: null,
};
const INVOCATION: StepDetail["invocation"] = {
  id: "i",
  status: "FAILED",
  args: { expression: bad("6*7") },
  output: bad("42"),
  outputBytes: 2,
  executionMs: 4,
  attempt: 2,
  error: { type: bad("kind"), message: bad("fault") },
  decision: DECISION,
};

test("TimelineView has a line for each step that is of interest, with what it took and how it went", () => {
  const html = timeline([...WHOLE_RUN, ["STEP_STARTED", "8 model", {}]]);
  expect(html.match(/role="treeitem"/g)).toHaveLength(7);
  expect(words(html)).toContain("5 tool calculate answered Succeeded self 30 ms total 30 ms");
  expect(html).toMatch(/role="tree" aria-label="Steps of the run" tabindex="0" aria-activedescendant="row-0"/);
  expect(timeline(WHOLE_RUN, "?step=4")).toMatch(/id="row-3"[^>]*aria-selected="true"/);
});

test("TimelineView says how many small steps it folds, and leads to all of them", () => {
  const lines: Line[] = [started, ["STEP_SUCCEEDED", "1 model", {}], ["STEP_SUCCEEDED", "2 branch", { latencyMs: 1 }]];
  expect(words(timeline(lines))).toContain("2 steps, 1 small one folded, no problems Show all steps");
  expect(timeline(lines)).toMatch(/href="\/runs\/[\w-]+\?all=1"/);
  expect(words(timeline(lines, "?all=1"))).toContain("2 steps, no problems Fold small steps");
});

test("TimelineView says in words how long a step stood still, and where a worker was lost", () => {
  const html = timeline([
    started,
    ["STEP_STARTED", "1 tool", {}],
    ["STEP_RETRIED", "1 tool", { attempt: 1, delayMs: 1_000, error }],
    ["STEP_STARTED", "1 tool", {}, 2],
    ["RUN_RECOVERED", null, {}],
    ["STEP_STARTED", "1 tool", {}, 3],
    ["STEP_SUCCEEDED", "1 tool", {}, 3],
  ]);
  expect(words(html)).toContain("back-off 1.0 s, without a worker 1.0 s");
  expect(words(html)).toMatch(/Worker lost, taken over at \d\d:\d\d:\d\d 1\.0 s/);
});

test("EventsView says that each is verified, narrows them by words, and shows one whole", () => {
  expect(words(events(WHOLE_RUN))).toMatch(/^Filter 26 events, each verified ✓/);
  expect(words(events(WHOLE_RUN, "?text=stream_data"))).toContain("6 of 26 events");
  expect(words(events(WHOLE_RUN, "?text=nowhere"))).toContain("No event holds “nowhere”.");
  expect(events(WHOLE_RUN, "?event=3")).toMatch(/aria-label="Event 3"/);
  expect(words(events([]))).toContain("No events yet.");
});

test("RunHeader tells what the run used, where it comes from and where it leads", () => {
  const html = markup(<RunHeader runId={RUN_ID} run={RUN} title="T" onGoOn={nothing} />, snapshot(WHOLE_RUN));
  expect(words(html)).toMatch(
    /Recovered 2× Tokens 1,200 in, 34 out Cost 0\.04 USD Forked from 000000f1 Runs it started/,
  );
  expect(html).toContain('<a href="/runs/01920000-0000-7000-8000-000000000001?view=chat">Chat</a>');
  expect(words(html)).toContain("Took 25 s");
});

const step = reduce(EMPTY_VIEW, history([["STEP_FAILED", `1 ${bad("node")}`, { error, summary: bad("end") }]]))
  .steps[0];
if (step === undefined) throw new Error("the history has no step");
const story = storyOf(
  history([["STEP_FAILED", "1 node", { error, inputSummary: bad("in"), spanId: "" }]]),
  `${RUN_ID}.1`,
);
const inspected = (detail: StepDetail): string =>
  markup(
    <>
      <Fault step={step} />
      <StepFacts run={RUN} step={step} story={story} detail={detail} />
      <Input story={story} detail={detail} />
      <Decision step={step} detail={detail} />
      <Output detail={detail} />
      <Attempts failed={story.failed} />
      <Prompt detail={detail} />
    </>,
  );

test("the inspector shows a result once, the arguments as JSON, and which policy decided", () => {
  const withCall = words(inspected({ ...DETAIL, decision: null, invocation: INVOCATION }));
  expect(withCall).toContain("Policy revision⟨U+202E⟩");
  expect(withCall).toContain("&quot;expression&quot;: &quot;6*7⟨U+202E⟩&quot;");
  expect(withCall.match(/42⟨U\+202E⟩/g)).toHaveLength(1);
  expect(withCall).not.toContain("output⟨U+202E⟩");
  const without = words(inspected(DETAIL));
  expect(without).toContain("Tokens 12 in, 3 out");
  expect(without).toContain("Input in⟨U+202E⟩");
  expect(without).toContain("Output { &quot;text&quot;: &quot;output⟨U+202E⟩&quot;");
});

const BAD_LINES: readonly Line[] = [
  started,
  ["STEP_STARTED", `1 ${bad("node")}`, { summary: bad("start") }],
  ["STEP_RETRIED", `1 ${bad("node")}`, { attempt: 1, delayMs: 1, error }],
  [bad("KIND"), null, {}],
];

const BAD_CHANGES = [{ op: "REPLACE" as const, path: `/${bad("path")}`, before: bad("text"), after: [bad("item")] }];

function BadNode(): ReactNode {
  const node = { id: bad("id"), name: bad("name"), type: bad("type"), within: bad("hold"), status: null, steps: 0 };
  const rest = { state: undefined, isStop: true, isOpen: false, onFocus: nothing, onOpen: nothing };
  return <NodeBox node={node} around={aroundWords(node, [node], [])} {...rest} />;
}

test.each([
  ["the timeline", () => timeline(BAD_LINES)],
  ["the events", () => events(BAD_LINES, `?text=${bad("x")}`) + events(BAD_LINES)],
  ["an event", () => markup(<EventPart runId={RUN_ID} event={history(BAD_LINES)[2] as never} onClose={nothing} />)],
  ["the header", () => markup(<RunHeader runId={RUN_ID} run={RUN} title="T" onGoOn={nothing} />, snapshot(BAD_LINES))],
  ["a step", () => inspected(DETAIL)],
  ["a node of the graph", () => markup(<BadNode />)],
  ["what differs", () => markup(<ChangeList changes={BAD_CHANGES} />)],
  ["a step with a call", () => inspected({ ...DETAIL, invocation: INVOCATION })],
])("%s shows by its number a character that is not seen", (_what, draw) => {
  const html = draw().replace(/(?:value|data-node)="[^"]*"/g, "");
  expect([html.includes(HIDDEN), html.includes("⟨U+202E⟩")]).toEqual([false, true]);
});
