import type { Tx } from "@soma/shared/postgres/connect";

interface ListForgottenRunsParams {
  forgettingId: string;
  after: string | undefined;
  limit: number;
}

/** The runs whose memories went by an order to forget, by id. */
export async function listForgottenRuns(tx: Tx, params: ListForgottenRunsParams): Promise<{ runId: string }[]> {
  const { forgettingId, after, limit } = params;
  return tx<{ runId: string }[]>`select run_id as "runId" from forgetting_run
    where forgetting_id = ${forgettingId} ${after === undefined ? tx`` : tx`and run_id > ${after}::uuid`}
    order by run_id limit ${limit}`;
}
