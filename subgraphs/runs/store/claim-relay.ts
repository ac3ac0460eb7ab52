import type { Sql } from "@soma/shared/postgres/connect";
import type { RelayPosition } from "./select-published.ts";

export interface RelayLease {
  fence: number;
  position: RelayPosition;
}

/**
 * Takes the relay's lease, or extends it when half of it is over: an idle relay writes nothing in between. Undefined while
 * another process has it. The fence grows with each new owner.
 */
export async function claimRelay(
  sql: Sql,
  { owner, leaseMs }: { owner: string; leaseMs: number },
): Promise<RelayLease | undefined> {
  const columns = sql`fence, last_xid::text as xid, last_run as "runId", last_seq as seq`;
  type Row = { fence: number } & RelayPosition;
  const [held] = await sql<Row[]>`select ${columns} from relay_cursor
    where shard = 0 and owner = ${owner} and expires_at > clock_timestamp() + ${leaseMs / 2} * interval '1 millisecond'`;
  if (held !== undefined) return toLease(held);
  const [taken] = await sql<Row[]>`
    update relay_cursor set fence = fence + case when owner is distinct from ${owner} then 1 else 0 end, owner = ${owner},
      expires_at = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    where shard = 0 and (owner = ${owner} or expires_at < clock_timestamp()) returning ${columns}`;
  return taken === undefined ? undefined : toLease(taken);
}

function toLease({ fence, ...position }: { fence: number } & RelayPosition): RelayLease {
  return { fence, position };
}
