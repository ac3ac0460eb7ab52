import { newId } from "@soma/shared/ids";
import type { Sql } from "@soma/shared/postgres/connect";
import { RUN_STATUS } from "../domain/run-status.ts";

interface FillQueueParams {
  tenant: string;
  count: number;
  /** How many sessions they stand in, one after the other; without it each run has its own. */
  sessions?: number;
  status?: number;
  priority?: number;
  /** A Postgres interval after which they are due. */
  dueIn?: string;
  /** Version of the graph they are pinned to. */
  graphVersion?: number;
}

/** What those runs are pinned to, when nothing else is said. */
export const QUEUE_PIN = "g@1#h";

/** Runs that no worker has begun; gives their ids, oldest first. */
export async function fillQueue(owner: Sql, params: FillQueueParams): Promise<string[]> {
  const { tenant, count, sessions = count, graphVersion = 1, priority = 0 } = params;
  const { status = RUN_STATUS.READY.code, dueIn = "-1 second" } = params;
  const sessionIds = Array.from({ length: sessions }, () => newId("Session"));
  const fromMs = Date.now() - count;
  const runIds = Array.from({ length: count }, (_, i) => newId("Run", fromMs + i));
  await owner`insert into session (tenant, session_id, created_by) select ${tenant}, s, 'user:ada' from unnest(${sessionIds}::uuid[]) s`;
  await owner`insert into run (run_id, tenant, session_id, graph, graph_version, graph_hash, role, model_profile, input, started_by,
      status, priority, available_at, deadline, idem_key, idem_digest, trace_parent)
    select run_id, ${tenant}, (${sessionIds}::uuid[])[1 + (no - 1) % ${sessions}::int], 'g', ${graphVersion}, 'h', 'r', 'm', '{}', 'u',
      ${status}, ${priority}, clock_timestamp() + ${dueIn}::interval, clock_timestamp(), run_id, '', ''
      from unnest(${runIds}::uuid[]) with ordinality r(run_id, no)`;
  return runIds;
}
