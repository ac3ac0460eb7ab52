import type { Sql } from "@soma/shared/postgres/connect";
import type { RelayPosition } from "./select-published.ts";

export interface RelayLease {
  fence: number;
  position: RelayPosition;
}

/** Takes or extends the relay's lease; undefined while another process has it. The fence grows with each new owner. */
export async function claimRelay(
  sql: Sql,
  { owner, leaseMs }: { owner: string; leaseMs: number },
): Promise<RelayLease | undefined> {
  const [row] = await sql<{ fence: number; xid: string; runId: string; seq: number }[]>`
    update relay_cursor set fence = fence + case when owner is distinct from ${owner} then 1 else 0 end, owner = ${owner},
      expires_at = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    where shard = 0 and (owner = ${owner} or expires_at < clock_timestamp())
    returning fence, last_xid::text as xid, last_run as "runId", last_seq as seq`;
  return row === undefined
    ? undefined
    : { fence: row.fence, position: { xid: row.xid, runId: row.runId, seq: row.seq } };
}
