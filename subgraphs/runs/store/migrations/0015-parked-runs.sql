-- A run that waits longer than a moment is parked: it belongs to no worker, and is due again when its time has come. That time
-- is counted here, by the clock of the database, from the entry that parks it. A cancel request makes a parked run due at once,
-- also one that came while the entry was on its way.

-- The locking is that of 0002: the fence in a statement of its own, so that the next one sees what was decided before it.
drop function commit_batch(int, uuid, int, uuid[], int[], int[], smallint[], int[], text[], text[], smallint[], timestamptz[], text[], text[], text[], smallint[]);
create function commit_batch(
  p_no int, p_worker uuid, p_gen int,
  p_run uuid[], p_seq int[], p_epoch int[], p_kind smallint[], p_step int[], p_node text[], p_node_type text[],
  p_attempt smallint[], p_at timestamptz[], p_payload text[], p_payload_hash text[], p_hash text[], p_status smallint[],
  p_wait_ms bigint[]
) returns table (run_id uuid, control smallint)
language plpgsql volatile set search_path from current as $$
begin
  perform pg_advisory_xact_lock_shared(2, p_no);
  return query
  with w as (select 1 from worker where worker.worker_id = p_worker and worker.gen = p_gen and worker.state in (1, 2)),
       i as (select t.*, r.tenant, r.branch, r.control
               from unnest(p_run, p_seq, p_epoch, p_kind, p_step, p_node, p_node_type, p_attempt, p_at, p_payload, p_payload_hash, p_hash, p_status, p_wait_ms)
                    t(run_id, seq, epoch, kind, step, node, node_type, attempt, at, payload, payload_hash, hash, status, wait_ms)
               -- offset 0 keeps the planner at one primary key look-up per row; it would otherwise start from run_owner
               cross join lateral (select * from run x where x.run_id = t.run_id offset 0) r
               cross join w
              where r.epoch = t.epoch and r.worker_id = p_worker and r.status = 1),
       j as (insert into journal (run_id, seq, tenant, epoch, branch, kind, step, node, node_type, attempt, at, payload, payload_hash, hash)
             select i.run_id, i.seq, i.tenant, i.epoch, i.branch, i.kind, i.step, i.node, i.node_type, i.attempt, i.at,
                    i.payload::jsonb, decode(i.payload_hash, 'hex'), decode(i.hash, 'hex') from i),
       u as (update run r set status = i.status, worker_id = null, finished_at = case when i.status >= 10 then i.at end,
                    available_at = case when i.status <> 2 then r.available_at when r.control & 1 = 1 then clock_timestamp()
                      else clock_timestamp() + i.wait_ms * interval '1 millisecond' end
               from i where r.run_id = i.run_id and i.status >= 2)
  select distinct i.run_id, i.control from i;
end $$;

-- Parked runs that are due are claimed like those that are ready.
drop index run_ready;
create index run_due on run (priority, available_at) where status in (0, 2);
drop index run_suspect;
create index run_suspect on run (priority, available_at) where status in (0, 2) and fruitless >= 2;

create or replace function claim_runs(p_no int, p_worker uuid, p_gen int, p_graphs text[], p_slots int, p_age_ms bigint default null) returns setof run
language plpgsql volatile set search_path from current as $$
begin
  perform pg_advisory_xact_lock_shared(2, p_no);
  return query
  with w as (select 1 from worker where worker.worker_id = p_worker and worker.gen = p_gen and worker.state = 1),
       busy as (select 1 from run o where o.worker_id = p_worker and o.status = 1 and o.fruitless >= 2
                 and not has_advanced(o.run_id, o.epoch)),
       suspect as (select r.run_id from run r
              where r.status in (0, 2) and r.fruitless >= 2 and r.available_at <= clock_timestamp() and exists (select from w) and not exists (select from busy)
                and (p_age_ms is null or r.fruitless > 8 or r.control & 1 = 1 or p_age_ms >= 500 * least(power(2, r.fruitless - 2), 60))
                and r.graph || '@' || r.graph_version || '#' || r.graph_hash = any (p_graphs)
                and not exists (select from run p where p.tenant = r.tenant and p.session_id = r.session_id and p.status < 10 and p.run_id < r.run_id)
              order by r.priority, r.available_at limit least(p_slots, 1) for update of r skip locked),
       c as (select r.run_id from run r
              where r.status in (0, 2) and r.fruitless < 2 and r.available_at <= clock_timestamp() and exists (select from w)
                and r.graph || '@' || r.graph_version || '#' || r.graph_hash = any (p_graphs)
                and not exists (select from run p where p.tenant = r.tenant and p.session_id = r.session_id and p.status < 10 and p.run_id < r.run_id)
              order by r.priority, r.available_at limit p_slots - (select count(*) from suspect) for update of r skip locked)
  update run r set status = 1, epoch = r.epoch + 1, worker_id = p_worker, started_at = coalesce(r.started_at, clock_timestamp())
    from (select c.run_id from c union all select suspect.run_id from suspect) due where r.run_id = due.run_id returning r.*;
end $$;

grant update (available_at) on run to soma_request;

do $$
declare f regprocedure;
begin
  foreach f in array array['commit_batch'::regproc::regprocedure, 'claim_runs'::regproc::regprocedure] loop
    execute format('alter function %s set search_path = %I, pg_temp', f, current_schema());
    execute format('revoke execute on function %s from public', f);
    execute format('grant execute on function %s to soma_worker', f);
  end loop;
end $$;
