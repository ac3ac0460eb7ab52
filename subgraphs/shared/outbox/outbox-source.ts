import { newId } from "../ids.ts";
import type { Sql } from "../postgres/connect.ts";
import { transaction } from "../postgres/transaction.ts";
import type { WakeUp } from "../wake-up.ts";
import { onEmitted } from "./emitted.ts";
import { laneOf, lookPast, type Walks } from "./look-past.ts";
import { parksKey } from "./parks-key.ts";
import type { RelaySource } from "./relay.ts";
import { createSlowLanes } from "./slow-lanes.ts";
import { carryOutDecisions } from "./store/carry-out-decisions.ts";
import { claimBuckets } from "./store/claim-buckets.ts";
import { countOwned } from "./store/count-owned.ts";
import { deleteRows } from "./store/delete-rows.ts";
import type { OutboxPlace } from "./store/list-places.ts";
import { measureOutbox } from "./store/measure-outbox.ts";
import { type ParkedRow, parkRows } from "./store/park-rows.ts";
import { type OutboxRow, readDueRows } from "./store/read-due-rows.ts";
import { releaseBuckets } from "./store/release-buckets.ts";

const PER_BUCKET = 64;
/** A round of so many pays for itself, and the next one need not wait for more to come together. */
const BUSY = 500;
/** When more lanes than this fail it is the bus that fails, and looking past them finds nothing. */
const MAX_SLOW = 256;
const LEASE_S = 15;
const RENEW_AT_S = 10;

/**
 * The outbox of a schema; `sql` is a pool of the worker role. Buckets are leased, so that rows of one key leave in order
 * whatever the number of relays; what leaves the table is guarded by the lease's epoch, so a relay that lost its lease can only
 * repeat. Letters are parked and their decisions carried out under the same lease. `wakeUp` tells of what other processes write.
 */
export function createOutboxSource(sql: Sql, wakeUp?: WakeUp): RelaySource<OutboxRow> {
  const owner = newId();
  const lanes = createSlowLanes<OutboxPlace>(MAX_SLOW);
  const walks: Walks = new Map();
  /** Whether what the last round passed over is gone, or known to be slow. */
  let settled = true;
  /** Epochs of the buckets that the last rows are of. */
  let epochs = new Map<number, string>();

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

  /** What stands behind a letter that is not decided waits beside it, so that no round has to look past it. */
  async function setAside(rows: readonly OutboxRow[]): Promise<void> {
    if (rows.length === 0) return;
    await parkRows(sql, { owner, rows: rows.map((row) => ({ row, reason: null, parksKey: false })) });
    for (const { record, bucket } of rows) if (lanes.has(laneOf(record))) letGo(laneOf(record), bucket);
  }

  const parkAndTake = (letters: readonly ParkedRow[], taken: readonly OutboxRow[]): Promise<string[]> =>
    transaction(sql, {}, async (tx) => {
      await deleteRows(tx, { owner, rows: taken });
      return parkRows(tx, { owner, rows: letters });
    });

  return {
    async next() {
      if (!settled) walks.clear();
      settled = false;
      await claimBuckets(sql, { owner, leaseS: LEASE_S, renewAtS: RENEW_AT_S });
      for (const bucket of await carryOutDecisions(sql, { owner })) walks.delete(bucket);
      const chosen = await lookPast(sql, { lanes, walks, perBucket: PER_BUCKET });
      const rows = await readDueRows(sql, { owner, perBucket: PER_BUCKET, chosen });
      const read = new Set(rows.map(({ id }) => id));
      // Its first event left without us, or its bucket is another's: what is known of the lane is true no more.
      for (const { lane, place } of chosen.due) if (!read.has(place.id)) letGo(lane, place.bucket);
      const [behind, free] = [rows.filter(({ isBehind }) => isBehind), rows.filter(({ isBehind }) => !isBehind)];
      await setAside(behind);
      settled = free.length === 0;
      epochs = new Map(free.map(({ bucket, epoch }) => [bucket, epoch]));
      const counts = Map.groupBy(rows, ({ bucket }) => bucket);
      const isFull = rows.length >= BUSY || [...counts.values()].some(({ length }) => length >= PER_BUCKET);
      return { rows: free, full: chosen.more || isFull };
    },
    async settle({ taken, kept, dead }) {
      const letters = dead.map(({ row, reason }) => ({ row, reason, parksKey: parksKey(row.type) }));
      const parked = letters.length === 0 ? [] : await parkAndTake(letters, taken);
      if (letters.length === 0) await deleteRows(sql, { owner, rows: taken });
      sort([...taken, ...dead.map(({ row }) => row)], kept);
      settled = true;
      return parked;
    },
    isOurs: async () => (await countOwned(sql, { owner, epochs })) === epochs.size,
    measure: () => measureOutbox(sql),
    release: () => releaseBuckets(sql, { owner }),
    onWritten: (listener) => onEmitted(sql, listener, wakeUp),
  };
}
