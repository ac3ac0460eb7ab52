import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createSilentLog } from "../log.ts";
import { transaction } from "../postgres/transaction.ts";
import { anAudit, createOutboxStage, createRecordingBus, type OutboxStage } from "../testing/outbox-stage.ts";
import { until } from "../testing/until.ts";
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

  it("wakes the relay of its own process, which would look an hour later", async () => {
    const { bus, seen } = createRecordingBus();
    const { worker, schema } = stage.database;
    const source = createOutboxSource(worker);
    const relay = startRelay({ source, schema, bus, log: createSilentLog(), intervalMs: HOUR_MS });
    await until(
      "it has looked for the first time",
      async () =>
        (
          await stage.database.owner`
      select 1 from outbox_lease where owner is not null limit 1`
        ).length > 0,
    );
    await emitTwo();
    await until("both were published", () => seen.length === 2);
    await relay.close();
  });
});
