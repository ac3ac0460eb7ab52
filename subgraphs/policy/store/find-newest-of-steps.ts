import type { Tx } from "@soma/shared/postgres/connect";
import { decisionColumns } from "./decision-columns.ts";
import type { DecisionRow } from "./tables.ts";

/** The newest decision of each of these steps; steps that have none are left out. */
export async function findNewestOfSteps(tx: Tx, { stepIds }: { stepIds: readonly string[] }): Promise<DecisionRow[]> {
  return tx<DecisionRow[]>`select d.* from unnest(${[...stepIds]}::text[]) as asked (id)
    cross join lateral (select ${decisionColumns(tx)} from decision
      where step_id = asked.id order by decision_id desc limit 1) d`;
}
