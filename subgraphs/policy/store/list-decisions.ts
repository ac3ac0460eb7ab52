import type { Tx } from "@soma/shared/postgres/connect";
import { decisionColumns } from "./decision-columns.ts";
import type { DecisionRow } from "./tables.ts";

export interface ListDecisionsParams {
  tenant: string;
  /** Only decisions after this one and before that one, and neither of them. */
  after: string | undefined;
  before: string | undefined;
  /** Made at this time or later, and before that one: ids begin with their time. */
  from: Date | undefined;
  to: Date | undefined;
  /** From the newest on instead of from the oldest. */
  backward: boolean;
  limit: number;
}

/** One page of all decisions: oldest first unless asked otherwise. */
export async function listDecisions(tx: Tx, params: ListDecisionsParams): Promise<DecisionRow[]> {
  const { tenant, after, before, from, to, backward, limit } = params;
  return tx<DecisionRow[]>`select ${decisionColumns(tx)} from decision where tenant = ${tenant}
    ${after === undefined ? tx`` : tx`and decision_id > ${after}::uuid`}
    ${before === undefined ? tx`` : tx`and decision_id < ${before}::uuid`}
    ${from === undefined ? tx`` : tx`and decision_id >= ${leastIdAt(from)}::uuid`}
    ${to === undefined ? tx`` : tx`and decision_id < ${leastIdAt(to)}::uuid`}
    order by decision_id ${backward ? tx`desc` : tx`asc`} limit ${limit}`;
}

const MOST_MS = 2 ** 48 - 1;

/** Not above any id that is made at that millisecond. */
function leastIdAt(at: Date): string {
  const hex = Math.min(Math.max(at.getTime(), 0), MOST_MS).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
