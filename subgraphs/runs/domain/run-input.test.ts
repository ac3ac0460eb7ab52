import { Type } from "@soma/sdk/define-tool";
import { graph, replaced } from "@soma/sdk/graph";
import { describe, expect, it } from "vitest";
import { RUN_ID } from "../testing/events.ts";
import { parsePriority, parseRunInput, parseSessionId } from "./run-input.ts";

const chat = { name: "chat", begin: undefined, inputSchema: undefined };

describe("input of a run", () => {
  it.each([
    ["null", null, /object/],
    ["a list", [], /object/],
    ["no text", {}, /has no text/],
    ["a blank text", { text: " \n" }, /has no text/],
    ["a text that is too long", { text: "é".repeat(16_385) }, /32770 bytes/],
    ["too much beside the text", { text: "x", more: "y".repeat(70_000) }, /at most 65536/],
  ])("refuses %s", (_what, input, message) => {
    expect(() => parseRunInput(input, chat)).toThrow(message);
  });

  it("takes what fits, a session's UUID or none, and keys of 1 to 200 characters", () => {
    expect(parseRunInput({ text: "é".repeat(16_384) }, chat)).toBeDefined();
    expect([parseSessionId(null), parseSessionId(undefined), parseSessionId(RUN_ID)]).toEqual([
      undefined,
      undefined,
      RUN_ID,
    ]);
    expect(() => parseSessionId("x")).toThrow(/not a UUID/);
  });

  it("takes a whole number from -4 to 4 as a priority", () => {
    expect([undefined, null, -4, 4].map(parsePriority)).toEqual([0, 0, -4, 4]);
    for (const wrong of [5, -5, 0.5, Number.NaN])
      expect(() => parsePriority(wrong)).toThrow(`priority ${wrong} is not a whole number, -4 to 4`);
  });

  it("is not what an erased one is replaced by", () => {
    expect(() => parseRunInput({ "soma:erased": true }, { ...chat, begin: () => ({}) })).toThrow(
      'the input {"soma:erased":true} is what an erased one is replaced by',
    );
  });

  it("is what its graph can begin with, where the graph says so", () => {
    const begin = ({ amount }: { amount?: unknown }) => {
      if (typeof amount !== "number") throw new Error("amount is not a number");
      return { amount };
    };
    const refund = graph("refund", 1, { amount: replaced(0) }, { begin })
      .node("pay", { type: "tool", run: () => ({ summary: "" }) })
      .build(() => "");
    expect(parseRunInput({ amount: 3 }, refund)).toEqual({ amount: 3 });
    const throwsText = () => {
      throw "no amount";
    };
    expect(() => parseRunInput({}, { ...chat, name: "odd", begin: throwsText })).toThrow(
      "graph odd does not take this input: no amount",
    );
    expect(() => parseRunInput({ text: "x" }, refund)).toThrow(
      "graph refund does not take this input: amount is not a number",
    );
  });

  it("fits what its graph declares, and each fault is told at its place", () => {
    const input = Type.Object({ amount: Type.Number(), to: Type.Object({ name: Type.String() }) });
    const pay = graph("pay", 1, {}, { input })
      .node("pay", { type: "tool", run: () => ({ summary: "" }) })
      .build(() => "");
    expect(parseRunInput({ amount: 3, to: { name: "ada" } }, pay)).toBeDefined();
    const faulty = expect.objectContaining({
      code: "BAD_INPUT",
      message: "graph pay does not take this input: /amount must be number; /to/name is required",
      details: {
        faults: [
          { path: "/amount", message: "must be number" },
          { path: "/to/name", message: "is required" },
        ],
      },
    });
    expect(() => parseRunInput({ amount: "3", to: {} }, pay)).toThrow(faulty);
    expect(() => parseRunInput({}, chat)).toThrow(expect.objectContaining({ faults: [expect.anything()] }));
  });
});
