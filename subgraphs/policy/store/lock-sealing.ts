import type { Tx } from "@soma/shared/postgres/connect";

/** Lets one sealer at a time work for a tenant, until its transaction ends; false when another does. */
export async function lockSealing(tx: Tx, { tenant }: { tenant: string }): Promise<boolean> {
  const [row] = await tx<{ locked: boolean }[]>`
    select pg_try_advisory_xact_lock(hashtextextended('soma-audit-seal:' || current_schema() || ':' || ${tenant}, 0)) as locked`;
  return row?.locked === true;
}
