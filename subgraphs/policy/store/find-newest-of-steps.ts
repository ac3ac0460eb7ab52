import type { Tx } from "@soma/shared/postgres/connect";
import { decisionColumns } from "./decision-columns.ts";
import type { DecisionRow } from "./tables.ts";

/** The newest decision of each of these steps; steps that have none are left out. */
export async function findNewestOfSteps(tx: Tx, { stepIds }: { stepIds: readonly string[] }): Promise<DecisionRow[]> {
  return tx<DecisionRow[]>`select distinct on (step_id) ${decisionColumns(tx)} from decision
    where step_id = any (${[...stepIds]}::text[]) order by step_id, decision_id desc`;
}
