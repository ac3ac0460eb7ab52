import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { registry } from "../metrics.ts";
import { createOutboxStage, createRecordingBus, type OutboxStage } from "../testing/outbox-stage.ts";

describe("what waits in an outbox", () => {
  let stage: OutboxStage;

  beforeAll(async () => {
    stage = await createOutboxStage();
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.close());

  const shown = async (name: string): Promise<number | undefined> =>
    (await registry.getSingleMetric(name)?.get())?.values.find(({ labels }) => labels.schema === stage.database.schema)
      ?.value;

  it("is told while the bus takes nothing, with the age of the oldest, and how much was parked", async () => {
    await stage.say("first", "a");
    await stage.say("second", "b");
    await stage.database.owner`update outbox set created_at = created_at - interval '1 minute' where key = 'a'`;
    const relay = stage.relay(createRecordingBus(() => ({ ok: false, kind: "retriable", reason: "busy" })).bus);
    await relay.tick().catch(() => false);
    expect(await shown("outbox_pending_rows")).toBe(2);
    expect(await shown("outbox_oldest_age_seconds")).toBeGreaterThanOrEqual(60);
    expect(await shown("outbox_dead_rows")).toBe(0);
    await relay.release();
    const other = stage.relay(createRecordingBus(() => ({ ok: false, kind: "poison", reason: "too large" })).bus);
    await other.tick();
    await other.tick();
    expect(await shown("outbox_dead_rows")).toBe(2);
    expect(await shown("outbox_pending_rows")).toBe(0);
    expect(await shown("outbox_oldest_age_seconds")).toBe(0);
  });
});
