-- Takes a worker over that was not heard since somebody looked at it; nothing, and null, when it was, or another one took it over.
-- Without a time it is taken over whenever it was heard.
-- Whoever looked may have waited for its fence since, and a process that stood still may have been heard meanwhile.
create function take_over_unheard(p_no int, p_worker uuid, p_heard_at timestamptz) returns int
language plpgsql volatile set search_path from current as $$
begin
  perform pg_advisory_xact_lock(2, p_no);
  perform from worker w where w.worker_id = p_worker and w.state <> 3 and w.heard_at = coalesce(p_heard_at, w.heard_at) for update;
  if not found then return null; end if;
  return take_over_worker(p_no, p_worker);
end $$;

-- Hands a run back that could not go on at its worker, as one that cannot be read: each time in a row it waits longer, up to 15 seconds.
-- By that alone it is never given up: once it can be read again it goes on.
-- Only this ownership: the run may have been taken away, and be the same worker's anew.
create function set_back_run(p_no int, p_worker uuid, p_run uuid, p_epoch int) returns int
language plpgsql volatile set search_path from current as $$
declare tries int;
begin
  perform pg_advisory_xact_lock(2, p_no);
  update run r set epoch = r.epoch + 1, status = 0, worker_id = null, fruitless = owned.tries,
      available_at = clock_timestamp() + least(power(2, least(owned.tries, 10) - 1), 60) * interval '250 milliseconds'
    from (select x.run_id, case when has_advanced(x.run_id, x.epoch) then 1 else greatest(x.fruitless, least(x.fruitless + 1, 7)) end as tries
            from run x where x.run_id = p_run and x.epoch = p_epoch and x.worker_id = p_worker and x.status = 1 for update of x) owned
   where r.run_id = owned.run_id
  returning owned.tries into tries;
  return tries;
end $$;

-- As in 0019, of these ownerships alone.
drop function release_runs(int, uuid, uuid[]);
create function release_runs(p_no int, p_worker uuid, p_runs uuid[], p_epochs int[]) returns int
language plpgsql volatile set search_path from current as $$
declare released int;
begin
  perform pg_advisory_xact_lock(2, p_no);
  with owned as (select r.run_id from run r join unnest(p_runs, p_epochs) asked(run_id, epoch) on asked.run_id = r.run_id and asked.epoch = r.epoch
      where r.worker_id = p_worker and r.status = 1 order by r.run_id for update of r)
  update run set epoch = run.epoch + 1, status = 0, worker_id = null, available_at = clock_timestamp(),
      fruitless = case when has_advanced(run.run_id, run.epoch) then 0 else run.fruitless end
    from owned where owned.run_id = run.run_id;
  get diagnostics released = row_count;
  return released;
end $$;

do $$
declare f regproc;
begin
  foreach f in array array['take_over_unheard', 'set_back_run', 'release_runs']::regproc[] loop
    execute format('alter function %s set search_path = %I, pg_temp', f::regprocedure, current_schema());
    execute format('revoke execute on function %s from public', f::regprocedure);
    execute format('grant execute on function %s to soma_worker', f::regprocedure);
  end loop;
end $$;
