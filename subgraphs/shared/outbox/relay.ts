import type { EventBus } from "../bus/event-bus.ts";
import { newId } from "../ids.ts";
import type { Log } from "../log.ts";
import { type Loop, startLoop } from "../loop.ts";
import { counter, gauge } from "../metrics.ts";
import type { Sql } from "../postgres/connect.ts";
import type { EventRecord } from "./emit.ts";

const ROWS_PER_BUCKET = 64;
const LEASE_SECONDS = 15;

const published = counter("outbox_publish_total", "Outbox rows by what became of them", ["schema", "result"]);
const pending = gauge("outbox_pending_rows", "Outbox rows that wait", ["schema"]);
const oldest = gauge("outbox_oldest_age_seconds", "Age of the oldest outbox row", ["schema"]);

export interface RelayOptions {
  /** A pool of the worker role. */
  sql: Sql;
  schema: string;
  bus: EventBus;
  log: Log;
  intervalMs?: number;
}

export interface Relay {
  /** One round: claim, send, delete. True when more rows may wait. */
  tick(): Promise<boolean>;
  /** Gives the buckets back, so that another relay need not wait for the leases to run out. */
  release(): Promise<void>;
}

interface Row extends EventRecord {
  bucket: number;
  id: string;
  epoch: string;
  event_id: string;
}

/**
 * Moves outbox rows to the bus. Buckets are leased, so that rows of one key leave in order whatever the number of relays;
 * no transaction is open while sending; a delete is guarded by the lease's epoch, so a relay that lost its lease can only repeat.
 */
export function createRelay(options: RelayOptions): Relay {
  const { sql, schema } = options;
  const owner = newId();

  async function claim(): Promise<void> {
    await sql`update outbox_lease set owner = ${owner}, expires_at = clock_timestamp() + make_interval(secs => ${LEASE_SECONDS}),
      epoch = epoch + case when owner is distinct from ${owner} then 1 else 0 end
      where owner = ${owner} or expires_at < clock_timestamp()`;
  }

  async function read(): Promise<Row[]> {
    return sql<Row[]>`select o.bucket, o.id, l.epoch, o.event_id, o.topic, o.key, o.headers, o.payload as value
      from outbox_lease l cross join lateral
        (select * from outbox x where x.bucket = l.bucket order by x.id limit ${ROWS_PER_BUCKET}) o
      where l.owner = ${owner} and l.expires_at > clock_timestamp() + interval '5 seconds'
      order by o.bucket, o.id`;
  }

  async function remove(rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    await sql`delete from outbox o using outbox_lease l,
        unnest(${rows.map((r) => r.bucket)}::smallint[], ${rows.map((r) => r.id)}::bigint[], ${rows.map((r) => r.epoch)}::bigint[]) d(bucket, id, epoch)
      where o.bucket = d.bucket and o.id = d.id and l.bucket = d.bucket and l.owner = ${owner} and l.epoch = d.epoch`;
  }

  async function park(row: Row, reason: string): Promise<void> {
    await sql`with gone as (delete from outbox where bucket = ${row.bucket} and id = ${row.id} returning *)
      insert into outbox_dead (event_id, tenant, topic, key, type, payload, headers, reason)
      select event_id, tenant, topic, key, type, payload, headers, ${reason} from gone`;
    options.log.error({ eventId: row.event_id, topic: row.topic, reason }, "an event was parked in outbox_dead");
  }

  async function measure(): Promise<void> {
    const [row] = await sql<{ rows: number; age: number }[]>`select count(*)::int as rows,
      coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::float8 as age from outbox`;
    pending.set({ schema }, row?.rows ?? 0);
    oldest.set({ schema }, row?.age ?? 0);
  }

  return {
    async release() {
      await sql`update outbox_lease set owner = null, expires_at = '-infinity' where owner = ${owner}`;
    },
    async tick() {
      await claim();
      const rows = await read();
      await measure();
      if (rows.length === 0) return false;
      const results = await options.bus.publish(rows);
      const done: Row[] = [];
      let retriable: string | undefined;
      for (const [index, row] of rows.entries()) {
        const result = results[index];
        if (result?.ok === true) done.push(row);
        else if (result?.ok === false && result.kind === "poison") await park(row, result.reason);
        else retriable = result?.reason ?? "the bus gave no result";
      }
      await remove(done);
      published.inc({ schema, result: "published" }, done.length);
      published.inc({ schema, result: "kept" }, rows.length - done.length);
      if (retriable !== undefined) throw new Error(`events were not delivered and stay in the outbox: ${retriable}`);
      return rows.length >= ROWS_PER_BUCKET;
    },
  };
}

export function startRelay(options: RelayOptions): Loop {
  const relay = createRelay(options);
  const loop = startLoop(
    { name: `${options.schema}-outbox-relay`, intervalMs: options.intervalMs ?? 250, log: options.log },
    relay.tick,
  );
  return {
    wake: loop.wake,
    async close() {
      await loop.close();
      await relay
        .release()
        .catch((error: unknown) => options.log.warn({ err: error }, "outbox buckets could not be given back"));
    },
  };
}
