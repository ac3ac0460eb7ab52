import { expect, test } from "vitest";
import { readStepOutput, type StepOutput } from "./step-output.ts";

const NOTHING: StepOutput = { toolCalls: [], decision: null, tool: null, status: null, output: null, error: null };

test.each<[string, unknown, Partial<StepOutput>]>([
  ["no output", null, {}],
  ["an output that is no object", ["a"], {}],
  ["fields of other types", { tool: 1, status: null, output: {}, error: [], toolCalls: "x", allow: "yes" }, {}],
  [
    "the calls of a model",
    { toolCalls: [{ id: "c", name: "clock", arguments: "{}" }, { name: 7 }, null] },
    {
      toolCalls: [
        { name: "clock", args: "{}" },
        { name: "", args: "" },
        { name: "", args: "" },
      ],
    },
  ],
  [
    "a decision",
    { tool: "clock", allow: true, reason: "r" },
    { tool: "clock", decision: { tool: "clock", allow: true, reason: "r" } },
  ],
  [
    "a decision without its words",
    { allow: false },
    { decision: { tool: "tool", allow: false, reason: "no reason was recorded" } },
  ],
  [
    "how a tool ended",
    { tool: "clock", status: "FAILED", output: "o", error: "e" },
    { tool: "clock", status: "FAILED", output: "o", error: "e" },
  ],
])("readStepOutput() takes %s", (_, output, expected) => {
  expect(readStepOutput(output)).toEqual({ ...NOTHING, ...expected });
});
