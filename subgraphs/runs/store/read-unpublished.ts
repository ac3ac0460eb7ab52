import type { Sql } from "@soma/shared/postgres/connect";
import { isPublished, type RelayPosition, selectPublished, type UnpublishedRow } from "./select-published.ts";

/**
 * Journal rows after a position that others hear of, in the order of their transactions; only those whose transaction no
 * older one can still overtake.
 */
export function readUnpublished(
  sql: Sql,
  { after, limit }: { after: RelayPosition; limit: number },
): Promise<UnpublishedRow[]> {
  return selectPublished(
    sql,
    sql`select * from journal j
      where (j.xid, j.run_id, j.seq) > (${after.xid}::xid8, ${after.runId}::uuid, ${after.seq}::int)
        and j.xid < pg_snapshot_xmin(pg_current_snapshot()) and ${isPublished(sql)}
      order by j.xid, j.run_id, j.seq limit ${limit}`,
  );
}
