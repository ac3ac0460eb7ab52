import { describe, expect, it } from "vitest";
import { approval } from "./approval.ts";
import { askModel, callTools } from "./ask-model.ts";
import { callTool } from "./call-tool.ts";
import type { ChatMessage } from "./model-client.ts";
import type { NodeSpec } from "./node.ts";
import { runAgent } from "./run-agent.ts";
import { TEST_RUN } from "./testing/step.ts";
import { wait, waitForSignal } from "./wait.ts";

const done = () => ({ summary: "" });
const toolCalls = [{ id: "call_1", name: "find", arguments: "{}" }];
const state = { talk: [{ role: "assistant", content: "", toolCalls }] as ChatMessage[] };
type State = typeof state;

const SAID: readonly (readonly [string, NodeSpec<State>])[] = [
  ["Waiting for a person to decide", approval<State>({ ask: () => ({ question: "May I?" }), approved: done })],
  ["Asking the model", askModel<State>({ into: () => ({}) })],
  ["Calling find", callTools<State>()],
  ["Calling search", callTool<State>("search", { args: () => ({}), into: () => ({}) })],
  ["Waiting for the agent helper", runAgent<State>({ graph: "helper", input: () => ({}), done })],
  ["Waiting", wait<State>(() => new Date(0))],
  ["Waiting for the signal paid", waitForSignal<State>("paid", { heard: done })],
];

describe("NodeSpec.summary of the kinds there are", () => {
  it("says what a step is about to do, while it does it", () => {
    expect(SAID.map(([, node]) => node.summary?.(state))).toEqual(SAID.map(([said]) => said));
    expect(callTools().summary?.({ talk: [] })).toBe("Calling nothing");
  });

  it("says of a question to the model its size, and never its words", () => {
    const node = askModel<State>({ tools: ["find"], instructions: "Secret.", into: () => ({}) });
    expect(node.inputSummary?.(state, TEST_RUN)).toMatch(/^profile scripted, \d messages$/);
  });
});

describe("waitForSignal()", () => {
  it("refuses the name of a signal that nobody could send", () => {
    expect(() => waitForSignal("Paid!", { heard: done })).toThrow('the signal name "Paid!" is not 1 to 64');
  });
});
