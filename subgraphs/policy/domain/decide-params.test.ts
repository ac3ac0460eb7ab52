import { newId } from "@soma/shared/ids";
import { describe, expect, it } from "vitest";
import { checkDecideParams, type DecideParams, isStepId, parseArgs } from "./decide-params.ts";

function someParams(changes: Partial<DecideParams> = {}): DecideParams {
  return {
    tool: "clock",
    toolVersion: "1",
    risk: "low",
    args: {},
    role: "assistant",
    idempotencyKey: "key",
    ...changes,
  };
}

describe("checkDecideParams()", () => {
  it("takes texts up to their limits, in any script", () => {
    checkDecideParams(someParams());
    checkDecideParams(
      someParams({
        tool: "\u6642\u8a08".repeat(50),
        idempotencyKey: "k".repeat(200),
        runId: newId(),
        stepId: `${newId()}.1`,
      }),
    );
    checkDecideParams(someParams({ runId: null, stepId: null }));
  });

  it.each<[Partial<DecideParams>, string]>([
    [{ tool: "" }, "tool has 0 characters"],
    [{ toolVersion: "1".repeat(101) }, "toolVersion has 101 characters; it needs 1 to 100"],
    [{ idempotencyKey: "k".repeat(201) }, "the idempotency key has 201 characters; it needs 1 to 200"],
    [{ idempotencyKey: "a\u0000b" }, "the idempotency key holds NUL"],
    [{ role: "a\u0000b" }, "role holds NUL"],
    [{ toolVersion: "\ud800" }, "toolVersion holds NUL or half a surrogate pair"],
    [{ runId: "run-1" }, 'run id "run-1" is not a UUID'],
    [{ stepId: "s".repeat(61) }, "the step id has 61 characters"],
    [{ stepId: "\u0000" }, "none that is NUL"],
  ])("refuses %j", (changes, message) => {
    expect(() => checkDecideParams(someParams(changes))).toThrow(
      expect.objectContaining({ code: "BAD_INPUT", message: expect.stringContaining(message) }),
    );
  });
});

describe("parseArgs()", () => {
  it("digests without regard to the order of names, and takes absent arguments as null", () => {
    expect(parseArgs({ a: 1, b: 2 }).argsDigest).toBe(parseArgs({ b: 2, a: 1 }).argsDigest);
    expect(parseArgs({ a: 1 }).argsDigest).not.toBe(parseArgs({ a: "1" }).argsDigest);
    expect(parseArgs(undefined)).toEqual(parseArgs(null));
  });

  it.each([
    ["a number that is not finite", "1e999"],
    ["half a surrogate pair", '"\\ud800"'],
    ["a depth of 200 000", "[".repeat(200_000) + "]".repeat(200_000)],
  ])("refuses %s", (_what, text) => {
    expect(() => parseArgs(JSON.parse(text))).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
  });
});

describe("isStepId()", () => {
  it("is true for what a step could be called", () => {
    expect([`${newId()}.12`, "s".repeat(60), "s".repeat(61), "a\u0000"].map(isStepId)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
