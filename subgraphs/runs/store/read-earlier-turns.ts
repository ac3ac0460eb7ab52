import { EVENT_KIND } from "@soma/schemas/run-history";
import type { Tx } from "@soma/shared/postgres/connect";

/** Questions and answers of a session's succeeded runs before one, oldest first. */
export async function readEarlierTurns(
  tx: Tx,
  params: { tenant: string; sessionId: string; beforeRunId: string; limit: number },
): Promise<{ user: string; assistant: string }[]> {
  const rows = await tx<{ user: string; assistant: string }[]>`
    select r.input ->> 'text' as user, j.payload ->> 'answer' as assistant
      from run r cross join lateral (select * from journal x where x.run_id = r.run_id order by x.seq desc limit 1) j
     where r.tenant = ${params.tenant} and r.session_id = ${params.sessionId} and r.run_id < ${params.beforeRunId} and r.status = 10
       and j.kind = ${EVENT_KIND.RUN_SUCCEEDED} and r.input ->> 'text' is not null
     order by r.run_id desc limit ${params.limit}`;
  return rows.reverse();
}
