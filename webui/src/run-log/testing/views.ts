import { expect } from "vitest";
import { reduce } from "../reduce.ts";
import { EMPTY_VIEW, type Item, type RunView, type ToolItem } from "../view.ts";
import { history, type Line, started, toolStart } from "./history.ts";

export const view = (lines: readonly Line[]): RunView => reduce(EMPTY_VIEW, history(lines));

/** The one tool card of a history. */
export const card = (lines: readonly Line[]): ToolItem => {
  const found = view(lines).items.filter((item) => item.kind === "tool");
  expect(found).toHaveLength(1);
  return found[0] as ToolItem;
};

/** What an item says, in short. */
export const told = (item: Item) =>
  item.kind === "text" || item.kind === "thinking"
    ? [item.status, item.text]
    : item.kind === "tool"
      ? [item.status, item.tool, item.output]
      : [item.tone, item.text];

export const calling = (tool: string): Line[] => [
  started,
  ["STEP_SUCCEEDED", "1 model", { output: { toolCalls: [{ id: "call_1", name: tool, arguments: '{"a":1}' }] } }],
];

export const allowed = (tool: string): Line => [
  "STEP_SUCCEEDED",
  "2 policy",
  { output: { tool, allow: true, reason: "role_allows_tool", decisionId: "d" } },
];

/** A run whose call of `fetch`, step 3, has begun. */
export const running: Line[] = [
  ...calling("fetch"),
  allowed("fetch"),
  ["STEP_STARTED", "3 tool", { summary: "Calling fetch" }],
  toolStart("3 tool", "s3", "fetch"),
];

/** Output of that call. */
export const data = (text: string, attempt = 1): Line => [
  "STREAM_DATA",
  "3 tool",
  { stream: "s3", seq: 1, data: text },
  attempt,
];
