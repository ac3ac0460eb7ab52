import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newId } from "../ids.ts";
import { transaction } from "../postgres/transaction.ts";
import { createOutboxStage, type OutboxStage } from "../testing/outbox-stage.ts";
import { forgetHandled } from "./inbox-retention.ts";
import { markHandled } from "./store/mark-handled.ts";

describe("the inbox", () => {
  let stage: OutboxStage;

  beforeAll(async () => {
    stage = await createOutboxStage();
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.close());

  const isNew = (eventId: string, consumer = "c", tenant = "acme"): Promise<boolean> =>
    transaction(stage.database.worker, {}, (tx) => markHandled(tx, { consumer, tenant, eventId }));
  const age = (days: number): Promise<unknown> =>
    stage.database.owner`update inbox set received_at = clock_timestamp() - ${days}::float8 * interval '1 day'`;

  it("knows an event again for a week, and each time it comes for a week from then", async () => {
    const eventId = newId();
    expect([await isNew(eventId), await isNew(eventId), await isNew(eventId, "d")]).toEqual([true, false, true]);
    for (let week = 0; week < 3; week += 1) {
      await age(6.9);
      await forgetHandled(stage.database.worker);
      expect(await isNew(eventId)).toBe(false);
    }
    await age(7.1);
    expect(await forgetHandled(stage.database.worker)).toBe(false);
    expect(await isNew(eventId)).toBe(true);
  });

  it("forgets a thousand at a time, the oldest first, until none is old", async () => {
    await stage.database
      .owner`insert into inbox select 'c', 'acme', gen_random_uuid(), clock_timestamp() - n * interval '1 day'
      from generate_series(0, 2506) n`;
    const left = async () => (await stage.database.owner`select 1 from inbox`).length;
    const counts: [boolean, number][] = [];
    for (let i = 0; i < 4; i += 1) counts.push([await forgetHandled(stage.database.worker), await left()]);
    expect(counts).toEqual([
      [true, 1_507],
      [true, 507],
      [false, 7],
      [false, 7],
    ]);
  });
});
