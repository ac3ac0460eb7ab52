import { describe, expect, it } from "vitest";
import { EVENT_STATUS, endingOfAbandoned, endingOfLost, MAX_ATTEMPTS, toEnding } from "./invocation.ts";

describe("toEnding()", () => {
  it("names the end of invocation and stream for each outcome", () => {
    const table = [
      [{ kind: "OK" }, "SUCCEEDED", "OK", null],
      [{ kind: "TRUNCATED" }, "TRUNCATED", "TRUNCATED", null],
      [{ kind: "CANCELED" }, "CANCELED", "CANCELED", "canceled"],
      [{ kind: "TIMEOUT", limitMs: 30 }, "TIMED_OUT", "TIMEOUT", "timeout"],
      [{ kind: "DISK_FULL" }, "FAILED", "ERROR", "disk_full"],
      [{ kind: "ERROR", type: "bad_expression", message: "no" }, "FAILED", "ERROR", "bad_expression"],
    ] as const;
    for (const [outcome, status, stream, type] of table) {
      const ending = toEnding(outcome);
      expect([ending.status, ending.stream, ending.error?.type ?? null]).toEqual([status, stream, type]);
    }
    expect(toEnding({ kind: "TIMEOUT", limitMs: 30 }).error?.message).toContain("30 ms");
  });
});

describe("endingOfLost()", () => {
  const lost = { effect: "pure", lives: 1, cancelRequested: false };

  it("lets pure and idempotent tools run again", () => {
    expect(endingOfLost(lost)).toBeUndefined();
    expect(endingOfLost({ ...lost, effect: "idempotent", lives: MAX_ATTEMPTS - 1 })).toBeUndefined();
  });

  it("leaves an at-most-once tool unknown, which its event calls failed with unknown_outcome", () => {
    const ending = endingOfLost({ ...lost, effect: "at_most_once", cancelRequested: true });
    expect(ending).toMatchObject({ status: "UNKNOWN", stream: "INTERRUPTED", error: { type: "unknown_outcome" } });
    expect(EVENT_STATUS.UNKNOWN).toBe("failed");
  });

  it("cancels what somebody wanted stopped", () => {
    expect(endingOfLost({ ...lost, cancelRequested: true })).toMatchObject({
      status: "CANCELED",
      stream: "INTERRUPTED",
    });
  });

  it("gives up a tool that took down its executor each time", () => {
    expect(endingOfLost({ ...lost, lives: MAX_ATTEMPTS })).toMatchObject({
      status: "FAILED",
      error: { type: "executor_lost" },
    });
  });
});

describe("endingOfAbandoned()", () => {
  it("fails what had no effect, and does not know about what may have had one", () => {
    expect(endingOfAbandoned("pure")).toMatchObject({
      status: "FAILED",
      stream: "INTERRUPTED",
      error: { type: "executor_lost" },
    });
    expect(endingOfAbandoned("idempotent")).toMatchObject({
      status: "UNKNOWN",
      stream: "INTERRUPTED",
      error: { type: "unknown_outcome" },
    });
  });
});
