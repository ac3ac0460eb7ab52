import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { and, eq } from "drizzle-orm";
import { type HoldRow, hold } from "./tables.ts";

/** A hold of a tenant, by its id or by the idempotency key it was made under. */
export async function findHold(
  tx: Tx,
  { tenant, ...by }: { tenant: string } & ({ holdId: string } | { idemKey: string }),
): Promise<HoldRow | undefined> {
  const wanted = "holdId" in by ? eq(hold.holdId, by.holdId) : eq(hold.idemKey, by.idemKey);
  const [row] = await queryOn(tx)
    .select()
    .from(hold)
    .where(and(eq(hold.tenant, tenant), wanted));
  return row;
}
