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

do $$
begin
  execute format('alter function take_over_unheard(int, uuid, timestamptz) set search_path = %I, pg_temp', current_schema());
  revoke execute on function take_over_unheard(int, uuid, timestamptz) from public;
  grant execute on function take_over_unheard(int, uuid, timestamptz) to soma_worker;
end $$;
