import type { Tx } from "@soma/shared/postgres/connect";
import { RUN_STATUS } from "../domain/run-status.ts";

/**
 * Runs of a tenant that wait for a person after they asked to raise a budget; they may wait for something else by now.
 */
export async function listAskingRuns(tx: Tx, { tenant, limit }: { tenant: string; limit: number }): Promise<string[]> {
  const rows = await tx<{ runId: string }[]>`
    select r.run_id as "runId" from run r
     where r.tenant = ${tenant} and r.status = ${RUN_STATUS.WAITING_APPROVAL.code}
       and exists (select from journal a where a.run_id = r.run_id and a.kind = 30 and a.payload ->> 'name' like '%.budget')
     order by r.run_id limit ${limit}`;
  return rows.map(({ runId }) => runId);
}
