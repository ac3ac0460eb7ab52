import type { Sql } from "@soma/shared/postgres/connect";

/** Runs of a hundred tenants, each in a session of its own: so many that ended, and so many that wait for a worker of graph `g@1#h`. */
export async function fillManyRuns(owner: Sql, { ended, waiting }: { ended: number; waiting: number }): Promise<void> {
  await owner`
    with made as (
      select n, 'tenant-' || n % 100 as tenant, uuidv7() as session_id, uuidv7() as run_id from generate_series(1, ${ended + waiting}::int) n),
    sessions as (insert into session (tenant, session_id, created_by) select tenant, session_id, 'user:ada' from made)
    insert into run (run_id, tenant, session_id, graph, graph_version, graph_hash, role, model_profile, input, started_by,
        status, deadline, idem_key, idem_digest, trace_parent)
      select run_id, tenant, session_id, 'g', 1, 'h', 'assistant', 'scripted', '{"text": "a question"}', 'user:ada',
        case when n <= ${ended} then 10 else 0 end, now() + interval '1 hour', run_id, '', '' from made`;
}
