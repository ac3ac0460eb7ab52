import type { Sql } from "@soma/shared/postgres/connect";
import type { RelayPosition } from "./read-unpublished.ts";

/** Moves the cursor after the bus has acknowledged; changes nothing when the lease is another's by now. */
export async function advanceRelay(sql: Sql, { fence, to }: { fence: number; to: RelayPosition }): Promise<void> {
  await sql`update relay_cursor set last_xid = ${to.xid}::xid8, last_run = ${to.runId}, last_seq = ${to.seq}
    where shard = 0 and fence = ${fence}`;
}
