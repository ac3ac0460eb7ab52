import type { Tx } from "@soma/shared/postgres/connect";

/**
 * Keeps what is written in this transaction from being forgotten before it ends, or keeps all writing out while something is
 * forgotten. The first lock of any transaction that takes more.
 */
export async function lockForgetting(tx: Tx, { tenant, shared }: { tenant: string; shared: boolean }): Promise<void> {
  const lock = tx(shared ? "pg_advisory_xact_lock_shared" : "pg_advisory_xact_lock");
  await tx`select ${lock}(hashtextextended(${`soma-memory/${tenant}/forget`}, 0))`;
}
