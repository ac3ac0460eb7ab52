import type { KeptSummary } from "@soma/sdk/services";
import type { Tx } from "@soma/shared/postgres/connect";

/**
 * What a session's turns before a run were summed up to, and up to which run; undefined when they were not, or when it
 * tells of later ones.
 */
export async function readSummary(
  tx: Tx,
  { tenant, sessionId, beforeRunId }: { tenant: string; sessionId: string; beforeRunId: string },
): Promise<(KeptSummary & { uptoRunId: string }) | undefined> {
  const [row] = await tx<(KeptSummary & { uptoRunId: string })[]>`
    select text, made_by as "madeBy", turns, made_in as version, upto_run_id as "uptoRunId" from session_summary
     where tenant = ${tenant} and session_id = ${sessionId} and upto_run_id < ${beforeRunId}`;
  return row;
}
