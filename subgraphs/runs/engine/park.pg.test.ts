import { graph, replaced } from "@soma/sdk/graph";
import type { StepContext } from "@soma/sdk/node";
import { wait } from "@soma/sdk/wait";
import { SomaError } from "@soma/shared/errors";
import { transaction } from "@soma/shared/postgres/transaction";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { cancelRun } from "../commands/cancel-run.ts";
import { RUN_STATUS } from "../domain/run-status.ts";
import { requestCancel } from "../store/request-cancel.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";

const HOUR_MS = 3_600_000;
const inHalfAnHour = (_state: unknown, { now }: StepContext): Date => new Date(now().getTime() + HOUR_MS / 2);

const sleeper = graph("sleeper", 1, { told: replaced("") })
  .node("rests", wait(inHalfAnHour))
  .edge("rests", "tells")
  .node("tells", { type: "tool", run: () => ({ summary: "told", patch: { told: "awake" } }) })
  .build((state) => state.told);

/** Parks in a step that has done something already, and tells what it is called with. */
const halfway = graph("halfway", 1, { told: replaced("") })
  .node("asks", {
    type: "tool",
    run(state, context) {
      const { woken, attempt } = context;
      if (woken === undefined)
        return { parkedUntil: inHalfAnHour(state, context), summary: "waits for the other side" };
      return { summary: "heard", patch: { told: `attempt ${attempt}, woken by ${woken.by}` } };
    },
  })
  .build((state) => state.told);

/** Parks when a test lets it. */
const opened = Promise.withResolvers<void>();
const gate = { began: false, open: opened.resolve };
const gated = graph("gated", 1, {})
  .node("rests", {
    type: "tool",
    async run(state, context) {
      gate.began = true;
      await opened.promise;
      return { parkedUntil: inHalfAnHour(state, context), summary: "rests" };
    },
  })
  .build(() => "");

/** What a test lets happen to the service that this graph needs. */
const service = { error: undefined as SomaError | undefined, asked: 0 };
const needy = graph("needy", 1, { told: replaced("") })
  .node("asks", {
    type: "tool",
    // With full jitter: one of 600 waits less than a second, which parks nothing.
    retry: { maxAttempts: 2, initialMs: 600_000, maxMs: 600_000 },
    run() {
      service.asked += 1;
      if (service.error !== undefined) throw service.error;
      return { summary: "answered", patch: { told: "answered" } };
    },
  })
  .build((state) => state.told);

const quick = graph("quick", 1, {})
  .node("only", { type: "tool", run: () => ({ summary: "" }) })
  .build(() => "quick");

describe("a run whose step waits", () => {
  let harness: EngineHarness;
  beforeAll(async () => {
    harness = await createEngineHarness([sleeper, halfway, gated, needy, quick]);
  });
  beforeEach(() => {
    service.error = undefined;
    service.asked = 0;
  });
  afterAll(() => harness.close());

  const parked = (runId: string): Promise<object> =>
    until(`${runId} is parked`, async () => {
      const [row] = await harness.database.owner`
        select worker_id, extract(epoch from available_at - clock_timestamp())::float8 * 1000 as "waitMs", epoch
          from run where run_id = ${runId} and status = ${RUN_STATUS.PARKED.code}`;
      return row;
    });

  const kindsOf = async (runId: string): Promise<string[]> => (await harness.history(runId)).map(({ kind }) => kind);

  it("is parked: nobody owns it, its place is another run's, and it goes on when its time has come", async () => {
    const { life } = await harness.startWorker(1);
    const { runId } = await harness.start({ graph: "sleeper" });
    expect(await parked(runId)).toMatchObject({ worker_id: null, waitMs: expect.closeTo(HOUR_MS / 2, -5) });
    const other = await harness.start({ graph: "quick" });
    expect((await harness.finished(other.runId)).status).toBe(RUN_STATUS.SUCCEEDED.code);
    await harness.skipWait(runId, HOUR_MS / 2);
    expect((await harness.finished(runId)).status).toBe(RUN_STATUS.SUCCEEDED.code);
    expect(await kindsOf(runId)).toEqual([
      ...["RUN_STARTED", "STEP_PARKED", "STEP_WOKEN", "STEP_SUCCEEDED"],
      ...["STEP_STARTED", "STEP_SUCCEEDED", "RUN_SUCCEEDED"],
    ]);
    await life.close();
  });

  it("outlasts the death of every process, and the step goes on in the attempt that parked", async () => {
    const first = await harness.startWorker();
    const { runId } = await harness.start({ graph: "halfway" });
    await parked(runId);
    await first.kill();
    await harness.skipWait(runId, HOUR_MS / 2);
    const second = await harness.startWorker();
    await harness.finished(runId);
    expect((await harness.history(runId)).at(-1)?.payload).toEqual({ answer: "attempt 1, woken by TIME" });
    expect((await harness.find(runId))?.recoveries).toBe(0);
    await second.life.close();
  });

  it("is canceled at once while it is parked", async () => {
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "sleeper" });
    await parked(runId);
    await cancelRun(harness.database.request, aPrincipal(), { runId, reason: "enough", idempotencyKey: "c" });
    expect((await harness.finished(runId)).status).toBe(RUN_STATUS.CANCELED.code);
    // Whoever follows its steps is told of the end of each.
    expect((await kindsOf(runId)).slice(1)).toEqual(["STEP_PARKED", "STEP_CANCELED", "RUN_CANCELED"]);
    await life.close();
  });

  it("is canceled although the request was not yet committed when the entry that parks came", async () => {
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "gated" });
    await until("the step began", () => gate.began);
    await transaction(harness.database.owner, {}, async (tx) => {
      await requestCancel(tx, { runId, reason: "enough" });
      gate.open();
      await until("the entry that parks waits for the request", async () => {
        const waiting = await tx`select from pg_locks where not granted and locktype in ('transactionid', 'tuple')`;
        return waiting.length > 0;
      });
    });
    expect((await harness.finished(runId)).status).toBe(RUN_STATUS.CANCELED.code);
    expect(await kindsOf(runId)).toContain("STEP_PARKED");
    await life.close();
  });

  it("waits for the next attempt parked, as long as a policy or a provider says, and counts what its history tells", async () => {
    const { life } = await harness.startWorker();
    service.error = new SomaError("MODEL_FAILED", "it failed");
    const { runId } = await harness.start({ graph: "needy" });
    await until("the first attempt failed", () => service.asked === 1);
    const row = await parked(runId);
    expect(row).toMatchObject({ worker_id: null });
    await life.close();
    const second = await harness.startWorker();
    await harness.skipWait(runId, HOUR_MS / 2);
    expect((await harness.finished(runId)).status).toBe(RUN_STATUS.FAILED.code);
    expect(service.asked).toBe(2);

    service.error = Object.assign(new SomaError("MODEL_FAILED", "too busy"), { retryAfterMs: HOUR_MS / 3 });
    const busy = await harness.start({ graph: "needy" });
    expect(await parked(busy.runId)).toMatchObject({ waitMs: expect.closeTo(HOUR_MS / 3, -5) });
    service.error = undefined;
    await harness.skipWait(busy.runId, HOUR_MS / 2);
    expect((await harness.finished(busy.runId)).status).toBe(RUN_STATUS.SUCCEEDED.code);
    await second.life.close();
  });

  it("outlasts an outage of hours of what its step needs, within its deadline", async () => {
    service.error = new SomaError("UPSTREAM_UNAVAILABLE", "the model cannot be reached");
    const { runId } = await harness.start({ graph: "needy" });
    await harness.database.owner`update run set deadline = deadline + interval '1 day' where run_id = ${runId}`;
    const { life } = await harness.startWorker();
    const retried = async () => (await kindsOf(runId)).filter((kind) => kind === "STEP_RETRIED").length;
    for (let tries = 1; tries <= 20; tries += 1) {
      await until(`attempt ${tries} failed`, async () => (await retried()) >= tries);
      await harness.skipWait(runId, HOUR_MS / 2);
    }
    service.error = undefined;
    await harness.skipWait(runId, HOUR_MS / 2);
    expect((await harness.finished(runId)).status).toBe(RUN_STATUS.SUCCEEDED.code);
    await life.close();
  });

  it("waits no longer than its deadline, and begins nothing after it", async () => {
    const { runId } = await harness.start({ graph: "sleeper" });
    await harness.database.owner`update run set deadline = created_at + interval '1 minute' where run_id = ${runId}`;
    const { life } = await harness.startWorker();
    expect(await parked(runId)).toMatchObject({ waitMs: expect.closeTo(60_000, -4) });
    await harness.skipWait(runId, 60_000);
    expect((await harness.finished(runId)).status).toBe(RUN_STATUS.CANCELED.code);
    const events = await harness.history(runId);
    expect(events.at(-1)?.payload).toEqual({ reason: "the run reached its deadline" });
    expect(events.map(({ kind }) => kind)).not.toContain("STEP_WOKEN");
    await life.close();
  });
});
