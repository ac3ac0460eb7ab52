import type { Tx } from "@soma/shared/postgres/connect";
import { decisionColumns } from "./decision-columns.ts";
import type { DecisionRow } from "./tables.ts";

/** The decisions of these ids that the transaction's tenant has, in no order; ids that are not found are left out. */
export async function findDecisions(
  tx: Tx,
  { decisionIds }: { decisionIds: readonly string[] },
): Promise<DecisionRow[]> {
  return tx<
    DecisionRow[]
  >`select ${decisionColumns(tx)} from decision where decision_id = any (${[...decisionIds]}::uuid[])`;
}
