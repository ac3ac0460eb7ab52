import { EVENT_KIND } from "@soma/schemas/run-history";
import type { Sql } from "@soma/shared/postgres/connect";
import type { HeldRun } from "./read-held.ts";
import type { RelayPosition } from "./select-published.ts";

/**
 * Of answers, those that may not leave yet: a run of the same session that is held, or waits for a letter to be decided,
 * has one that was given before. Their runs.
 */
export async function findEarlyAnswers(
  sql: Sql,
  { answers, held }: { answers: readonly RelayPosition[]; held: readonly HeldRun[] },
): Promise<Set<string>> {
  const rows = await sql<{ runId: string }[]>`
    select distinct own.run_id as "runId"
      from unnest(${answers.map(({ runId }) => runId)}::uuid[], ${answers.map(({ xid }) => xid)}::text[]) answer(run_id, xid)
        join run own on own.run_id = answer.run_id
        cross join (select * from unnest(${held.map(({ runId }) => runId)}::uuid[], ${held.map(({ seq }) => seq)}::int[]) of_ours(run_id, seq)
          union all select run_id, seq from relay_held where letter is not null) waits
        join run other on other.run_id = waits.run_id
          and other.tenant = own.tenant and other.session_id = own.session_id and other.run_id <> own.run_id
     where exists (select from journal j where j.run_id = other.run_id and j.seq >= waits.seq
       and j.kind = ${EVENT_KIND.RUN_SUCCEEDED} and j.xid < answer.xid::xid8)`;
  return new Set(rows.map(({ runId }) => runId));
}
