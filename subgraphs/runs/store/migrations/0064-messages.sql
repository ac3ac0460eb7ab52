-- inbox   what a consumer has handled, so that a second delivery changes nothing; as in the schemas with an outbox
create table inbox (
  consumer    text not null,
  tenant      text not null,
  event_id    uuid not null,
  received_at timestamptz not null default clock_timestamp(),
  primary key (consumer, tenant, event_id)
);
create index inbox_by_age on inbox (received_at);
alter table inbox enable row level security;
alter table inbox force row level security;
create policy worker_rows on inbox to soma_worker using (true) with check (true);
grant select, insert, delete, update (received_at) on inbox to soma_worker;

-- Whether an event that could not be delivered tells of one of these runs. What a run says in its session has the key of that one, and
-- names its run beside the words.
create function tells_of(p_runs text[], p_type text, p_key text, p_payload text) returns boolean
language sql immutable as $$
  select p_key = any (p_runs)
    or case when p_type = 'conversation.event.v1' then p_payload::jsonb #>> '{metadata,run_id}' = any (p_runs) else false end
$$;

create function delete_letters(p_tree uuid[]) returns void
language sql volatile set search_path from current as $$
  delete from outbox_dead d
   where d.tenant = current_setting('soma.tenant', true) and tells_of(p_tree::text[], d.type, d.key, d.payload)
$$;

-- As in 0044, and what the runs said in their sessions goes, too.
create or replace function erase_payloads(p_run uuid, p_limit int) returns boolean
language plpgsql volatile security definer set search_path from current as $$
declare
  e erasure;
  tree uuid[];
  last record;
begin
  select * into e from erasure x
    where x.tenant = current_setting('soma.tenant', true) and x.run_id = p_run and x.done_at is null for update;
  if not found then return false; end if;
  select array_agg(r.run_id) into tree from run r where r.run_id = p_run or r.root_run_id = p_run;
  with part as (
    select j.run_id, j.seq from journal j where j.run_id = any (tree) and (j.run_id, j.seq) > (e.upto_run, e.upto_seq)
     order by j.run_id, j.seq limit p_limit),
  gone as (
    -- What a rollback says stays: in_effect() reads it.
    update journal j set payload = erased_payload() from part where j.run_id = part.run_id and j.seq = part.seq and j.kind <> 41)
  select count(*) as events, (array_agg(p.run_id order by p.run_id desc, p.seq desc))[1] as run_id,
      (array_agg(p.seq order by p.run_id desc, p.seq desc))[1] as seq into last from part p;
  if last.events > 0 then
    update erasure x set upto_run = last.run_id, upto_seq = last.seq where x.tenant = e.tenant and x.run_id = e.run_id;
  end if;
  if last.events = p_limit or forget_values(tree, p_limit) then return true; end if;
  perform delete_letters(tree);
  update erasure x set done_at = clock_timestamp() where x.tenant = e.tenant and x.run_id = e.run_id;
  return false;
end $$;

-- As in 0030, and so it does here.
create or replace function retire_runs(p_before timestamptz, p_limit int, inout p_after timestamptz, inout p_after_run uuid, out runs int)
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
    perform delete_letters(tree);
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

grant select (type, payload) on outbox_dead to soma_definer;

do $$
declare f regproc;
begin
  foreach f in array array['tells_of', 'delete_letters', 'erase_payloads', 'retire_runs']::regproc[] loop
    execute format('alter function %s set search_path = %I, pg_temp', f::regprocedure, current_schema());
  end loop;
  revoke execute on function delete_letters(uuid[]), tells_of(text[], text, text, text) from public;
  grant execute on function delete_letters(uuid[]) to soma_definer;
  grant execute on function tells_of(text[], text, text, text) to soma_definer, soma_worker;
end $$;
