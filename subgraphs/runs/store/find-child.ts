import type { Tx } from "@soma/shared/postgres/connect";

/** Id of the run that a call of a step of a run has started. */
export async function findChild(
  tx: Tx,
  { parentRunId, parentCall }: { parentRunId: string; parentCall: string },
): Promise<string | undefined> {
  const [row] = await tx<{ runId: string }[]>`
    select run_id as "runId" from run where parent_run_id = ${parentRunId} and parent_call = ${parentCall}`;
  return row?.runId;
}
