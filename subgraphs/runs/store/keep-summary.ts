import type { NewSummary } from "@soma/sdk/services";
import type { Tx } from "@soma/shared/postgres/connect";

/**
 * Keeps a summary in place of the one it extends; false when another one is kept by now, or when a run it tells of was
 * erased, was rolled back or went away while it was made.
 */
export async function keepSummary(
  tx: Tx,
  { tenant, sessionId, runId, summary }: { tenant: string; sessionId: string; runId: string; summary: NewSummary },
): Promise<boolean> {
  const { text, madeBy, runIds, replaces } = summary;
  const upto = runIds.at(-1) ?? runId;
  // Whoever erases one of them, takes it back or lets it go changes its row.
  const told = await tx`
    select from run where tenant = ${tenant} and run_id = any (${runIds as string[]}::uuid[]) and erased_at is null and status >= 10
     order by run_id for share`;
  if (told.length < runIds.length) return false;
  const kept = await (replaces === undefined
    ? tx`insert into session_summary (tenant, session_id, upto_run_id, turns, text, made_by, made_in)
           values (${tenant}, ${sessionId}, ${upto}, ${runIds.length}, ${text}, ${madeBy}, ${runId}) on conflict do nothing returning 1`
    : tx`update session_summary set upto_run_id = ${upto}, turns = turns + ${runIds.length}, text = ${text}, made_by = ${madeBy},
           made_in = ${runId}, made_at = clock_timestamp()
          where tenant = ${tenant} and session_id = ${sessionId} and made_in = ${replaces} returning 1`);
  return kept.length > 0;
}
