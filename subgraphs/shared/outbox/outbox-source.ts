import { newId } from "../ids.ts";
import type { Sql } from "../postgres/connect.ts";
import { onEmitted } from "./emitted.ts";
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
  /** Whether what the last round passed over is gone, or known to be slow. */
  let settled = true;

  function letGo(lane: string, bucket: number): void {
    lanes.free(lane);
    walks.delete(bucket);
  }

  /** Passes over what was kept from now on, and over what was taken no longer. */
  function sort(taken: readonly OutboxRow[], kept: readonly OutboxRow[]): void {
    for (const { record, bucket } of taken) if (lanes.has(laneOf(record))) letGo(laneOf(record), bucket);
    const first = new Map(kept.toReversed().map((row) => [laneOf(row.record), row]));
    for (const [lane, { bucket, id, record }] of first) {
      const held = lanes.hold(lane, { bucket, id, topic: record.topic, key: record.key });
      // One too many: nothing of its bucket is passed, or its later events would leave before this one.
      if (!held) walks.delete(bucket);
    }
  }

  return {
    async next() {
      if (!settled) walks.clear();
      settled = false;
      await claimBuckets(sql, { owner, leaseS: LEASE_S, renewAtS: RENEW_AT_S });
      const chosen = await lookPast(sql, { lanes, walks, perBucket: PER_BUCKET, now: performance.now() });
      const rows = await readDueRows(sql, { owner, perBucket: PER_BUCKET, chosen });
      const read = new Set(rows.map(({ id }) => id));
      // Its first event left without us, or its bucket is another's: what is known of the lane is true no more.
      for (const { lane, place } of chosen.due) if (!read.has(place.id)) letGo(lane, place.bucket);
      settled = rows.length === 0;
      const counts = Map.groupBy(rows, ({ bucket }) => bucket);
      return { rows, full: chosen.more || [...counts.values()].some(({ length }) => length >= PER_BUCKET) };
    },
    park: (row, reason) => insertDeadLetter(sql, { ...row, reason }),
    async settle(taken, kept) {
      await deleteRows(sql, { owner, rows: taken });
      sort(taken, kept);
      settled = true;
    },
    measure: () => measureOutbox(sql),
    release: () => releaseBuckets(sql, { owner }),
    onWritten: (listener) => onEmitted(sql, listener),
  };
}
