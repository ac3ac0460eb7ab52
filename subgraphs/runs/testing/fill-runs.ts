import { EVENT_KIND, type EventKind } from "@soma/schemas/run-history";
import { newId } from "@soma/shared/ids";
import type { Sql } from "@soma/shared/postgres/connect";
import { isFinished } from "../domain/run-status.ts";

interface FillRunsParams {
  tenant: string;
  sessionId: string;
  count: number;
  graph?: string;
  /** Code of the status they have. */
  status?: number;
  /** Milliseconds since 1970 at which the first one began; each next one began one later. */
  fromMs: number;
}

/**
 * Runs of a session that ended long ago, each with its first and its last event, or with another one where its status
 * says that it goes on; gives their ids, oldest first.
 */
export async function fillRuns(owner: Sql, params: FillRunsParams): Promise<string[]> {
  const { tenant, sessionId, count, graph = "assistant", status = 10, fromMs } = params;
  const second = isFinished(status) ? EVENT_KIND.RUN_SUCCEEDED : EVENT_KIND.RUN_RECOVERED;
  const runIds = Array.from({ length: count }, (_, i) => newId("Run", fromMs + i));
  await owner`insert into session (tenant, session_id, created_by) values (${tenant}, ${sessionId}, 'user:ada') on conflict do nothing`;
  await owner`insert into run (run_id, tenant, session_id, graph, graph_version, graph_hash, role, model_profile, input, started_by,
      status, deadline, idem_key, idem_digest, trace_parent)
    select run_id, ${tenant}, ${sessionId}, ${graph}, 1, 'h', 'assistant', 'scripted', '{"text": "a question"}', 'user:ada',
      ${status}, now(), run_id, '', '' from unnest(${runIds}::uuid[]) r(run_id)`;
  await owner`insert into journal (run_id, seq, tenant, epoch, branch, kind, step, attempt, at, payload, payload_hash, hash)
    select run_id, seq, ${tenant}, 0, 0, case seq when 1 then ${EVENT_KIND.RUN_STARTED}::int else ${second}::int end,
      0, 0, clock_timestamp(), '{"answer": "an answer"}', '', '' from unnest(${runIds}::uuid[]) r(run_id), generate_series(1, 2) seq`;
  return runIds;
}

/** More events of one kind in the history of a run, numbered from `from` on, each of a step of its own. */
export async function fillHistory(
  owner: Sql,
  { runId, kind, from, count }: { runId: string; kind: EventKind; from: number; count: number },
): Promise<void> {
  await owner`insert into journal (run_id, seq, tenant, epoch, branch, kind, step, node, node_type, attempt, at, payload, payload_hash, hash)
    select r.run_id, seq, r.tenant, 0, 0, ${EVENT_KIND[kind]}, seq, 'n', 'tool', 1, clock_timestamp(), '{}', '', ''
      from run r, generate_series(${from}::int, ${from + count - 1}::int) seq where r.run_id = ${runId}`;
}
