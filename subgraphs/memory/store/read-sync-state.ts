import type { Tx } from "@soma/shared/postgres/connect";
import type { SyncStateRow } from "./tables.ts";

/** How SomaBrain was when whoever brings memories there last asked; all null before it did. */
export async function readSyncState(tx: Tx): Promise<SyncStateRow> {
  const [row] = await tx<SyncStateRow[]>`
    select state, state_at as "stateAt", dialect, probed_at as "probedAt", fault from brain_sync`;
  return row ?? { state: null, stateAt: null, dialect: null, probedAt: null, fault: null };
}
