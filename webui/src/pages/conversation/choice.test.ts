import { describe, expect, it } from "vitest";
import { runOf } from "../../../testing/runs.ts";
import { agentFor, parseChoice, readyText, withChoice } from "./choice.ts";

const NONE = { agent: "", role: "", model: "" };

describe("a choice", () => {
  it("parseChoice() reads of an address what is chosen, and withChoice() puts it there beside what else stands in it", () => {
    const choice = { agent: "researcher", role: "", model: "big one" };
    expect(withChoice("?view=chat&role=reader", choice)).toBe("?view=chat&agent=researcher&model=big+one");
    expect(parseChoice("?view=chat&agent=researcher&model=big+one")).toEqual(choice);
    expect(withChoice("?agent=researcher", NONE)).toBe("");
    expect(parseChoice("")).toEqual(NONE);
  });

  it("readyText() reads the question that an address has ready, unless it is too long or hides something", () => {
    expect(readyText("?role=reader&text=run+code%3A%0A1")).toBe("run code:\n1");
    expect(["", "?text=a%E2%80%AEb", `?text=${"x".repeat(2_001)}`].map(readyText)).toEqual(["", "", ""]);
  });

  it.each([
    ["the one that is chosen", { ...NONE, agent: "researcher" }, runOf(1), "researcher"],
    ["the one that was asked last", NONE, runOf(1, { graph: "poet" }), "poet"],
    ["the assistant in a new conversation", NONE, undefined, "assistant"],
    ["the assistant after one that takes no words", NONE, runOf(1, { graph: "sum", input: { n: 1 } }), "assistant"],
    [
      "the assistant after what was erased",
      NONE,
      runOf(1, { graph: "poet", input: { "soma:erased": true } }),
      "assistant",
    ],
  ])("agentFor() takes %s", (_name, choice, newest, agent) => expect(agentFor(choice, newest)).toBe(agent));
});
