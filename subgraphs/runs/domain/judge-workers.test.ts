import { describe, expect, it } from "vitest";
import { judgeWorkers, type SeenWorker } from "./judge-workers.ts";

const alive = (workerId: string): SeenWorker => ({
  workerId,
  no: 1,
  isLockFree: false,
  isLeaseOver: false,
  heardAt: "",
  silentMs: 100,
});
const unlocked = (workerId: string, silentMs: number): SeenWorker => ({
  ...alive(workerId),
  isLockFree: true,
  silentMs,
});
const frozen = (workerId: string): SeenWorker => ({ ...alive(workerId), isLeaseOver: true, silentMs: 2_100 });

function judge(others: readonly SeenWorker[], { self = alive("self"), doubted = [] as string[] } = {}) {
  const judgement = judgeWorkers([self, ...others], { workerId: "self", doubted: new Set(doubted) });
  return {
    dead: judgement.dead.map(({ worker, reason }) => `${worker.workerId}: ${reason}`),
    doubted: [...judgement.doubted],
    againMs: judgement.againMs,
  };
}

const NOBODY = { dead: [], doubted: [], againMs: undefined };

describe("judgeWorkers()", () => {
  it("leaves those alone that hold their lock and their lease, and is in no hurry", () => {
    expect(judge([alive("a"), alive("b")])).toEqual(NOBODY);
  });

  it("believes a lock that is free at two looks when its worker was heard in the future", () => {
    expect(judge([unlocked("a", -3_600_000)])).toEqual({ ...NOBODY, doubted: ["a"], againMs: 350 });
    expect(judge([unlocked("a", -3_599_650)], { doubted: ["a"] })).toEqual({ ...NOBODY, dead: ["a: lock_free"] });
    expect(judge([unlocked("a", 10)], { doubted: ["a"] })).toEqual({ ...NOBODY, againMs: 340 });
  });

  it("believes a lock that is free once its worker is silent, and looks again as soon as that may be", () => {
    expect(judge([unlocked("a", 350)])).toEqual({ ...NOBODY, dead: ["a: lock_free"] });
    expect(judge([unlocked("a", 120)])).toEqual({ ...NOBODY, againMs: 230 });
    expect(judge([alive("b"), unlocked("a", 120), alive("c"), unlocked("d", 300)])).toEqual({
      ...NOBODY,
      againMs: 50,
    });
  });

  it("is more patient when more than half look dead at once", () => {
    expect(judge([unlocked("a", 900), unlocked("b", 700)])).toEqual({ ...NOBODY, againMs: 100 });
    expect(judge([unlocked("a", 1_000), unlocked("b", 700), alive("c")]).dead).toEqual([
      "a: lock_free",
      "b: lock_free",
    ]);
    expect(judge([unlocked("a", 1_000), unlocked("b", 700)])).toEqual({
      ...NOBODY,
      dead: ["a: lock_free"],
      againMs: 300,
    });
  });

  it("believes a lease that is over when it sees it twice in a row", () => {
    expect(judge([frozen("a")])).toEqual({ dead: [], doubted: ["a"], againMs: 250 });
    expect(judge([frozen("a")], { doubted: ["a"] })).toEqual({ ...NOBODY, dead: ["a: lease_expired"] });
    expect(judge([alive("a")], { doubted: ["a"] })).toEqual(NOBODY);
  });

  it("judges nobody for one that is not heard itself, has lost its lock, or is not there any more", () => {
    const others = [unlocked("a", 60_000), frozen("b")];
    for (const self of [{ ...alive("self"), silentMs: 1_000 }, unlocked("self", 0), alive("another")])
      expect(judge(others, { self, doubted: ["b"] })).toEqual(NOBODY);
  });
});
