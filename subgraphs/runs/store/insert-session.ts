import type { Tx } from "@soma/shared/postgres/connect";

export async function insertSession(
  tx: Tx,
  params: { tenant: string; sessionId: string; createdBy: string },
): Promise<void> {
  await tx`insert into session (tenant, session_id, created_by) values (${params.tenant}, ${params.sessionId}, ${params.createdBy})`;
}
