import { graph, replaced } from "@soma/sdk/graph";
import { waitForSignal } from "@soma/sdk/wait";
import { newId } from "@soma/shared/ids";
import { transaction } from "@soma/shared/postgres/transaction";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cancelRun } from "../commands/cancel-run.ts";
import { pauseRun } from "../commands/pause-run.ts";
import { signalRun } from "../commands/signal-run.ts";
import { RUN_STATUS } from "../domain/run-status.ts";
import { MAX_SIGNALS } from "../domain/signal-input.ts";
import { appendSignal } from "../store/append-signal.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";

const HOUR_MS = 3_600_000;

/** Waits twice for the same signal, and tells what it heard. */
const listener = graph("listener", 1, { first: replaced(""), second: replaced("") })
  .node(
    "one",
    waitForSignal("paid", {
      heard: ({ payload, sentBy }) => ({ summary: "", patch: { first: `${sentBy} ${payload}` } }),
    }),
  )
  .edge("one", "two")
  .node("two", waitForSignal("paid", { heard: ({ payload }) => ({ summary: "", patch: { second: `${payload}` } }) }))
  .build((state) => `${state.first}, ${state.second}`);

const impatient = graph("impatient", 1, { told: replaced("") })
  .node(
    "asks",
    waitForSignal("paid", {
      until: (_state, { now }) => new Date(now().getTime() + HOUR_MS / 2),
      heard: () => ({ summary: "", patch: { told: "heard" } }),
      late: () => ({ summary: "", patch: { told: "late" } }),
    }),
  )
  .build((state) => state.told);

const gate = { began: 0, open: Promise.withResolvers<void>() };
const slow = graph("slow", 1, { steps: replaced(0) })
  .node("work", {
    type: "tool",
    async run(state) {
      gate.began += 1;
      if (gate.began === 1) await gate.open.promise;
      return { summary: "", patch: { steps: state.steps + 1 } };
    },
  })
  .node("end", { type: "branch", pure: true, run: () => ({ summary: "" }) })
  .when("work", ["work", "end"], (state) => (state.steps < 3 ? "work" : "end"))
  .build((state) => `${state.steps} steps`);

let harness: EngineHarness;
beforeAll(async () => {
  harness = await createEngineHarness([listener, impatient, slow]);
});
afterAll(() => harness.close());

const send = (runId: string, payload: unknown, more: { name?: string; idempotencyKey?: string } = {}) =>
  signalRun(harness.database.request, aPrincipal(), { runId, name: "paid", payload, idempotencyKey: newId(), ...more });
const statusIs = (runId: string, status: number) =>
  until(`${runId} has status ${status}`, async () => (await harness.find(runId))?.status === status);
const answerOf = async (runId: string): Promise<unknown> => {
  await harness.finished(runId);
  return (await harness.history(runId)).at(-1)?.payload;
};

describe("a run that waits for a signal", () => {
  it("hears each in its order, those that came before it waited too, and in any process", async () => {
    const { runId } = await harness.start({ graph: "listener" });
    await send(runId, 1);
    await send(runId, "noise", { name: "other" });
    const first = await harness.startWorker();
    await statusIs(runId, RUN_STATUS.PARKED.code);
    expect((await harness.history(runId)).map(({ kind }) => kind)).toEqual([
      ...["RUN_STARTED", "STEP_PARKED", "STEP_WOKEN", "STEP_SUCCEEDED", "STEP_PARKED"],
    ]);
    await first.kill();
    await send(runId, 2);
    const second = await harness.startWorker();
    expect(await answerOf(runId)).toEqual({ answer: "user:ada 1, 2" });
    await second.life.close();
  });

  it("is not woken by another signal, and goes on when its time is over", async () => {
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "impatient" });
    await statusIs(runId, RUN_STATUS.PARKED.code);
    await send(runId, 1, { name: "other" });
    const [row] = await harness.database.owner`select available_at > clock_timestamp() + interval '20 minutes' as waits,
      waits_for, signals from run where run_id = ${runId}`;
    expect(row).toEqual({ waits: true, waits_for: "paid", signals: 1 });
    // Woken before its time, as by a clock that is ahead: it waits on.
    await harness.database
      .owner`update run set available_at = clock_timestamp(), epoch = epoch + 1 where run_id = ${runId}`;
    await until("it has parked again", async () => (await harness.history(runId)).length === 3);
    await harness.database
      .owner`update journal set payload = jsonb_set(payload, '{until}', '"2020-01-01T00:00:00.000Z"') where run_id = ${runId} and kind = 16`;
    await harness.database.owner`update run set available_at = clock_timestamp() where run_id = ${runId}`;
    expect(await answerOf(runId)).toEqual({ answer: "late" });
    await life.close();
  });

  it("hears a signal that was not yet committed when it came to wait", async () => {
    const { runId } = await harness.start({ graph: "impatient" });
    const parks = async (): Promise<boolean> => {
      const waiting = await harness.database
        .owner`select from pg_locks where not granted and locktype in ('transactionid', 'tuple')`;
      // Who parks may have been faster: then the signal finds it parked.
      return waiting.length > 0 || (await harness.find(runId))?.status === RUN_STATUS.PARKED.code;
    };
    // The claim finds the row free; the signal locks it then, and is committed when the entry that parks waits for it.
    await harness.database
      .owner`create function slow_park() returns trigger language plpgsql as 'begin perform pg_sleep(1); return new; end'`;
    await harness.database
      .owner`create trigger slow_park before insert on journal_default for each row when (new.kind = 16) execute function slow_park()`;
    const { life } = await harness.startWorker();
    await statusIs(runId, RUN_STATUS.RUNNING.code);
    await transaction(harness.database.owner, { tenant: "acme" }, async (tx) => {
      const sent = { name: "paid", payload: 1, sentBy: "u", idemKey: "k", idemDigest: "d" };
      await appendSignal(tx, { runId, tenant: "acme", ...sent });
      await until("the entry that parks waits for the signal", parks);
    });
    await harness.database.owner`drop trigger slow_park on journal_default`;
    expect(await answerOf(runId)).toEqual({ answer: "heard" });
    await life.close();
  });

  it("takes the same signal once, and refuses what it cannot keep", async () => {
    const { runId } = await harness.start({ graph: "listener" });
    await Promise.all([1, 2, 3].map(() => send(runId, 1, { idempotencyKey: "one" })));
    await expect(send(runId, 2, { idempotencyKey: "one" })).rejects.toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
    expect(await harness.database.owner`select no from signal where run_id = ${runId}`).toHaveLength(1);
    await expect(send(runId, 1, { name: "No Name" })).rejects.toThrow(/signal name "No Name" is not/);
    await expect(send(runId, "x".repeat(70_000))).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    await harness.database.owner`update run set signals = ${MAX_SIGNALS} where run_id = ${runId}`;
    await expect(send(runId, 1)).rejects.toThrow(/the most a run may have/);
    await harness.database.owner`update run set status = 10 where run_id = ${runId}`;
    await expect(send(runId, 1)).rejects.toThrow(/has ended and hears no signal/);
    await send(runId, 1, { idempotencyKey: "one" });
    const stranger = aPrincipal({ tenant: "other" });
    await expect(
      signalRun(harness.database.request, stranger, { runId, name: "paid", idempotencyKey: "k" }),
    ).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("a run that is paused", () => {
  const ask = (runId: string, pause: boolean) =>
    pauseRun(harness.database.request, aPrincipal(), { runId, pause, idempotencyKey: newId() });

  it("rests after the step it is in, outlasts its process, and goes on when it is resumed; the pause costs it no time", async () => {
    const first = await harness.startWorker();
    const { runId } = await harness.start({ graph: "slow" });
    await until("the first step works", () => gate.began === 1);
    await ask(runId, true);
    await ask(runId, true);
    gate.open.resolve();
    await statusIs(runId, RUN_STATUS.PAUSED.code);
    expect(gate.began).toBeLessThan(3);
    await first.kill();
    const second = await harness.startWorker();
    await harness.database.owner`update run set deadline = clock_timestamp() where run_id = ${runId}`;
    await harness.database.owner`update journal set at = at - interval '1 hour' where run_id = ${runId} and kind = 7`;
    await ask(runId, false);
    expect(await answerOf(runId)).toEqual({ answer: "3 steps" });
    expect((await harness.history(runId)).filter(({ step }) => step === 0).map(({ kind }) => kind)).toEqual([
      ...["RUN_STARTED", "RUN_PAUSED", "RUN_RESUMED", "RUN_SUCCEEDED"],
    ]);
    await second.life.close();
  });

  it("is paused and resumed while it waits, and waits on for the same", async () => {
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "impatient" });
    await statusIs(runId, RUN_STATUS.PARKED.code);
    await ask(runId, true);
    await statusIs(runId, RUN_STATUS.PAUSED.code);
    await send(runId, 1);
    await ask(runId, false);
    expect(await answerOf(runId)).toEqual({ answer: "heard" });
    await life.close();
  });

  it("is canceled at once", async () => {
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "impatient" });
    await ask(runId, true);
    await statusIs(runId, RUN_STATUS.PAUSED.code);
    await cancelRun(harness.database.request, aPrincipal(), { runId, idempotencyKey: newId() });
    expect((await harness.finished(runId)).status).toBe(RUN_STATUS.CANCELED.code);
    await life.close();
  });
});
