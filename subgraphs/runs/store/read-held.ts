import type { Sql } from "@soma/shared/postgres/connect";
import { isPublished, type RelayPosition, selectPublished, type UnpublishedRow } from "./select-published.ts";

/** The first event of a run that waits apart. */
export interface HeldRun {
  runId: string;
  seq: number;
}

/** Rows of held runs that others hear of, up to a position; `limit` is that of each run. */
export function readHeld(
  sql: Sql,
  { runs, upTo, limit }: { runs: readonly HeldRun[]; upTo: RelayPosition; limit: number },
): Promise<UnpublishedRow[]> {
  return selectPublished(
    sql,
    sql`select j.* from unnest(${runs.map(({ runId }) => runId)}::uuid[], ${runs.map(({ seq }) => seq)}::int[]) held(run_id, seq)
      cross join lateral (select * from journal j
        where j.run_id = held.run_id and j.seq >= held.seq and ${isPublished(sql)}
          and (j.xid, j.run_id, j.seq) <= (${upTo.xid}::xid8, ${upTo.runId}::uuid, ${upTo.seq}::int)
        order by j.seq limit ${limit}) j`,
  );
}
