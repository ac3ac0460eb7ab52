import type { RunSummaryFragment } from "@soma/graphql/operations";
import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Provider } from "urql";
import { expect, test } from "vitest";
import { Router } from "wouter";
import { createTestApi } from "../../../testing/api.ts";
import { Markdown } from "../../markdown/markdown.tsx";
import { titleOf } from "../../run-log/question-of.ts";
import { reduce } from "../../run-log/reduce.ts";
import { history, type Line, modelText, RUN_ID, started, toolStart } from "../../run-log/testing/history.ts";
import { RunLogsContext } from "../../run-log/use-run-log.ts";
import { EMPTY_VIEW } from "../../run-log/view.ts";
import { LiveIndicator } from "../../run-parts/live-indicator.tsx";
import { NOTHING_SPOKEN, toAnnouncements } from "./announcements.ts";
import { StepPanel } from "./step-panel.tsx";
import { Turn } from "./turn.tsx";

/** One of each kind: direction, mark, isolate, without a width, joiner where it joins nothing, blank letter, tag. */
const KINDS = ["\u202e", "\u200f", "\u2066", "\u200b", "\u200d", "\u3164", "\ufeff", "\u00ad", "\u{e0041}"];
/** A word that holds them all. */
const bad = (word: string): string => KINDS.map((character) => `${word}${character}`).join("x");

const RUN: RunSummaryFragment = {
  id: RUN_ID,
  graph: bad("graph"),
  role: bad("role"),
  modelProfile: bad("profile"),
  status: "RUNNING",
  input: { text: bad("question") },
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

const error = { code: "X", message: bad("error") };
const call = { name: bad("tool"), arguments: bad("argument") };
const HISTORY: readonly Line[] = [
  [started[0], null, { ...started[2], input: { text: bad("question") } }],
  ["STEP_STARTED", `1 ${bad("node")}`, { summary: bad("start") }],
  ...modelText("2 model", "s2", [`${bad("text")} \`${bad("code")}\` &#x202e;\n\n\`\`\`\n${bad("block")}\n\`\`\`\n`]),
  ["STEP_SUCCEEDED", "2 model", { output: { toolCalls: [call] }, summary: bad("asked") }],
  ["STEP_SUCCEEDED", "3 policy", { output: { tool: bad("tool"), allow: true, reason: bad("reason") } }],
  toolStart("4 tool", "s4", bad("tool")),
  ["STREAM_DATA", "4 tool", { stream: "s4", seq: 1, data: bad("output") }],
  ["STEP_RETRIED", "4 tool", { attempt: 1, delayMs: 1, error }],
  ["STEP_SUCCEEDED", "4 tool", { output: { tool: bad("tool"), status: "FAILED", error: bad("failure") } }],
  ["STEP_DENIED", "5 policy", { output: { tool: bad("denied"), allow: false, reason: bad("reason") } }],
  ["STEP_FAILED", "6 model", { error, summary: bad("end") }],
  ["RUN_FAILED", null, { error }],
];

const view = reduce(EMPTY_VIEW, history(HISTORY));
const snapshot = {
  view,
  state: { phase: "RECONNECTING", received: 1, head: 1, detail: bad("detail") },
  closed: bad("closed"),
  heardAt: 0,
  eventAt: 0,
};

const markup = (element: ReactNode): string =>
  renderToStaticMarkup(
    <Router ssrPath="/">
      <RunLogsContext
        value={{ peek: () => snapshot, watch: () => () => {}, retryNow: () => {}, onStatus: () => () => {} } as never}
      >
        <Provider value={createTestApi().client}>{element}</Provider>
      </RunLogsContext>
    </Router>,
  );

test.each([
  ["a turn", () => markup(<Turn run={RUN} selected newest />)],
  ["the steps", () => markup(<StepPanel run={RUN} />)],
  ["what is said aloud", () => toAnnouncements(NOTHING_SPOKEN, view).sentences.join("\n")],
  ["the live indicator", () => markup(<LiveIndicator runId={RUN_ID} />)],
  ["a title", () => titleOf(RUN)],
  ["the title of a run without a question", () => titleOf({ ...RUN, input: {} })],
  [
    "an answer",
    () =>
      markup(
        <Markdown
          text={`${bad("a")}\n\n| ${bad("b")} |\n|--|\n| &#8238;&#x2066;${bad("c")} |\n\n[${bad("d")}](https://e.test/${bad("f")})`}
        />,
      ),
  ],
])("%s shows by its number every character that is not seen", (_what, draw) => {
  const html = draw();
  for (const character of KINDS)
    expect([numberOf(character), html.includes(character)]).toEqual([numberOf(character), false]);
  expect(html).toContain("⟨U+202E⟩");
});

const numberOf = (character: string): string => `U+${character.codePointAt(0)?.toString(16)}`;
