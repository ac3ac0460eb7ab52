import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { and, eq } from "drizzle-orm";
import { type RunRow, run } from "./tables.ts";

/** The run a tenant started under an idempotency key. */
export async function findRunByKey(
  tx: Tx,
  { tenant, idemKey }: { tenant: string; idemKey: string },
): Promise<RunRow | undefined> {
  const [row] = await queryOn(tx)
    .select()
    .from(run)
    .where(and(eq(run.tenant, tenant), eq(run.idemKey, idemKey)));
  return row;
}
