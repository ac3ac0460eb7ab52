import type { Tx } from "@soma/shared/postgres/connect";
import { decisionColumns } from "./decision-columns.ts";
import type { DecisionRow } from "./tables.ts";

interface ListDecisionsOfParams {
  /** The runs that asked for the decisions. */
  owners: readonly string[];
  /** Only decisions between these two ids, and neither of them. */
  after: string | undefined;
  before: string | undefined;
  /** From the newest on instead of from the oldest. */
  backward: boolean;
  /** Of each run at most. */
  limit: number;
}

/** One page of the decisions of each of these runs: oldest first unless asked otherwise, since ids sort by time. */
export async function listDecisionsOf(tx: Tx, params: ListDecisionsOfParams): Promise<DecisionRow[]> {
  const { owners, after, before, backward, limit } = params;
  const order = backward ? tx`desc` : tx`asc`;
  return tx<DecisionRow[]>`select d.* from unnest(${[...owners]}::uuid[]) as asked (id)
    cross join lateral (
      select ${decisionColumns(tx)} from decision
       where run_id = asked.id
         ${after === undefined ? tx`` : tx`and decision_id > ${after}::uuid`}
         ${before === undefined ? tx`` : tx`and decision_id < ${before}::uuid`}
       order by decision_id ${order} limit ${limit}) d
    order by d."decisionId" ${order}`;
}
