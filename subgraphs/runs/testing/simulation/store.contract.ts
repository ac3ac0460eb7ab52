import { payloadText } from "@soma/schemas/run-chain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chain } from "../../domain/chain.ts";
import type { HistoryEvent } from "../../domain/history.ts";
import { RUN_STATUS } from "../../domain/run-status.ts";
import { childName } from "../../domain/wait-names.ts";
import type { RunRecords } from "../../engine/execute/run-records.ts";
import type { Commits } from "../../engine/journal/commits.ts";
import type { ClaimedRun } from "../../store/claim-runs.ts";
import type { BatchRow, RunWait } from "../../store/commit-batch.ts";
import type { Ownership } from "../../store/find-owned-runs.ts";

/** A store of runs as the contract asks it; runs are of any one graph. */
export interface StoreUnderTest {
  start(): Promise<string>;
  live(): Promise<StoreLife>;
  startChild(life: StoreLife, run: ClaimedRun, call: number): Promise<string>;
  signal(runId: string, name: string): Promise<void>;
  decide(runId: string, name: string): Promise<void>;
  cancel(runId: string, reason: string): Promise<void>;
  pause(runId: string, pause: boolean): Promise<void>;
  status(runId: string): Promise<number>;
  close(): Promise<void>;
}

/** One life of a worker. */
export interface StoreLife {
  ports: Commits & RunRecords;
  /** All that is due. */
  claim(): Promise<ClaimedRun[]>;
  release(run: Ownership): Promise<unknown>;
  isTakenOver(): Promise<unknown>;
}

const { SUCCEEDED, PARKED, PAUSED } = RUN_STATUS;
const NEVER: RunWait = { ms: null, signal: null };

/** What every store of runs does that an engine commits to. */
export function storeContract(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`runs in ${name}`, () => {
    let store: StoreUnderTest;
    beforeAll(async () => {
      store = await create();
    });
    afterAll(() => store.close());

    async function begun(): Promise<{ life: StoreLife; run: ClaimedRun; head: HistoryEvent }> {
      const runId = await store.start();
      const life = await store.live();
      return { life, ...(await claimed(life, runId)) };
    }

    async function claimed(life: StoreLife, runId: string): Promise<{ run: ClaimedRun; head: HistoryEvent }> {
      const run = (await life.claim()).find((each) => each.runId === runId);
      if (run === undefined) throw new Error(`run ${runId} is not due`);
      const head = (await life.ports.readEvents(run)).at(-1);
      if (head === undefined) throw new Error(`run ${runId} has no history`);
      return { run, head };
    }

    const isDue = async (runId: string): Promise<boolean> =>
      (await (await store.live()).claim()).some((each) => each.runId === runId);

    async function parked(wait: RunWait): Promise<{ life: StoreLife; runId: string }> {
      const { life, run, head } = await begun();
      await life.ports.commit([aRow(run, head, { status: PARKED.code, wait })]);
      return { life, runId: run.runId };
    }

    it("takes rows of an owner, as one, and tells what is asked of their runs", async () => {
      const { life, run, head } = await begun();
      const other = await begun();
      await store.cancel(run.runId, "enough");
      const first = aRow(run, head);
      const rows = [first, aRow(run, first.event)];
      expect(await life.ports.commit(rows)).toEqual(new Map([[run.runId, 1]]));
      const otherRows = [aRow(other.run, other.head)];
      expect(await other.life.ports.commit(otherRows)).toEqual(new Map([[other.run.runId, 0]]));
      expect((await life.ports.readEvents({ ...run, epoch: 2 })).map(({ seq }) => seq)).toEqual([1, 2, 3]);
      expect(await life.ports.readCancelReason(run)).toBe("enough");
    });

    it("refuses rows of an earlier ownership, beside those of others", async () => {
      const { life, run, head } = await begun();
      await life.release(run);
      const again = await claimed(life, run.runId);
      expect(again.run.epoch).toBeGreaterThan(run.epoch);
      // Nor is a later one let go of with it.
      await life.release(run);
      const fresh = await begun();
      expect(await life.ports.commit([aRow(run, head)])).toEqual(new Map());
      expect(await fresh.life.ports.commit([aRow(run, head), aRow(fresh.run, fresh.head)])).toEqual(
        new Map([[fresh.run.runId, 0]]),
      );
      expect(await life.ports.readEvents(again.run)).toHaveLength(1);
      expect(await life.ports.commit([aRow(again.run, head)])).toEqual(new Map([[run.runId, 0]]));
    });

    it("refuses rows of a life that was taken over, and gives it no more runs", async () => {
      const { life, run, head } = await begun();
      await life.isTakenOver();
      expect(await life.ports.commit([aRow(run, head)])).toEqual(new Map());
      await expect(life.ports.together("acme", async () => aRow(run, head))).rejects.toThrow(
        "belongs to another worker",
      );
      expect(await life.claim()).toEqual([]);
      const next = await claimed(await store.live(), run.runId);
      expect(next.run).toMatchObject({ recoveries: 1, epoch: run.epoch + 2 });
    });

    it("takes nothing of a batch that has a row which is there already", async () => {
      const { life, run, head } = await begun();
      const row = aRow(run, head);
      await life.ports.commit([row]);
      await expect(life.ports.commit([row, aRow(run, row.event)])).rejects.toMatchObject({ code: "23505" });
      expect(await life.ports.readEvents({ ...run, epoch: 2 })).toHaveLength(2);
    });

    it("tells after a lost answer which rows are there, and what is asked of their runs", async () => {
      const { life, run, head } = await begun();
      const row = aRow(run, head);
      const next = aRow(run, row.event);
      await life.ports.commit([row]);
      await store.cancel(run.runId, "");
      const another = aRow(run, head, { summary: "another one" });
      expect(await life.ports.find([row, next])).toEqual(new Map([[row, 1]]));
      expect(await life.ports.find([another])).toEqual(new Map());
    });

    it("commits a row with what is done before it, or neither", async () => {
      const { life, run, head } = await begun();
      expect(await life.ports.together("acme", async () => aRow(run, head))).toBe(0);
      const refused = life.ports.together("acme", async () => Promise.reject(new Error("it was not done")));
      await expect(refused).rejects.toThrow("it was not done");
      expect(await life.ports.readEvents({ ...run, epoch: 2 })).toHaveLength(2);
    });

    it("takes nothing after the end of a run", async () => {
      const { life, run, head } = await begun();
      const end = aRow(run, head, { status: SUCCEEDED.code });
      await life.ports.commit([end]);
      expect(await store.status(run.runId)).toBe(SUCCEEDED.code);
      expect(await life.ports.commit([aRow(run, end.event)])).toEqual(new Map());
      expect(await isDue(run.runId)).toBe(false);
    });

    it("gives a run that waits to nobody before its time", async () => {
      expect(await isDue((await parked({ ms: 3_600_000, signal: null })).runId)).toBe(false);
      expect(await isDue((await parked({ ms: 0, signal: null })).runId)).toBe(true);
    });

    it("makes a run due that waits for a signal which comes, or had come meanwhile", async () => {
      const { runId, life } = await parked({ ms: null, signal: { name: "go", seen: 0 } });
      await store.signal(runId, "other");
      expect(await isDue(runId)).toBe(false);
      await store.signal(runId, "go");
      expect(await isDue(runId)).toBe(true);
      const found = await life.ports.findSignal({ runId, name: "go", heard: [] });
      expect(found).toMatchObject({ seen: 2, signal: { no: 2, name: "go" } });
      expect(await life.ports.findSignal({ runId, name: "go", heard: [2] })).toEqual({ seen: 2, signal: undefined });
      const late = await begun();
      await store.signal(late.run.runId, "go");
      const wait = { ms: null, signal: { name: "go", seen: 0 } };
      await late.life.ports.commit([aRow(late.run, late.head, { status: PARKED.code, wait })]);
      expect(await isDue(late.run.runId)).toBe(true);
    });

    it("makes a run due that is canceled while it waits, and the runs it has started", async () => {
      const { life, run, head } = await begun();
      const childId = await store.startChild(life, run, 0);
      expect(await store.startChild(life, run, 0)).toBe(childId);
      await life.ports.commit([aRow(run, head, { status: PARKED.code, wait: NEVER })]);
      await store.cancel(run.runId, "enough");
      const due = await (await store.live()).claim();
      const controls = due
        .filter(({ runId }) => runId === run.runId || runId === childId)
        .map(({ control }) => control);
      expect(controls).toEqual([1, 1]);
    });

    it("lets a run rest while it is paused, and go on when it is not", async () => {
      const { life, run, head } = await begun();
      await store.pause(run.runId, true);
      expect(await life.ports.commit([aRow(run, head, { status: PAUSED.code, wait: NEVER })])).toEqual(
        new Map([[run.runId, 2]]),
      );
      expect(await isDue(run.runId)).toBe(false);
      await store.pause(run.runId, false);
      expect(await isDue(run.runId)).toBe(true);
    });

    it("has one decision for a question, by whoever comes first", async () => {
      const { life, run } = await begun();
      const { runId, tenant } = run;
      const expire = (name: string) => life.ports.expireQuestion({ runId, tenant, name });
      const expired = await expire("approval:1.0");
      expect(expired).toMatchObject({ payload: { approved: null }, sentBy: "engine" });
      expect(await expire("approval:1.0")).toEqual(expired);
      await store.decide(runId, "approval:2.0");
      expect(await expire("approval:2.0")).toMatchObject({ payload: { approved: true } });
    });

    it("tells a run how one ended that it had started, and lets none go on without it", async () => {
      const { life, run, head } = await begun();
      const ends = await store.startChild(life, run, 0);
      const goesOn = await store.startChild(life, run, 1);
      const other = await store.live();
      const due = await other.claim();
      const child = due.find(({ runId }) => runId === ends) as ClaimedRun;
      const [first] = await other.ports.readEvents(child);
      await other.ports.commit([aRow(child, first as HistoryEvent, { status: SUCCEEDED.code, summary: "found" })]);
      const { signal } = await life.ports.findSignal({ runId: run.runId, name: childName(ends), heard: [] });
      expect(signal?.payload).toMatchObject({ runId: ends, status: "SUCCEEDED", summary: "found" });
      await life.ports.commit([aRow(run, head, { status: SUCCEEDED.code })]);
      const still = due.find(({ runId }) => runId === goesOn) as ClaimedRun;
      const [begin] = await other.ports.readEvents(still);
      expect(await other.ports.commit([aRow(still, begin as HistoryEvent)])).toEqual(new Map([[goesOn, 1]]));
    });
  });
}

/** The next entry of a run's history. */
function aRow(
  { runId, epoch }: ClaimedRun,
  { seq, hash }: HistoryEvent,
  { status = null, wait, summary = "" }: { status?: number | null; wait?: RunWait; summary?: string } = {},
): BatchRow {
  const payload = { summary };
  const place = { runId, seq: seq + 1, at: new Date("2026-01-01"), kind: "STEP_STARTED" as const, payload };
  const event = chain(hash, { ...place, step: 1, node: "only", nodeType: "tool", attempt: 1 });
  return { event, text: payloadText(payload), values: [], epoch, status, wait };
}
