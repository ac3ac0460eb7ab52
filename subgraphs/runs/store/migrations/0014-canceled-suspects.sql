-- A suspect that is to be canceled executes nothing and so proves nothing: it waits for no worker to have lived a while, and
-- can be canceled however short lives are.
create or replace function claim_runs(p_no int, p_worker uuid, p_gen int, p_graphs text[], p_slots int, p_age_ms bigint default null) returns setof run
language plpgsql volatile set search_path from current as $$
begin
  perform pg_advisory_xact_lock_shared(2, p_no);
  return query
  with w as (select 1 from worker where worker.worker_id = p_worker and worker.gen = p_gen and worker.state = 1),
       busy as (select 1 from run o where o.worker_id = p_worker and o.status = 1 and o.fruitless >= 2
                 and not has_advanced(o.run_id, o.epoch)),
       suspect as (select r.run_id from run r
              where r.status = 0 and r.fruitless >= 2 and r.available_at <= clock_timestamp() and exists (select from w) and not exists (select from busy)
                and (p_age_ms is null or r.fruitless > 8 or r.control & 1 = 1 or p_age_ms >= 500 * least(power(2, r.fruitless - 2), 60))
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

do $$ begin
  execute format('alter function claim_runs(int, uuid, int, text[], int, bigint) set search_path = %I, pg_temp', current_schema());
end $$;
