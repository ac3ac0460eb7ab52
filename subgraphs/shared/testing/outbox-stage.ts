import type { EventBus, PublishResult } from "../bus/event-bus.ts";
import type { EventRecord } from "../bus/event-record.ts";
import { newId } from "../ids.ts";
import { createSilentLog } from "../log.ts";
import { emit } from "../outbox/emit.ts";
import { createOutboxSource } from "../outbox/outbox-source.ts";
import { createRelay, type Relay } from "../outbox/relay.ts";
import { readSharedMigrations } from "../postgres/migrate.ts";
import { transaction } from "../postgres/transaction.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";

/** A bus that answers each record as it is told, and the reasons of the events it has taken. */
export interface RecordingBus {
  bus: EventBus;
  seen: string[];
}

/** An outbox in a database of its own, whose events are told apart by their reason. */
export interface OutboxStage {
  database: TestDatabase;
  say(reason: string, key?: string, tenant?: string): Promise<void>;
  /** As `say`, many at once and in one statement. */
  sayMany(reasons: readonly string[], key: string): Promise<void>;
  /** Another key of tenant acme whose events wait in the same bucket; of which there are some. */
  keyBeside(key: string, which?: number): Promise<string>;
  relay(bus: EventBus): Relay;
  /** How many rows wait. */
  waiting(): Promise<number>;
  /** Empty, and leased to nobody. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** An audit event that says one thing. */
export const anAudit = (reason: string) => ({
  event_id: newId(),
  category: "policy" as const,
  actor: "a",
  subject: "s",
  decision: "allow",
  reason,
  timestamp: new Date().toISOString(),
  meta: {},
});

export const reasonOf = (record: EventRecord): string => (JSON.parse(record.value) as { reason: string }).reason;

export function createRecordingBus(
  answer: (record: EventRecord) => PublishResult = () => ({ ok: true }),
): RecordingBus {
  const seen: string[] = [];
  const bus: EventBus = {
    publish: async (records) =>
      records.map((record) => {
        const result = answer(record);
        if (result.ok) seen.push(reasonOf(record));
        return result;
      }),
    subscribe: () => Promise.reject(new Error("nothing consumes here")),
    close: async () => {},
  };
  return { bus, seen };
}

export async function createOutboxStage(): Promise<OutboxStage> {
  const database = await createTestDatabase("outbox", await readSharedMigrations());
  const say = (reason: string, key = "k", tenant = "acme") =>
    transaction(database.request, { tenant }, (tx) =>
      emit(tx, { type: "agent.audit.v1", tenant, key, data: anAudit(reason) }),
    );
  return {
    database,
    say,
    async sayMany(reasons, key) {
      const [first = "", ...rest] = reasons;
      await say(first, key);
      await database.owner`insert into outbox (bucket, tenant, topic, key, event_id, type, payload, headers)
        select o.bucket, o.tenant, o.topic, o.key, r.id, o.type, jsonb_set(o.payload::jsonb, '{reason}', to_jsonb(r.reason))::text,
          jsonb_set(o.headers, '{ce_id}', to_jsonb(r.id))
        from (select * from outbox where key = ${key} order by id desc limit 1) o
          cross join (select gen_random_uuid() as id, reason, place
            from unnest(${rest}::text[]) with ordinality given(reason, place)) r order by r.place`;
    },
    async keyBeside(key, which = 0) {
      const [row] = await database.owner<{ beside: string }[]>`
        with keys as (select 'beside-' || n as beside from generate_series(1, 2000) n),
          bucket (of, no) as (select k, ((hashtextextended('acme/' || k, 0) % 64) + 64) % 64 from (select ${key} union all select beside from keys) all_keys(k))
        select beside from keys join bucket b on b.of = beside join bucket mine on mine.of = ${key} and mine.no = b.no order by beside offset ${which} limit 1`;
      return row?.beside ?? "";
    },
    relay: (bus) =>
      createRelay({
        source: createOutboxSource(database.worker),
        schema: database.schema,
        bus,
        log: createSilentLog(),
      }),
    waiting: async () => (await database.owner`select 1 from outbox`).length,
    async clear() {
      await database.owner`truncate outbox, outbox_dead, inbox`;
      await database.owner`update outbox_lease set owner = null, expires_at = '-infinity'`;
    },
    close: () => database.close(),
  };
}
