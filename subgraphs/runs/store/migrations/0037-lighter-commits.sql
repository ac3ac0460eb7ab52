-- What a commit and a claim cost the server beside what they write. To set up a plan costs more than to run it: in a commit that
-- changes no status, and most do not, the update of runs stood with all of its indexes and triggers, and did nothing.
-- As in 0019 otherwise.
create or replace function commit_batch(
  p_no int, p_worker uuid, p_gen int,
  p_run uuid[], p_seq int[], p_epoch int[], p_kind smallint[], p_step int[], p_node text[], p_node_type text[],
  p_attempt smallint[], p_at timestamptz[], p_payload text[], p_payload_hash text[], p_hash text[], p_status smallint[],
  p_wait_ms bigint[] default null, p_waits_for text[] default null, p_signals int[] default null
) returns table (run_id uuid, control smallint)
language plpgsql volatile set search_path from current as $$
declare
  tree uuid[];
  place xid8;
begin
  perform pg_advisory_xact_lock_shared(2, p_no);
  -- A step in the database wrote before this, and its transaction may be older than rows of its run that were committed since: rows of
  -- a run are published in their order, so that it takes a place after those. Nothing was published so far yet while it is open.
  if pg_current_xact_id_if_assigned() is not null then
    place := greatest(pg_current_xact_id(), (pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1)::text::xid8);
  end if;
  -- Most batches leave every run with its worker: what they do not change is no part of their plan.
  if (2 <= any (p_status)) is not true then
    return query
    with i as (select t.*, r.tenant, r.branch, r.control
               from unnest(p_run, p_seq, p_epoch, p_kind, p_step, p_node, p_node_type, p_attempt, p_at, p_payload, p_payload_hash, p_hash)
                    t(run_id, seq, epoch, kind, step, node, node_type, attempt, at, payload, payload_hash, hash)
               cross join lateral (select x.tenant, x.branch, x.control, x.epoch, x.worker_id, x.status from run x where x.run_id = t.run_id offset 0) r
              where r.epoch = t.epoch and r.worker_id = p_worker and r.status = 1
                and exists (select from worker where worker.worker_id = p_worker and worker.gen = p_gen and worker.state in (1, 2))),
         j as (insert into journal (run_id, seq, xid, tenant, epoch, branch, kind, step, node, node_type, attempt, at, payload, payload_hash, hash)
               select i.run_id, i.seq, coalesce(place, pg_current_xact_id()), i.tenant, i.epoch, i.branch, i.kind, i.step, i.node, i.node_type, i.attempt, i.at,
                      i.payload::jsonb, decode(i.payload_hash, 'hex'), decode(i.hash, 'hex') from i)
    select distinct i.run_id, i.control from i;
    return;
  end if;
  -- Of runs in trees alone: what the update below locks, and what run_ended locks after it.
  with ends as (select r.run_id, r.parent_run_id, r.children, t.status
             from unnest(p_run, p_status) t(run_id, status)
             cross join lateral (select * from run x where x.run_id = t.run_id offset 0) r
            where t.status >= 2 and (r.parent_run_id is not null or r.children > 0))
  select array_agg(locked.run_id) into tree from (
      select e.run_id from ends e
      union select e.parent_run_id from ends e where e.status >= 10 and e.parent_run_id is not null
      union select c.run_id from ends e
        cross join lateral (select * from run x where x.parent_run_id = e.run_id and x.status < 10 offset 0) c
       where e.status >= 10 and e.children > 0) locked;
  perform from run r where r.run_id = any (tree) order by r.run_id for no key update;
  return query
  with w as (select 1 from worker where worker.worker_id = p_worker and worker.gen = p_gen and worker.state in (1, 2)),
       i as (select t.*, r.tenant, r.branch, r.control
               from unnest(p_run, p_seq, p_epoch, p_kind, p_step, p_node, p_node_type, p_attempt, p_at, p_payload, p_payload_hash, p_hash, p_status, p_wait_ms, p_waits_for, p_signals)
                    t(run_id, seq, epoch, kind, step, node, node_type, attempt, at, payload, payload_hash, hash, status, wait_ms, waits_for, signals)
               -- offset 0 keeps the planner at one primary key look-up per row; it would otherwise start from run_owner
               cross join lateral (select * from run x where x.run_id = t.run_id offset 0) r
               cross join w
              where r.epoch = t.epoch and r.worker_id = p_worker and r.status = 1),
       j as (insert into journal (run_id, seq, tenant, epoch, branch, kind, step, node, node_type, attempt, at, payload, payload_hash, hash)
             select i.run_id, i.seq, i.tenant, i.epoch, i.branch, i.kind, i.step, i.node, i.node_type, i.attempt, i.at,
                    i.payload::jsonb, decode(i.payload_hash, 'hex'), decode(i.hash, 'hex') from i),
       u as (update run r set status = i.status, worker_id = null, finished_at = case when i.status >= 10 then i.at end,
                    waits_for = i.waits_for,
                    -- Like a hand-back: a run that came further, or was left by its step in order, did not kill its worker.
                    fruitless = case when r.fruitless > 0 and i.status in (2, 3, 4) and (i.kind in (16, 18) or has_advanced(r.run_id, i.epoch)
                      or exists (select from i e where e.run_id = i.run_id and e.kind between 11 and 14)) then 0 else r.fruitless end,
                    available_at = case when i.status not in (2, 3, 4) then r.available_at
                      when r.control & 1 = 1 or (r.control & 2 = 2) <> (i.status = 4) or r.signals <> i.signals then clock_timestamp()
                      else coalesce(clock_timestamp() + i.wait_ms * interval '1 millisecond', 'infinity') end
               from i where r.run_id = i.run_id and i.status >= 2)
  select distinct i.run_id, i.control from i;
end $$;

do $$
begin
  execute format('alter function %s set search_path = %I, pg_temp', 'commit_batch'::regproc::regprocedure, current_schema());
end $$;

-- The plan of a claim is made once for each connection: to make it took longer than to claim. It goes by its indexes also while the tables
-- are small, since what is small when a plan is made may grow.
alter function claim_runs set plan_cache_mode = force_generic_plan;
alter function claim_runs set enable_seqscan = off;
