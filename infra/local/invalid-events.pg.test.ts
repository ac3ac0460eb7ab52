import { newId } from "@soma/shared/ids";
import { emit } from "@soma/shared/outbox/emit";
import type { Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase } from "@soma/shared/testing/database";
import { describe, expect, it } from "vitest";
import { SCHEMAS } from "./parts.ts";

/** What a command of a subgraph writes before it tells of it. */
const WRITES: Readonly<Record<string, (tx: Tx, id: string) => Promise<unknown>>> = {
  memory: (tx, id) =>
    tx`insert into memory_call (tenant, call_key, digest, memory_id) values ('acme', 'k', 'd', ${id})`,
  policy: (tx, id) =>
    tx`insert into audit_event (tenant, event_id, category, actor, subject, decision, reason, at, meta)
      values ('acme', ${id}, 'policy', 'a', 's', 'allow', 'because', now(), '{}')`,
};

describe("an event that does not fit its schema", () => {
  it.each([
    ["memory", "memory_call"],
    ["policy", "audit_event"],
  ])("takes back what its transaction had written in %s", async (name, table) => {
    const database = await createTestDatabase(`invalid_${name}`, (await SCHEMAS[name]?.migrations()) ?? []);
    const write = (data: object): Promise<void> =>
      transaction(database.request, { tenant: "acme" }, async (tx) => {
        await WRITES[name]?.(tx, newId());
        await emit(tx, { type: "memory.event.v1", tenant: "acme", key: "k", data: data as never });
      });
    const event = {
      ...{ event_id: newId(), tenant: "acme", namespace: "default", action: "remembered", memory_id: newId() },
      ...{ somabrain_key: "k", timestamp: "2026-01-01T00:00:00.000Z", sync_state: "local" },
    };
    const kept = async () => [
      (await database.owner`select from ${database.owner(table)}`).length,
      (await database.owner`select from outbox`).length,
    ];
    for (const wrong of [{ ...event, surprise: 1 }, { ...event, sync_state: "lost" }, {}]) {
      await expect(write(wrong)).rejects.toMatchObject({ code: "EVENT_INVALID" });
      expect(await kept()).toEqual([0, 0]);
    }
    await write(event);
    expect(await kept()).toEqual([1, 1]);
    await database.close();
  });
});
