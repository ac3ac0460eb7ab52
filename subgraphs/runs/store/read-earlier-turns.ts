import { EVENT_KIND } from "@soma/schemas/run-history";
import { joinCut } from "@soma/sdk/estimate-tokens";
import type { Tx } from "@soma/shared/postgres/connect";
import { RUN_STATUS } from "../domain/run-status.ts";

/** Runs looked at for each turn: those of a graph without a question and an answer are none. */
const RUNS_PER_TURN = 4;
/** Characters at each end of a question and of an answer that are read: an answer may be a megabyte long. */
const END_CHARACTERS = 8_000;

/** Of the oldest run: no id is smaller. */
const FIRST = "00000000-0000-0000-0000-000000000000";

/**
 * Questions and answers of the newest succeeded runs before one, and after another, of a session and of those it goes on
 * from, oldest first, each cut in its middle to its bound.
 */
export async function readEarlierTurns(
  tx: Tx,
  params: { tenant: string; sessionId: string; beforeRunId: string; afterRunId?: string | undefined; limit: number },
): Promise<{ runId: string; user: string; assistant: string }[]> {
  const ends = (text: ReturnType<typeof tx>) => tx`case when length(${text}) > ${2 * END_CHARACTERS}
      then array[left(${text}, ${END_CHARACTERS}), right(${text}, ${END_CHARACTERS}), length(${text})::text]
      else array[${text}] end`;
  const rows = await tx<{ runId: string; user: string[]; assistant: string[] }[]>`
    select r.run_id as "runId", ${ends(tx`r.text`)} as user, ${ends(tx`text_in(j.tenant, j.payload, 'answer')`)} as assistant
      -- in the order of run_by_session_status, and of no other index
      from (select e.run_id, e.text from session_lineage(${params.tenant}, ${params.sessionId}) p
              cross join lateral (select run_id, text_in(tenant, input, 'text') as text from run
                where tenant = ${params.tenant} and session_id = p.session_id and status::int = ${RUN_STATUS.SUCCEEDED.code}
                  and run_id < least(p.before_run_id, ${params.beforeRunId}) and run_id > ${params.afterRunId ?? FIRST}
                order by run_id desc nulls last limit ${params.limit * RUNS_PER_TURN}) e
              order by e.run_id desc limit ${params.limit * RUNS_PER_TURN}) r
        cross join lateral (select * from journal x where x.run_id = r.run_id order by x.seq desc limit 1) j
     where j.kind = ${EVENT_KIND.RUN_SUCCEEDED} and r.text is not null
     order by r.run_id desc limit ${params.limit}`;
  return rows
    .reverse()
    .map(({ runId, user, assistant }) => ({ runId, user: toText(user), assistant: toText(assistant) }));
}

/** A text as it is, or its ends and a mark between them; `length` counts characters, as Postgres does. */
function toText([head = "", tail, length]: string[]): string {
  return tail === undefined ? head : joinCut(head, tail, Number(length) - 2 * END_CHARACTERS);
}
