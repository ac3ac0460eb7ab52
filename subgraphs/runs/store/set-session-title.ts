import type { Tx } from "@soma/shared/postgres/connect";

/** Names a session, or takes its name away. Who said what it is called already changes nothing. */
export async function setSessionTitle(
  tx: Tx,
  params: { tenant: string; sessionId: string; title: string | null; titledBy: string },
): Promise<void> {
  const { tenant, sessionId, title, titledBy } = params;
  await tx`update session set title = ${title}, titled_by = ${titledBy}, titled_at = clock_timestamp()
    where tenant = ${tenant} and session_id = ${sessionId} and title is distinct from ${title}`;
}
