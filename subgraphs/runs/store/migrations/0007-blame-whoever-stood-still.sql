-- Whoever runs beside a poison run and is not to blame becomes a suspect at most, and is then never beside one: only a run
-- that kills its workers goes on counting. What a run achieved counts however much was streamed since, and on an orderly stop.

-- Whether a run ended a step under its present epoch: the newest end of a step says so, however much was streamed since.
create function has_advanced(p_run uuid, p_epoch int) returns boolean
language sql stable set search_path from current as $$
  select coalesce((select j.epoch = p_epoch from journal j where j.run_id = p_run and j.kind between 11 and 14 order by j.seq desc limit 1), false)
$$;

create or replace function claim_runs(p_no int, p_worker uuid, p_gen int, p_graphs text[], p_slots int) returns setof run
language plpgsql volatile set search_path from current as $$
begin
  perform pg_advisory_xact_lock_shared(2, p_no);
  return query
  with w as (select 1 from worker where worker.worker_id = p_worker and worker.gen = p_gen and worker.state = 1),
       busy as (select 1 from run o where o.worker_id = p_worker and o.status = 1 and o.fruitless >= 2
                 and not has_advanced(o.run_id, o.epoch)),
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


create or replace function take_over_worker(p_no int, p_worker uuid) returns int
language plpgsql volatile set search_path from current as $$
declare taken int;
begin
  perform pg_advisory_xact_lock(2, p_no);
  update worker set state = 3, gen = gen + 1 where worker_id = p_worker and state <> 3;
  with owned as (
    select r.run_id, case when has_advanced(r.run_id, r.epoch) then 0 else r.fruitless + 1 end as fruitless
      from run r where r.worker_id = p_worker and r.status = 1 for update of r)
  update run set epoch = run.epoch + 1, status = 0, worker_id = null, recoveries = run.recoveries + 1, fruitless = owned.fruitless,
      -- the first take-over is immediate; a run that keeps losing its worker waits longer each time, with full jitter
      available_at = clock_timestamp() + case when owned.fruitless < 2 then interval '0'
        else random() * least(power(2, owned.fruitless - 1), 60) * interval '250 milliseconds' end
    from owned where owned.run_id = run.run_id;
  get diagnostics taken = row_count;
  return taken;
end $$;

-- Hands runs back on an orderly stop: no recovery is counted, and what was achieved is.
create or replace function release_runs(p_no int, p_worker uuid, p_runs uuid[]) returns int
language plpgsql volatile set search_path from current as $$
declare released int;
begin
  perform pg_advisory_xact_lock(2, p_no);
  update run set epoch = epoch + 1, status = 0, worker_id = null, available_at = clock_timestamp(),
      fruitless = case when has_advanced(run_id, epoch) then 0 else fruitless end
    where worker_id = p_worker and status = 1 and run_id = any (p_runs);
  get diagnostics released = row_count;
  return released;
end $$;

do $$ begin
  execute format('alter function has_advanced(uuid, int) set search_path = %I, pg_temp', current_schema());
  revoke execute on function has_advanced(uuid, int) from public;
  grant execute on function has_advanced(uuid, int) to soma_worker;
  execute format('alter function release_runs(int, uuid, uuid[]) set search_path = %I, pg_temp', current_schema());
  execute format('alter function take_over_worker(int, uuid) set search_path = %I, pg_temp', current_schema());
  execute format('alter function claim_runs(int, uuid, int, text[], int) set search_path = %I, pg_temp', current_schema());
end $$;
