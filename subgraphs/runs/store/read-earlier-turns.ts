import { EVENT_KIND } from "@soma/schemas/run-history";
import type { Tx } from "@soma/shared/postgres/connect";
import { RUN_STATUS } from "../domain/run-status.ts";

/** Runs looked at for each turn: those of a graph without a question and an answer are none. */
const RUNS_PER_TURN = 4;
/** Characters of a question and of an answer that are read: an answer may be a megabyte long. */
const MAX_CHARACTERS = 16_000;

/** Questions and answers of a session's newest succeeded runs before one, oldest first, each cut to its bound. */
export async function readEarlierTurns(
  tx: Tx,
  params: { tenant: string; sessionId: string; beforeRunId: string; limit: number },
): Promise<{ user: string; assistant: string }[]> {
  const rows = await tx<{ user: string; assistant: string }[]>`
    select left(r.text, ${MAX_CHARACTERS}) as user, left(text_in(j.tenant, j.payload, 'answer'), ${MAX_CHARACTERS}) as assistant
      -- in the order of run_by_session_status, and of no other index
      from (select run_id, text_in(tenant, input, 'text') as text from run where tenant = ${params.tenant} and session_id = ${params.sessionId}
              and status::int = ${RUN_STATUS.SUCCEEDED.code} and run_id < ${params.beforeRunId}
              order by run_id desc nulls last limit ${params.limit * RUNS_PER_TURN}) r
        cross join lateral (select * from journal x where x.run_id = r.run_id order by x.seq desc limit 1) j
     where j.kind = ${EVENT_KIND.RUN_SUCCEEDED} and r.text is not null
     order by r.run_id desc limit ${params.limit}`;
  return rows.reverse();
}
