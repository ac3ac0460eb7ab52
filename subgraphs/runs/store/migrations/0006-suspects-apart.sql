-- A run that saw two of its workers die without ending a step is a suspect. A worker executes one suspect at a time, and
-- when it dies the suspect alone is blamed: so a run that kills its workers is found, and its neighbours are not given up
-- with it. A suspect that ends a step is none any more, and the next one has its turn.
create or replace function claim_runs(p_no int, p_worker uuid, p_gen int, p_graphs text[], p_slots int) returns setof run
language plpgsql volatile set search_path from current as $$
begin
  perform pg_advisory_xact_lock_shared(2, p_no);
  return query
  with w as (select 1 from worker where worker.worker_id = p_worker and worker.gen = p_gen and worker.state = 1),
       busy as (select 1 from run o where o.worker_id = p_worker and o.status = 1 and o.fruitless >= 2
                 and not exists (select from journal j where j.run_id = o.run_id and j.epoch = o.epoch and j.kind between 11 and 14)),
       suspect as (select r.run_id from run r
              where r.status = 0 and r.fruitless >= 2 and r.available_at <= clock_timestamp() and exists (select from w) and not exists (select from busy)
                and r.graph || '@' || r.graph_version || '#' || r.graph_hash = any (p_graphs)
                and not exists (select from run p where p.tenant = r.tenant and p.session_id = r.session_id and p.status < 10 and p.run_id < r.run_id)
              order by r.priority, r.available_at limit least(p_slots, 1) for update of r skip locked),
       c as (select r.run_id from run r
              where r.status = 0 and r.fruitless < 2 and r.available_at <= clock_timestamp() and exists (select from w)
                and r.graph || '@' || r.graph_version || '#' || r.graph_hash = any (p_graphs)
                and not exists (select from run p where p.tenant = r.tenant and p.session_id = r.session_id and p.status < 10 and p.run_id < r.run_id)
              order by r.priority, r.available_at limit p_slots - (select count(*) from suspect) for update of r skip locked)
  update run r set status = 1, epoch = r.epoch + 1, worker_id = p_worker, started_at = coalesce(r.started_at, clock_timestamp())
    from (select c.run_id from c union all select suspect.run_id from suspect) due where r.run_id = due.run_id returning r.*;
end $$;

-- A worker asks ten times a second whether a suspect is due; nearly always none is.
create index run_suspect on run (priority, available_at) where status = 0 and fruitless >= 2;

create or replace function take_over_worker(p_no int, p_worker uuid) returns int
language plpgsql volatile set search_path from current as $$
declare taken int;
begin
  perform pg_advisory_xact_lock(2, p_no);
  update worker set state = 3, gen = gen + 1 where worker_id = p_worker and state <> 3;
  with owned as (
    select r.run_id, r.fruitless as before, exists (
        -- The newest rows are enough: what a worker ended under its epoch is at the end of the history.
        select from (select j.epoch, j.kind from journal j where j.run_id = r.run_id order by j.seq desc limit 200) j
         where j.epoch = r.epoch and j.kind between 11 and 14) as advanced
      from run r where r.worker_id = p_worker and r.status = 1 for update of r),
  blamed as (
    select owned.run_id, case
        when advanced then 0
        when before < 2 and exists (select from owned s where s.before >= 2 and not s.advanced) then before
        else before + 1 end as fruitless
      from owned)
  update run set epoch = run.epoch + 1, status = 0, worker_id = null, recoveries = run.recoveries + 1, fruitless = blamed.fruitless,
      -- the first take-over is immediate; a run that keeps losing its worker waits longer each time, with full jitter
      available_at = clock_timestamp() + case when blamed.fruitless < 2 then interval '0'
        else random() * least(power(2, blamed.fruitless - 1), 60) * interval '250 milliseconds' end
    from blamed where blamed.run_id = run.run_id;
  get diagnostics taken = row_count;
  return taken;
end $$;

do $$ begin
  execute format('alter function take_over_worker(int, uuid) set search_path = %I, pg_temp', current_schema());
  execute format('alter function claim_runs(int, uuid, int, text[], int) set search_path = %I, pg_temp', current_schema());
end $$;
