import type { Sql, Tx } from "@soma/shared/postgres/connect";
import type { RelayPosition } from "./select-published.ts";

/** Moves the cursor after the bus has acknowledged; false, and nothing is changed, when the lease is another's by now. */
export async function advanceRelay(
  sql: Sql | Tx,
  { fence, to }: { fence: number; to: RelayPosition },
): Promise<boolean> {
  const { count } =
    await sql`update relay_cursor set last_xid = ${to.xid}::xid8, last_run = ${to.runId}, last_seq = ${to.seq}
    where shard = 0 and fence = ${fence}`;
  return count === 1;
}
