import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { EventBus } from "../bus/event-bus.ts";
import { createSilentLog } from "../log.ts";
import type { Loop } from "../loop.ts";
import { createNotifiedWakeUp } from "../postgres/notified-wake-up.ts";
import { transaction } from "../postgres/transaction.ts";
import { anAudit, createOutboxStage, createRecordingBus, type OutboxStage } from "../testing/outbox-stage.ts";
import { until } from "../testing/until.ts";
import type { WakeUp } from "../wake-up.ts";
import { emit } from "./emit.ts";
import { onEmitted } from "./emitted.ts";
import { createOutboxSource } from "./outbox-source.ts";
import { startRelay } from "./relay.ts";

const HOUR_MS = 3_600_000;

describe("emit()", () => {
  let stage: OutboxStage;
  beforeAll(async () => {
    stage = await createOutboxStage();
  });
  afterAll(() => stage.close());

  function emitTwo(fault?: Error): Promise<void> {
    return transaction(stage.database.request, { tenant: "acme" }, async (tx) => {
      for (const reason of ["one", "two"])
        await emit(tx, { type: "agent.audit.v1", tenant: "acme", key: "k", data: anAudit(reason) });
      if (fault !== undefined) throw fault;
    });
  }

  it("says once that its transaction has committed, and nothing when it was taken back", async () => {
    const listener = vi.fn();
    const off = onEmitted(stage.database.worker, listener);
    await expect(emitTwo(new Error("no"))).rejects.toThrow("no");
    expect(listener).not.toHaveBeenCalled();
    await emitTwo();
    expect(listener).toHaveBeenCalledTimes(1);
    off();
    await emitTwo();
    expect(listener).toHaveBeenCalledTimes(1);
    await stage.clear();
  });

  /** A relay that has looked, and looks again in an hour. */
  async function startSleepingRelay(bus: EventBus, wakeUp?: WakeUp): Promise<Loop> {
    const { worker, schema, owner } = stage.database;
    const source = createOutboxSource(worker, wakeUp);
    const relay = startRelay({ source, schema, bus, log: createSilentLog(), intervalMs: HOUR_MS });
    const leased = async () => (await owner`select 1 from outbox_lease where owner is not null limit 1`).length > 0;
    await until("it has looked for the first time", leased);
    return relay;
  }

  it("wakes the relay of its own process, which would look an hour later", async () => {
    const { bus, seen } = createRecordingBus();
    const relay = await startSleepingRelay(bus);
    await emitTwo();
    await until("both were published", () => seen.length === 2);
    await relay.close();
  });

  it("wakes the relay of another process of its schema, which would look an hour later", async () => {
    const { bus, seen } = createRecordingBus();
    const { worker, schema, urls } = stage.database;
    const wakeUp = await createNotifiedWakeUp({ sql: worker, schema, log: createSilentLog() });
    const relay = await startSleepingRelay(bus, wakeUp);
    const workerData = { url: urls.request, schema, reason: "far" };
    const thread = new Worker(new URL("../testing/emitting-thread.ts", import.meta.url), { workerData });
    await once(thread, "exit");
    await until("it was published", () => seen.includes("far"));
    await relay.close();
    await wakeUp.close();
  });
});
