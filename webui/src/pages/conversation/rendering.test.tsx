import { FIRST_FOLLOW_STATE, type FollowState } from "@soma/graphql/follow-state";
import type { RunSummaryFragment } from "@soma/graphql/operations";
import { THINKING_CONTENT_TYPE } from "@soma/schemas/run-history";
import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, test } from "vitest";
import { Router } from "wouter";
import { reduce } from "../../run-log/reduce.ts";
import type { RunLogs } from "../../run-log/run-logs.ts";
import {
  end,
  history,
  type Line,
  modelText,
  RUN_ID,
  started,
  toolStart,
  WHOLE_RUN,
} from "../../run-log/testing/history.ts";
import { RunLogsContext } from "../../run-log/use-run-log.ts";
import { EMPTY_VIEW } from "../../run-log/view.ts";
import { LiveIndicator } from "../../run-parts/live-indicator.tsx";
import { StepPanel } from "./step-panel.tsx";
import { Turn } from "./turn.tsx";

const RUN: RunSummaryFragment = {
  id: RUN_ID,
  graph: "assistant",
  role: "assistant",
  modelProfile: "scripted",
  status: "RUNNING",
  input: { text: "What is 6*7?" },
  answer: null,
  createdAt: "2026-11-24T10:41:00.000Z",
  startedAt: null,
  finishedAt: null,
  recoveries: 0,
  outcome: null,
  headSeq: 0,
  error: null,
  session: { id: "s1" },
};

/** Logs that hold one history, as a page has them that has read it. */
function logsOf(lines: readonly Line[], state: Partial<FollowState> = {}): RunLogs {
  const view = reduce(EMPTY_VIEW, history(lines));
  const snapshot = {
    view,
    events: [],
    state: { ...FIRST_FOLLOW_STATE, ...state },
    closed: null,
    heardAt: 0,
    eventAt: 0,
  };
  return {
    peek: (id) => (id === RUN_ID ? snapshot : undefined),
    watch: () => () => {},
    retryNow: () => {},
    onStatus: () => () => {},
  };
}

const markup = (element: ReactNode, logs: RunLogs): string =>
  renderToStaticMarkup(
    <Router ssrPath="/">
      <RunLogsContext value={logs}>{element}</RunLogsContext>
    </Router>,
  );
const words = (html: string): string =>
  html
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ")
    .trim();

describe("Turn", () => {
  const turn = (lines: readonly Line[]) => words(markup(<Turn run={RUN} selected newest />, logsOf(lines)));

  test("Turn shows the question, the call with its arguments, decision and output, and the answer once", () => {
    const text = turn(WHOLE_RUN);
    expect(text).toMatch(
      /What is 6\*7\? I shall calculate\. tool calculate 30 ms Succeeded asked \{ &quot;expression&quot;: &quot;6\*7&quot; \}/,
    );
    expect(text).toContain("policy allowed: role_allows_tool 42 It is 42 .");
    expect(text.match(/It is/g)).toHaveLength(1);
    const html = markup(<Turn run={RUN} selected newest />, logsOf(WHOLE_RUN));
    expect(html).toMatch(new RegExp(`href="/runs/${RUN_ID}\\?step=5"[^>]*><span[^>]*><svg.*allowed: role_allows_tool`));
  });

  test("Turn says what a run does while nothing streams", () => {
    expect(turn([started, ["STEP_STARTED", "1 model", { summary: "Asking the model" }]])).toContain("Asking the model");
    expect(turn([started, ["RUN_CANCEL_REQUESTED", null]])).toContain("Stopping…");
  });

  test("Turn keeps the text of an interrupted attempt and says that it is one", () => {
    const text = turn([started, ...modelText("1 model", "s", ["Half a sen"]), ["RUN_RECOVERED", null, {}]]);
    expect(text).toMatch(/Half a sen Interrupted No end marker: the worker was lost/);
  });

  test("Turn shows what the model thought apart from its answer, and closed", () => {
    const thought = [...modelText("1 model", "t", ["Let me see"], 1, THINKING_CONTENT_TYPE), end("1 model", "t", "OK")];
    const lines = [started, ...thought, ...modelText("1 model", "s", ["Yes"])];
    expect(turn(lines)).toMatch(/Thought before it answered Let me see Yes/);
    expect(markup(<Turn run={RUN} selected newest />, logsOf(lines))).not.toContain("<details open");
  });

  test("Turn shows a denied tool with the word and the reason", () => {
    expect(
      turn([
        started,
        ["STEP_DENIED", "1 policy", { output: { tool: "code_run", allow: false, reason: "role_forbids_tool" } }],
      ]),
    ).toMatch(/tool code_run Denied by policy policy denied: role_forbids_tool/);
  });

  test("Turn shows a long output in part and says so", () => {
    const long = "x".repeat(200_000);
    const text = turn([
      started,
      toolStart("1 tool", "s", "cat"),
      ["STREAM_DATA", "1 tool", { stream: "s", seq: 1, data: long }],
      end("1 tool", "s", "OK"),
    ]);
    expect(text).toContain("Showing the first 64.0 KB of 195.3 KB");
    expect(text.length).toBeLessThan(70_000);
  });

  test("Turn does not show a run as going on whose rest cannot be verified, and says so", () => {
    const logs = logsOf(WHOLE_RUN.slice(0, 6), { phase: "BROKEN" });
    const text = words(markup(<Turn run={{ ...RUN, status: "SUCCEEDED" }} selected newest />, logs));
    expect(text).toMatch(
      /I shall What comes after event 6 does not fit what came before\. .* Succeeded Its steps are listed Timeline$/,
    );
    expect(text).not.toMatch(/Running|Asking/);
  });

  test("Turn and StepPanel show the newest of a very long run and say what they leave out", () => {
    const steps = Array.from(
      { length: 400 },
      (_, index): Line => [
        "STEP_SUCCEEDED",
        `${index + 1} tool`,
        { output: { tool: "clock", output: `at ${index + 1};` } },
      ],
    );
    const logs = logsOf([started, ...steps]);
    const [text, panel] = [<Turn key="1" run={RUN} selected newest />, <StepPanel key="2" run={RUN} />].map((element) =>
      words(markup(element, logs)),
    );
    expect(text).toContain("The newest 200 of 400 are shown.");
    expect(text).toContain("at 201;");
    expect(text).not.toContain("at 200;");
    expect(panel).toContain("The newest 300 of 400 are shown.");
  });

  test("Turn shows the list's summary until the history has come", () => {
    expect(
      words(
        markup(
          <Turn run={{ ...RUN, answer: "It is **42**.", status: "SUCCEEDED" }} selected={false} newest={false} />,
          logsOf([]),
        ),
      ),
    ).toMatch(/What is 6\*7\? It is 42 \. Succeeded Show its steps Timeline/);
  });
});

describe("StepPanel", () => {
  test("StepPanel lists number, node, status word, decision, time and attempt of each step", () => {
    const html = markup(<StepPanel run={RUN} />, logsOf(WHOLE_RUN));
    expect(html.match(/data-step="/g)).toHaveLength(7);
    expect(html).toMatch(/<a [^>]*aria-label="policy, step 4"[^>]*>policy<\/a>/);
    expect(html).toContain(`href="/runs/${RUN_ID}?step=4"`);
    expect(words(html)).toMatch(
      /4 policy Succeeded calculate allowed: role_allows_tool \d\d:\d\d:\d\d · 1 ms · attempt 1/,
    );
  });

  test("StepPanel marks what may be out of date", () => {
    const stale = markup(<StepPanel run={RUN} />, logsOf(WHOLE_RUN, { phase: "STALE" }));
    expect(stale).toContain('data-stale="true"');
    expect(words(stale)).toContain("Not updating for");
    expect(markup(<StepPanel run={RUN} />, logsOf(WHOLE_RUN, { phase: "LIVE" }))).toContain('data-stale="false"');
  });
});

test("StepPanel, a tool card and what the run does have a clock while they run, and none afterwards", () => {
  const begun: Line[] = [started, ["STEP_STARTED", "1 tool", { summary: "Calling" }]];
  const called = [...begun, toolStart("1 tool", "s", "cat")];
  const ended: Line = ["STEP_SUCCEEDED", "1 tool", { output: { tool: "cat", status: "SUCCEEDED" } }];
  const clocks = (element: ReactNode, lines: readonly Line[]) =>
    markup(element, logsOf(lines)).match(/data-elapsed="">\d+:\d\d/g)?.length ?? 0;
  expect(clocks(<StepPanel run={RUN} />, begun)).toBe(1);
  expect(clocks(<Turn run={RUN} selected newest />, begun)).toBe(1);
  expect(clocks(<Turn run={RUN} selected newest />, called)).toBe(1);
  expect(clocks(<StepPanel run={RUN} />, [...called, ended])).toBe(0);
  expect(clocks(<Turn run={RUN} selected newest />, [...called, ended, ["RUN_SUCCEEDED", null, {}]])).toBe(0);
});

test("Turn and StepPanel are not green where a call failed, although run and step succeeded", () => {
  const lines: Line[] = [
    started,
    ["STEP_SUCCEEDED", "1 tool", { output: { tool: "fetch", status: "FAILED", error: "404" } }],
    ["RUN_SUCCEEDED", null, { answer: "sorry" }],
  ];
  const [turn, panel] = [<Turn key="1" run={RUN} selected newest />, <StepPanel key="2" run={RUN} />].map((element) =>
    words(markup(element, logsOf(lines))),
  );
  expect(turn).toContain("Succeeded, 1 call failed Its steps are listed");
  expect(panel).toMatch(/1 tool Failed/);
});

test("LiveIndicator lets nobody wait for the next try who would rather try now", () => {
  const shown = (phase: FollowState["phase"]) =>
    words(markup(<LiveIndicator runId={RUN_ID} />, logsOf(WHOLE_RUN, { phase })));
  expect(shown("RECONNECTING")).toContain("Retry now");
  for (const phase of ["LIVE", "ENDED", "BROKEN", "STALE"] as const) expect(shown(phase)).not.toContain("Retry");
});

test.each([
  ["WEBSOCKET", "WebSocket"],
  ["SSE", "Server-sent events"],
] as const)("LiveIndicator names the way that events come by: %s", (transport, name) => {
  const shown = words(markup(<LiveIndicator runId={RUN_ID} />, logsOf(WHOLE_RUN, { phase: "LIVE", transport })));
  expect(shown).toContain(`Connection ${name}`);
});

test("LiveIndicator says the state in words and as an attribute", () => {
  const head = WHOLE_RUN.length;
  const html = markup(<LiveIndicator runId={RUN_ID} />, logsOf(WHOLE_RUN, { phase: "ENDED", received: head, head }));
  expect(html).toContain('data-live-state="ENDED"');
  expect(words(html)).toContain(`Finished · all ${head} events verified`);
});

test("nothing that is drawn carries a style attribute, which the page's policy forbids", () => {
  const logs = logsOf(WHOLE_RUN, { phase: "LIVE", head: WHOLE_RUN.length });
  const html = [
    <Turn key="1" run={RUN} selected newest />,
    <StepPanel key="2" run={RUN} />,
    <LiveIndicator key="3" runId={RUN_ID} />,
  ].map((element) => markup(element, logs));
  expect(html.join("")).not.toContain("style=");
});
