import { newId } from "@soma/shared/ids";
import type { Sql } from "@soma/shared/postgres/connect";

/** A run that some worker executes under epoch 1; written as the owner of the tables. Gives its id. */
export async function insertExecutingRun(
  owner: Sql,
  tenant: string,
  { role = "assistant", root = null }: { role?: string; root?: string | null } = {},
): Promise<string> {
  const [runId, sessionId] = [newId("Run"), newId("Session")];
  await owner`insert into session (tenant, session_id, created_by) values (${tenant}, ${sessionId}, 'user:ada')`;
  await owner`insert into run (run_id, tenant, session_id, graph, graph_version, graph_hash, role, model_profile, input, started_by, status,
      epoch, worker_id, deadline, idem_key, idem_digest, trace_parent, root_run_id)
    values (${runId}, ${tenant}, ${sessionId}, 'assistant', 1, '', ${role}, 'm', '{}', 'user:ada', 1, 1, ${newId()}, 'infinity', ${runId}, '', '', ${root})`;
  return runId;
}
