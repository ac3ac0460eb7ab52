import type { Tx } from "@soma/shared/postgres/connect";

export interface InsertSessionParams {
  tenant: string;
  sessionId: string;
  createdBy: string;
  /** The run of another session before which this one goes on. */
  forkedFromRunId?: string;
}

export async function insertSession(tx: Tx, params: InsertSessionParams): Promise<void> {
  const { tenant, sessionId, createdBy, forkedFromRunId = null } = params;
  await tx`insert into session (tenant, session_id, created_by, forked_from_session_id, forked_from_run_id)
    select ${tenant}, ${sessionId}, ${createdBy}, r.session_id, r.run_id
      from (select) one left join run r on r.tenant = ${tenant} and r.run_id = ${forkedFromRunId}`;
}
