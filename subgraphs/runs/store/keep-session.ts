import type { Tx } from "@soma/shared/postgres/connect";

/** Makes a session under an id that its writer has chosen; nothing changes when there is one. */
export async function keepSession(
  tx: Tx,
  { tenant, sessionId, createdBy }: { tenant: string; sessionId: string; createdBy: string },
): Promise<void> {
  await tx`insert into session (tenant, session_id, created_by) values (${tenant}, ${sessionId}, ${createdBy})
    on conflict (tenant, session_id) do nothing`;
}
