import type { Sql } from "@soma/shared/postgres/connect";
import type { SyncStateRow } from "./tables.ts";

type Kept = Pick<SyncStateRow, "state" | "dialect" | "fault">;

/** Notes how SomaBrain is, for those who ask; only the owner of the lease does. */
export async function keepSyncState(
  sql: Sql,
  { owner, state, dialect, fault }: Kept & { owner: string },
): Promise<void> {
  await sql`update brain_sync set state = ${state}, dialect = ${dialect}, fault = ${fault}, probed_at = clock_timestamp(),
      state_at = case when state is distinct from ${state} then clock_timestamp() else state_at end
    where owner = ${owner}`;
}
