-- The four functions that change who owns a run or what its history says. All of them take the worker's fence (advisory
-- lock class 2) in a statement of its own, so that the next statement has a snapshot taken after the lock was granted.
-- One statement that does both accepts stale writes: READ COMMITTED would re-check only the locked row and read `run`
-- from the snapshot taken before it waited.

-- Appends rows of many runs in one call. A row counts only when the caller's incarnation is alive and still owns the
-- row's run under the row's epoch; a run that is missing from the answer was taken away. Shared lock: batches of one
-- worker run side by side, a take-over waits for those in flight and later ones queue behind it.
create function commit_batch(
  p_no int, p_worker uuid, p_gen int,
  p_run uuid[], p_seq int[], p_epoch int[], p_kind smallint[], p_step int[], p_node text[], p_node_type text[],
  p_attempt smallint[], p_at timestamptz[], p_payload text[], p_payload_hash text[], p_hash text[], p_status smallint[]
) returns table (run_id uuid, control smallint)
language plpgsql volatile set search_path from current as $$
begin
  perform pg_advisory_xact_lock_shared(2, p_no);
  return query
  with w as (select 1 from worker where worker.worker_id = p_worker and worker.gen = p_gen and worker.state in (1, 2)),
       i as (select t.*, r.tenant, r.branch, r.control
               from unnest(p_run, p_seq, p_epoch, p_kind, p_step, p_node, p_node_type, p_attempt, p_at, p_payload, p_payload_hash, p_hash, p_status)
                    t(run_id, seq, epoch, kind, step, node, node_type, attempt, at, payload, payload_hash, hash, status)
               -- offset 0 keeps the planner at one primary key look-up per row; it would otherwise start from run_owner
               cross join lateral (select * from run x where x.run_id = t.run_id offset 0) r
               cross join w
              where r.epoch = t.epoch and r.worker_id = p_worker and r.status = 1),
       j as (insert into journal (run_id, seq, tenant, epoch, branch, kind, step, node, node_type, attempt, at, payload, payload_hash, hash)
             select i.run_id, i.seq, i.tenant, i.epoch, i.branch, i.kind, i.step, i.node, i.node_type, i.attempt, i.at,
                    i.payload::jsonb, decode(i.payload_hash, 'hex'), decode(i.hash, 'hex') from i),
       u as (update run r set status = i.status, worker_id = null, finished_at = case when i.status >= 10 then i.at end
               from i where r.run_id = i.run_id and i.status >= 2)
  select distinct i.run_id, i.control from i;
end $$;

-- Gives free slots of a live worker runs that are due, oldest first, one run per session at a time.
create function claim_runs(p_no int, p_worker uuid, p_gen int, p_graphs text[], p_slots int) returns setof run
language plpgsql volatile set search_path from current as $$
begin
  perform pg_advisory_xact_lock_shared(2, p_no);
  return query
  with w as (select 1 from worker where worker.worker_id = p_worker and worker.gen = p_gen and worker.state = 1),
       c as (select r.run_id from run r
              where r.status = 0 and r.available_at <= clock_timestamp() and exists (select from w)
                and r.graph || '@' || r.graph_version || '#' || r.graph_hash = any (p_graphs)
                and not exists (select from run p where p.tenant = r.tenant and p.session_id = r.session_id and p.status < 10 and p.run_id < r.run_id)
              order by r.priority, r.available_at limit p_slots for update of r skip locked)
  update run r set status = 1, epoch = r.epoch + 1, worker_id = p_worker, started_at = coalesce(r.started_at, clock_timestamp())
    from c where r.run_id = c.run_id returning r.*;
end $$;

-- Takes every run away from a worker that is gone. Exclusive lock: all its batches are decided before, later ones see the new gen.
create function take_over_worker(p_no int, p_worker uuid) returns int
language plpgsql volatile set search_path from current as $$
declare taken int;
begin
  perform pg_advisory_xact_lock(2, p_no);
  update worker set state = 3, gen = gen + 1 where worker_id = p_worker and state <> 3;
  update run set epoch = epoch + 1, status = 0, worker_id = null, recoveries = recoveries + 1,
      -- the first take-over is immediate; a run that keeps losing its worker waits longer each time, with full jitter
      available_at = clock_timestamp() + case when recoveries = 0 then interval '0' else random() * least(power(2, recoveries), 60) * interval '250 milliseconds' end
    where worker_id = p_worker and status = 1;
  get diagnostics taken = row_count;
  return taken;
end $$;

-- Hands runs back on an orderly stop: no recovery is counted.
create function release_runs(p_no int, p_worker uuid, p_runs uuid[]) returns int
language plpgsql volatile set search_path from current as $$
declare released int;
begin
  perform pg_advisory_xact_lock(2, p_no);
  update run set epoch = epoch + 1, status = 0, worker_id = null, available_at = clock_timestamp()
    where worker_id = p_worker and status = 1 and run_id = any (p_runs);
  get diagnostics released = row_count;
  return released;
end $$;
