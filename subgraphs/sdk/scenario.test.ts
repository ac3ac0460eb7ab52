import { describe, expect, it } from "vitest";
import type { ChatMessage } from "./model-client.ts";
import { answerByScenario, type Scenario, scenarioFaults } from "./scenario.ts";

const scenario: Scenario = {
  rules: [
    {
      when: { question: "refund (?<order>[a-z]-(?<no>\\d+))" },
      call: {
        tool: "find_order",
        args: { id: "{order}", list: ["{no|number}", true], deep: { no: "no {no|number}" } },
      },
    },
    { when: { question: "hello" }, call: { tool: "greet" } },
    { when: { tool: "find_order", result: "paid (?<amount>\\d+)" }, say: "Paid {amount}." },
    { when: { tool: "find_order", question: "refund (?<order>\\S+)" }, say: "{order} is not paid" },
  ],
};
const user = (content: string): ChatMessage => ({ role: "user", content });
const after = (question: string, content: string): ChatMessage[] => [
  user(question),
  { role: "assistant", content: "", toolCalls: [{ id: "c", name: "find_order", arguments: "{}" }] },
  { role: "tool", toolCallId: "c", content },
];
const say = (...messages: ChatMessage[]) => answerByScenario(scenario, { messages });

describe("answerByScenario()", () => {
  it("calls a tool with what the pattern found in the question, as text, or as a number where that is asked", () => {
    const args = { id: "A-17", list: [17, true], deep: { no: "no 17" } };
    expect(say(user("Please REFUND A-17"))).toEqual({ calls: [{ tool: "find_order", args }] });
    expect(say(user("hello"))).toEqual({ calls: [{ tool: "greet", args: {} }] });
  });

  it("says what comes of the last tool's result, whether it is its output, its error or no JSON", () => {
    expect(say(...after("refund a-1", '{"status":"SUCCEEDED","output":"paid 40"}'))).toEqual({ text: "Paid 40." });
    expect(say(...after("refund a-1", "paid 7"))).toEqual({ text: "Paid 7." });
    expect(say(...after("refund a-1", '"paid 8"'))).toEqual({ text: "Paid 8." });
    expect(say(...after("refund a-1", '{"status":"FAILED","error":"away"}'))).toEqual({ text: "a-1 is not paid" });
  });

  it("leaves to others what no rule fits, and begins anew with each question", () => {
    expect(say()).toBeUndefined();
    expect(say(user("what else?"))).toBeUndefined();
    expect(say(...after("refund a-1", "paid 7"), user("hello"))).toEqual({ calls: [{ tool: "greet", args: {} }] });
  });
});

describe("scenarioFaults()", () => {
  it("finds nothing wrong with a good one", () => {
    expect(scenarioFaults(scenario, ["find_order", "greet"])).toEqual([]);
    expect(scenarioFaults(scenario)).toEqual([]);
  });

  it("tells every fault at once, each with its place and what would be right", () => {
    const faults = scenarioFaults(
      {
        rules: [
          { when: { question: "(" }, say: "x" },
          { when: { result: "x" } },
          { when: { tool: "nope" }, call: { tool: "find_order", args: { id: "{order}" } }, say: "{amount}" },
        ],
      },
      ["find_order"],
    );
    expect(faults).toEqual([
      expect.stringContaining("/rules/0 has a when.question that is no regular expression: "),
      "/rules/1 needs either call or say, and not both",
      "/rules/1 has when.result without when.tool, whose result it is",
      "/rules/2 needs either call or say, and not both",
      "/rules/2 names nope, which is no tool; there are find_order",
      "/rules/2 puts in {amount}, {order}, and no pattern of it has such a group (?<name>...)",
    ]);
  });
});
