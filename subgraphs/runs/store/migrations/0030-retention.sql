-- Runs go away by their age: a tree of runs at once, when all of it has ended long enough ago, nothing of it is held, none was
-- forked from it, and all its events were published. The rows of the runs go first, and with them every way to their history;
-- its rows go after them, so many at a time.
--
-- retired  runs that went away, while rows of their history are left
create table retired (
  tenant text not null,
  run_id uuid not null,
  primary key (tenant, run_id)
);
alter table retired enable row level security;
alter table retired force row level security;
create policy worker_reads on retired for select to soma_worker using (true);
create policy definer_rows on retired to soma_definer using (tenant = (select current_setting('soma.tenant', true)));
grant select on retired to soma_worker;
grant select, insert, delete on retired to soma_definer;

-- The first runs of trees in the order in which they come of age.
create index run_by_end on run (tenant, finished_at, run_id) where status >= 10 and parent_run_id is null;

-- Whether nothing keeps a tree: asked under the locks on its rows.
create function may_retire(p_tree uuid[], p_before timestamptz) returns boolean
language sql stable set search_path from current as $$
  select not exists (select from run r where r.run_id = any (p_tree) and (r.status < 10 or r.finished_at is null or r.finished_at >= p_before))
    and not exists (select from hold h where h.tenant = current_setting('soma.tenant', true) and h.run_id = any (p_tree) and h.released_at is null)
    and not exists (select from run f where f.tenant = current_setting('soma.tenant', true) and f.forked_from_run_id = any (p_tree))
    and not exists (select from relay_held w where w.run_id = any (p_tree))
    and not exists (select from journal j cross join relay_cursor c
      -- The kinds of the index journal_unpublished; the last event of a run that has ended is always one of them.
      where j.run_id = any (p_tree) and j.kind in (1, 4, 5, 6, 7, 8, 11, 12, 13, 14, 30, 31, 40, 41) and (j.xid, j.run_id, j.seq) > (c.last_xid, c.last_run, c.last_seq))
$$;

-- Lets trees of the transaction's tenant go that ended before an instant: looks at so many, or until a thousand runs went, from a
-- place on, and gives where the next call goes on, null when it looked at all. What somebody is at work on stays for another time.
create function retire_runs(p_before timestamptz, p_limit int, inout p_after timestamptz, inout p_after_run uuid, out runs int)
language plpgsql volatile security definer set search_path from current as $$
declare
  tenant_here text := current_setting('soma.tenant', true);
  root record;
  size int;
  tree uuid[];
  looked int := 0;
  is_full boolean := false;
begin
  runs := 0;
  for root in
    select r.run_id, r.finished_at from run r
     where r.tenant = tenant_here and r.status >= 10 and r.parent_run_id is null and r.finished_at < p_before
       and (r.finished_at, r.run_id) > (p_after, p_after_run)
     order by r.finished_at, r.run_id limit p_limit
  loop
    looked := looked + 1;
    p_after := root.finished_at;
    p_after_run := root.run_id;
    select array_agg(locked.run_id) into tree from (
      select r.run_id from run r where r.run_id = root.run_id or r.root_run_id = root.run_id order by r.run_id for update skip locked) locked;
    select count(*) into size from run r where r.run_id = root.run_id or r.root_run_id = root.run_id;
    continue when cardinality(tree) is distinct from size or not may_retire(tree, p_before);
    insert into retired (tenant, run_id) select tenant_here, gone from unnest(tree) gone;
    delete from signal s where s.run_id = any (tree);
    delete from outbox_dead d where d.tenant = tenant_here and d.key = any (tree::text[]);
    update schedule s set last_run_id = null where s.tenant = tenant_here and s.last_run_id = any (tree);
    delete from run r where r.run_id = any (tree);
    runs := runs + size;
    is_full := runs >= 1000;
    exit when is_full;
  end loop;
  if looked < p_limit and not is_full then
    p_after := null;
    p_after_run := null;
  end if;
end $$;

-- Deletes so many rows of the history of runs that went away; false when none are left.
create function delete_retired(p_limit int) returns boolean
language plpgsql volatile security definer set search_path from current as $$
declare
  gone retired;
  deleted int;
  free int := p_limit;
begin
  for gone in select * from retired t where t.tenant = current_setting('soma.tenant', true) order by t.run_id limit p_limit loop
    delete from journal j where j.run_id = gone.run_id
      and j.seq = any (array(select x.seq from journal x where x.run_id = gone.run_id order by x.seq limit free));
    get diagnostics deleted = row_count;
    free := free - deleted;
    exit when free = 0;
    delete from retired t where t.tenant = gone.tenant and t.run_id = gone.run_id;
  end loop;
  return exists (select from retired t where t.tenant = current_setting('soma.tenant', true));
end $$;

-- What the definer deletes has ended, and a history only after its run.
create policy definer_retires_ended on run as restrictive for delete to soma_definer using (status >= 10);
create policy definer_retires on journal for delete to soma_definer
  using (tenant = (select current_setting('soma.tenant', true))
    and exists (select from retired t where t.tenant = journal.tenant and t.run_id = journal.run_id));
create policy definer_forgets on schedule to soma_definer using (tenant = (select current_setting('soma.tenant', true)));
create policy definer_reads on relay_cursor for select to soma_definer using (true);
create policy definer_reads on relay_held for select to soma_definer using (true);
grant delete on journal, run, signal to soma_definer;
grant select (parent_run_id, finished_at) on run to soma_definer;
grant select (tenant, last_run_id), update (last_run_id) on schedule to soma_definer;
grant select (last_xid, last_run, last_seq) on relay_cursor to soma_definer;
grant select (run_id) on relay_held to soma_definer;

do $$
declare f regproc;
begin
  foreach f in array array['may_retire', 'retire_runs', 'delete_retired']::regproc[] loop
    execute format('alter function %s set search_path = %I, pg_temp', f::regprocedure, current_schema());
    execute format('revoke execute on function %s from public', f::regprocedure);
  end loop;
  grant execute on function may_retire(uuid[], timestamptz) to soma_definer;
  grant execute on function retire_runs(timestamptz, int, timestamptz, uuid), delete_retired(int) to soma_worker;
  alter function retire_runs(timestamptz, int, timestamptz, uuid) owner to soma_definer;
  alter function delete_retired(int) owner to soma_definer;
end $$;
