import { describe, expect, it } from "vitest";
import { RUN_STATUS } from "./run-status.ts";
import { countToll, type HeldRun, type SeenRun } from "./worker-death.ts";

const diedAt = new Date("2026-11-27T10:00:00.000Z");
const after = (ms: number): Date => new Date(diedAt.getTime() + ms);
const held = (runId: string): HeldRun => ({ runId, tenant: "acme", epoch: 1, headSeq: 4, headHash: "four" });
const seen = (runId: string, changes: Partial<SeenRun> = {}): SeenRun => ({
  runId,
  status: RUN_STATUS.RUNNING.code,
  headHash: "four",
  backAt: null,
  twice: 0,
  ...changes,
});
const toll = (now: Date, ...runs: [HeldRun, SeenRun | undefined][]) =>
  countToll({ diedAt, now, held: runs.map(([run]) => run), seen: runs.flatMap(([, found]) => found ?? []) });

describe("countToll()", () => {
  it("has nothing to count where nothing was in hand", () => {
    expect(toll(after(0))).toEqual({ waiting: 0, lost: 0, repeated: 0, backAfterMs: null });
  });

  it("waits half a minute for a run to go on, and then says that it is lost", () => {
    const run: [HeldRun, SeenRun] = [held("a"), seen("a", { status: RUN_STATUS.READY.code })];
    expect(toll(after(30_000), run)).toMatchObject({ waiting: 1, lost: 0 });
    expect(toll(after(30_001), run)).toMatchObject({ waiting: 0, lost: 1 });
  });

  it("tells after how long the first of the runs went on, and never that it was before the death", () => {
    const runs = [700, 512].map((ms): [HeldRun, SeenRun] => [held(`${ms}`), seen(`${ms}`, { backAt: after(ms) })]);
    expect(toll(after(60_000), ...runs)).toEqual({ waiting: 0, lost: 0, repeated: 0, backAfterMs: 512 });
    expect(toll(after(0), [held("a"), seen("a", { backAt: after(-3) })]).backAfterMs).toBe(0);
  });

  it.each(["PARKED", "WAITING_APPROVAL", "PAUSED", "SUCCEEDED", "FAILED", "CANCELED"] as const)(
    "does not wait for a run that is %s, as its worker had just recorded that",
    (status) => {
      const run = seen("a", { status: RUN_STATUS[status].code });
      expect(toll(after(60_000), [held("a"), run])).toMatchObject({ waiting: 0, lost: 0, backAfterMs: null });
    },
  );

  it("counts a run that is gone, and one whose newest event of then is gone or another one, as lost at once", () => {
    const back = { backAt: after(400) };
    expect(toll(after(500), [held("a"), undefined])).toMatchObject({ lost: 1 });
    expect(toll(after(500), [held("a"), seen("a", { ...back, headHash: null })])).toMatchObject({ lost: 1 });
    expect(toll(after(500), [held("a"), seen("a", { ...back, headHash: "other" })])).toMatchObject({ lost: 1 });
  });

  it("adds up the steps that ended twice", () => {
    const runs = [1, 2].map((twice): [HeldRun, SeenRun] => [held(`${twice}`), seen(`${twice}`, { twice })]);
    expect(toll(after(500), ...runs).repeated).toBe(3);
  });
});
