import type { Tx } from "@soma/shared/postgres/connect";

/** Lets one transaction at a time work under an idempotency key, until it ends. */
export async function lockKey(tx: Tx, { tenant, idemKey }: { tenant: string; idemKey: string }): Promise<void> {
  await tx`select pg_advisory_xact_lock(hashtextextended(${`soma-decide/${tenant}/${idemKey}`}, 0))`;
}
