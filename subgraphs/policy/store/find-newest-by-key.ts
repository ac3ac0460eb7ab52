import type { Tx } from "@soma/shared/postgres/connect";
import { decisionColumns } from "./decision-columns.ts";
import type { DecisionRow } from "./tables.ts";

/** The newest decision under an idempotency key. */
export async function findNewestByKey(
  tx: Tx,
  { tenant, idemKey }: { tenant: string; idemKey: string },
): Promise<DecisionRow | undefined> {
  const [row] = await tx<DecisionRow[]>`select ${decisionColumns(tx)} from decision
    where tenant = ${tenant} and idem_key = ${idemKey} order by decision_id desc limit 1`;
  return row;
}
