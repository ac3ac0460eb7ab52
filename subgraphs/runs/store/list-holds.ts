import type { Tx } from "@soma/shared/postgres/connect";
import type { HoldRow } from "./tables.ts";

/** Holds of each of some runs, newest first, released ones too; so many of each. */
export async function listHolds(
  tx: Tx,
  { tenant, runIds, limit }: { tenant: string; runIds: readonly string[]; limit: number },
): Promise<HoldRow[]> {
  return tx<HoldRow[]>`
    select h.* from unnest(${[...runIds]}::uuid[]) p(id)
      cross join lateral (select tenant, hold_id as "holdId", run_id as "runId", reason, held_by as "heldBy", held_at as "heldAt",
          idem_key as "idemKey", release_reason as "releaseReason", released_by as "releasedBy", released_at as "releasedAt"
        from hold where tenant = ${tenant} and run_id = p.id order by held_at desc, hold_id desc limit ${limit}) h`;
}
