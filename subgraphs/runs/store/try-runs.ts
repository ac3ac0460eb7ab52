import type { Tx } from "@soma/shared/postgres/connect";
import type { ListRunsParams } from "./walk-runs.ts";

/** What is tried on each run `s` of a walk, as conditions that follow `where`; none where the walk leads to no other runs. */
export function trialsOf(tx: Tx, params: ListRunsParams) {
  const { text, role, outcomes, recovered } = params;
  const trials = [
    recovered === true ? alongRecovered(tx, params) : undefined,
    recovered === false ? tx`s.recoveries = 0` : undefined,
    role === undefined ? undefined : tx`s.role = ${role}`,
    text === undefined ? undefined : tx`strpos(lower(coalesce(s.input ->> 'text', s.input::text)), lower(${text})) > 0`,
    outcomes === undefined ? undefined : tx`s."erasedAt" is null and ${outcomeOf(tx)} = any (${[...outcomes]})`,
  ].filter((trial) => trial !== undefined);
  return trials.map((trial, at) => (at === 0 ? trial : tx`and ${trial}`));
}

/** The walk along those that were recovered leads to all of them; undefined where all are asked for. */
function alongRecovered(tx: Tx, { sessionId, graph, statusCodes }: ListRunsParams) {
  if (sessionId === undefined && graph === undefined && statusCodes === undefined) return undefined;
  return tx`true ${sessionId === undefined ? tx`` : tx`and s."sessionId" = ${sessionId}`}
    ${graph === undefined ? tx`` : tx`and s.graph = ${graph}`}
    ${statusCodes === undefined ? tx`` : tx`and s.status = any (${[...statusCodes]}::smallint[])`}`;
}

/**
 * How a run went, by the rule of domain/run-outcome.ts; null while it goes on. What is looked at is what is wrong with it; the
 * parts of its history that count are looked for where it was forked or rolled back alone, since that costs more.
 */
function outcomeOf(tx: Tx) {
  const worst = tx`case when bool_or(b.cut) then 'INCOMPLETE' when bool_or(not b.denied and not b.cut) then 'WITH_FAILURES'
    when bool_or(b.denied) then 'WITH_DENIALS' else 'OK' end`;
  return tx`case when s.status = 11 then 'FAILED' when s.status = 12 then 'CANCELED' when s.status < 10 then null
    when s."forkedFromRunId" is null and s.branch = 0 then (select ${worst} from bad_call b where b.run_id = s."runId")
    else (select ${worst} from in_effect(s."runId") part
      join bad_call b on b.run_id = part.run_id and b.seq > part.after_seq and b.seq <= part.up_to) end`;
}
