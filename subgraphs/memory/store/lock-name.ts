import type { Tx } from "@soma/shared/postgres/connect";

/** Lets one transaction at a time work on a named thing of a tenant, until it ends. */
export async function lockName(tx: Tx, { tenant, name }: { tenant: string; name: string }): Promise<void> {
  await tx`select pg_advisory_xact_lock(hashtextextended(${`soma-memory/${tenant}/${name}`}, 0))`;
}
