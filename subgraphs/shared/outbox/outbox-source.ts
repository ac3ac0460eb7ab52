import { newId } from "../ids.ts";
import type { Sql } from "../postgres/connect.ts";
import type { RelaySource } from "./relay.ts";
import { claimBuckets } from "./store/claim-buckets.ts";
import { deleteRows } from "./store/delete-rows.ts";
import { insertDeadLetter } from "./store/insert-dead-letter.ts";
import { measureOutbox } from "./store/measure-outbox.ts";
import { type OutboxRow, readDueRows } from "./store/read-due-rows.ts";
import { releaseBuckets } from "./store/release-buckets.ts";

const PER_BUCKET = 64;
const LEASE_S = 15;
const RENEW_AT_S = 10;

/**
 * The outbox of a schema; `sql` is a pool of the worker role. Buckets are leased, so that rows of one key leave in order
 * whatever the number of relays; a delete is guarded by the lease's epoch, so a relay that lost its lease can only repeat.
 */
export function createOutboxSource(sql: Sql): RelaySource<OutboxRow> {
  const owner = newId();
  return {
    async next() {
      await claimBuckets(sql, { owner, leaseS: LEASE_S, renewAtS: RENEW_AT_S });
      const rows = await readDueRows(sql, { owner, perBucket: PER_BUCKET });
      return { rows, full: rows.length >= PER_BUCKET };
    },
    park: (row, reason) => insertDeadLetter(sql, { ...row, reason }),
    settle: (rows) => deleteRows(sql, { owner, rows }),
    measure: () => measureOutbox(sql),
    release: () => releaseBuckets(sql, { owner }),
  };
}
