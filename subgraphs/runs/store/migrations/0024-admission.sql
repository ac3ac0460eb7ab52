-- One row a tenant, for its lock alone: who counts the unfinished runs of a tenant is the only one to do so until it has
-- committed what it then starts. Requests may take no advisory locks.
create table admission (
  tenant     text primary key,
  counted_at timestamptz not null
);
alter table admission enable row level security;
alter table admission force row level security;
create policy worker_rows on admission to soma_worker using (true) with check (true);
create policy tenant_rows on admission to soma_request using (tenant = (select current_setting('soma.tenant', true)))
  with check (tenant = (select current_setting('soma.tenant', true)));
grant select, insert, update on admission to soma_request, soma_worker;

-- How many runs of a tenant have not ended, counted up to so many. The lock is taken in a statement of its own, so that the count
-- sees what the last one who had it started.
create function count_unfinished(p_tenant text, p_most int) returns int
language plpgsql volatile set search_path from current as $$
begin
  insert into admission as a (tenant, counted_at) values (p_tenant, clock_timestamp())
    on conflict (tenant) do update set counted_at = excluded.counted_at;
  return (select count(*) from (select from run r where r.tenant = p_tenant and r.status < 10 limit p_most) unfinished);
end $$;

do $$ begin
  execute format('alter function count_unfinished(text, int) set search_path = %I, pg_temp', current_schema());
  revoke execute on function count_unfinished(text, int) from public;
  grant execute on function count_unfinished(text, int) to soma_request, soma_worker;
end $$;
