import { newId } from "../ids.ts";
import type { Sql } from "../postgres/connect.ts";
import { laneOf, lookPast, type Walks } from "./look-past.ts";
import type { RelaySource } from "./relay.ts";
import { createSlowLanes } from "./slow-lanes.ts";
import { claimBuckets } from "./store/claim-buckets.ts";
import { deleteRows } from "./store/delete-rows.ts";
import { insertDeadLetter } from "./store/insert-dead-letter.ts";
import type { OutboxPlace } from "./store/list-places.ts";
import { measureOutbox } from "./store/measure-outbox.ts";
import { type OutboxRow, readDueRows } from "./store/read-due-rows.ts";
import { releaseBuckets } from "./store/release-buckets.ts";

const PER_BUCKET = 64;
/** When more lanes than this fail it is the bus that fails, and looking past them finds nothing. */
const MAX_SLOW = 256;
const LEASE_S = 15;
const RENEW_AT_S = 10;

/**
 * The outbox of a schema; `sql` is a pool of the worker role. Buckets are leased, so that rows of one key leave in order
 * whatever the number of relays; a delete is guarded by the lease's epoch, so a relay that lost its lease can only repeat.
 */
export function createOutboxSource(sql: Sql): RelaySource<OutboxRow> {
  const owner = newId();
  const lanes = createSlowLanes<OutboxPlace>(MAX_SLOW);
  const walks: Walks = new Map();

  /** Passes over what was kept from now on, and over what was taken no longer. */
  function sort(settled: readonly OutboxRow[], kept: readonly OutboxRow[]): void {
    for (const { record, bucket } of settled) {
      if (!lanes.has(laneOf(record))) continue;
      lanes.free(laneOf(record));
      walks.delete(bucket);
    }
    const first = new Map(kept.toReversed().map((row) => [laneOf(row.record), row]));
    for (const [lane, { bucket, id, record }] of first)
      lanes.hold(lane, { bucket, id, topic: record.topic, key: record.key });
  }

  return {
    async next() {
      await claimBuckets(sql, { owner, leaseS: LEASE_S, renewAtS: RENEW_AT_S });
      const chosen = await lookPast(sql, { lanes, walks, perBucket: PER_BUCKET, now: performance.now() });
      const rows = await readDueRows(sql, { owner, perBucket: PER_BUCKET, chosen });
      const counts = Map.groupBy(rows, ({ bucket }) => bucket);
      return { rows, full: chosen.more || [...counts.values()].some(({ length }) => length >= PER_BUCKET) };
    },
    park: (row, reason) => insertDeadLetter(sql, { ...row, reason }),
    async settle(settled, kept) {
      await deleteRows(sql, { owner, rows: settled });
      sort(settled, kept);
    },
    measure: () => measureOutbox(sql),
    release: () => releaseBuckets(sql, { owner }),
  };
}
