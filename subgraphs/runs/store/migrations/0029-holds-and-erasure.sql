-- A run that has ended may lose its contents for good: what its payloads said is replaced by a marker, and the kinds, times and
-- digests stay, so that the chain is verified as before. A hold keeps a run from that, and from going away by its age.
--
-- hold     who keeps a run, since when and why; who let it go. Only added to, and outlives its run
-- erasure  who had a run erased and why, and how far that has come. Outlives its run
--
-- Lock order: as in 0019. Whoever holds a run and whoever erases it take its row first, so that each sees what the other did.

alter table run add column erased_at timestamptz;
comment on column run.erased_at is 'since when its contents are erased, or being erased';
create index run_forks on run (tenant, forked_from_run_id) where forked_from_run_id is not null;

create table hold (
  tenant         text not null,
  hold_id        uuid not null,
  run_id         uuid not null,
  reason         text not null,
  held_by        text not null,
  held_at        timestamptz not null default clock_timestamp(),
  idem_key       text not null,
  release_reason text,
  released_by    text,
  released_at    timestamptz,
  primary key (tenant, hold_id),
  check (num_nulls(release_reason, released_by, released_at) in (0, 3))
);
create unique index hold_idem on hold (tenant, idem_key);
create index hold_by_run on hold (tenant, run_id);

create table erasure (
  tenant    text not null,
  run_id    uuid not null,
  reason    text not null,
  erased_by text not null,
  erased_at timestamptz not null default clock_timestamp(),
  upto_run  uuid not null default '00000000-0000-0000-0000-000000000000',
  upto_seq  int not null default 0,
  done_at   timestamptz,
  primary key (tenant, run_id)
);
comment on column erasure.run_id is 'a run with all that it has started';
comment on column erasure.upto_seq is 'last event that was erased, of the run upto_run; those of the runs before it are, too';
create index erasure_open on erasure (tenant, run_id) where done_at is null;

do $$
declare t text;
begin
  foreach t in array array['hold', 'erasure'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy worker_reads on %I for select to soma_worker using (true)', t);
    execute format('create policy tenant_reads on %I for select to soma_request using (tenant = (select current_setting(''soma.tenant'', true)))', t);
    execute format('create policy definer_rows on %I to soma_definer using (tenant = (select current_setting(''soma.tenant'', true)))', t);
    execute format('grant select on %I to soma_request, soma_worker, soma_definer', t);
  end loop;
end $$;
-- A request holds runs of its own tenant, and lets go what is held; what was let go stays as it is.
create policy tenant_holds on hold for insert to soma_request
  with check (tenant = (select current_setting('soma.tenant', true)) and released_at is null
    and exists (select from run r where r.run_id = hold.run_id and r.tenant = hold.tenant));
create policy tenant_releases on hold for update to soma_request
  using (tenant = (select current_setting('soma.tenant', true)) and released_at is null)
  with check (tenant = (select current_setting('soma.tenant', true)) and released_at is not null);
grant insert (tenant, hold_id, run_id, reason, held_by, idem_key), update (release_reason, released_by, released_at) on hold to soma_request;
grant insert (tenant, run_id, reason, erased_by), update (upto_run, upto_seq, done_at) on erasure to soma_definer;

-- What an erased payload is replaced by: ERASED_PAYLOAD of schemas/erased-payload.ts.
create function erased_payload() returns jsonb
language sql immutable set search_path from current as $$ select '{"soma:erased": true}'::jsonb $$;

-- Begins to erase a run of the transaction's tenant with all that it has started, or tells what is in the way: the run above it,
-- one that has not ended, or one that is held. From then on nothing goes on from any of them.
create function order_erasure(p_run uuid, p_by text, p_reason text) returns table (obstacle text, run_id uuid)
language plpgsql volatile security definer set search_path from current as $$
declare
  tenant_here text := current_setting('soma.tenant', true);
  tree uuid[];
begin
  return query select 'CHILD', r.root_run_id from run r where r.run_id = p_run and r.root_run_id is not null;
  if found then return; end if;
  perform from run r where r.run_id = p_run or r.root_run_id = p_run order by r.run_id for update;
  -- Statements of their own: they see what was decided before the locks were granted.
  select array_agg(r.run_id) into tree from run r where r.run_id = p_run or r.root_run_id = p_run;
  return query select 'NOT_ENDED', r.run_id from run r where r.run_id = any (tree) and r.status < 10 order by r.run_id limit 1;
  if found then return; end if;
  -- What was forked from it, and from that, has its events for a history; whoever holds such a one locks these rows too.
  return query with recursive kept(run_id) as (
      select unnest(tree)
      union select f.run_id from run f join kept on f.forked_from_run_id = kept.run_id where f.tenant = tenant_here)
    select case when h.run_id = any (tree) then 'HELD' else 'FORK_HELD' end, h.run_id from hold h where h.tenant = tenant_here and h.run_id in (select k.run_id from kept k) and h.released_at is null limit 1;
  if found then return; end if;

  insert into erasure (tenant, run_id, reason, erased_by)
    select r.tenant, r.run_id, p_reason, p_by from run r where r.run_id = p_run on conflict do nothing;
  update run r set erased_at = clock_timestamp(), input = erased_payload(), cancel_reason = null
    where r.run_id = any (tree) and r.erased_at is null;
  update signal s set payload = erased_payload() where s.run_id = any (tree);
end $$;

-- Erases so many payloads more of a run that is being erased; false when that was all.
create function erase_payloads(p_run uuid, p_limit int) returns boolean
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
  if last.events < p_limit then
    delete from outbox_dead d where d.tenant = e.tenant and d.key = any (tree::text[]);
    update erasure x set done_at = clock_timestamp() where x.tenant = e.tenant and x.run_id = e.run_id;
    return false;
  end if;
  update erasure x set upto_run = last.run_id, upto_seq = last.seq where x.tenant = e.tenant and x.run_id = e.run_id;
  return true;
end $$;

-- As in 0021; a run without its contents does not go on.
create or replace function seize_run(p_run uuid, p_deadline timestamptz) returns boolean
language plpgsql volatile security definer set search_path from current as $$
declare
  owner uuid;
  fence int;
begin
  select r.worker_id, w.no into owner, fence from run r left join worker w on w.worker_id = r.worker_id where r.run_id = p_run;
  if fence is not null then
    perform pg_advisory_xact_lock(2, fence);
  end if;
  update run set epoch = epoch + 1, branch = branch + 1, status = 0, worker_id = null, finished_at = null, waits_for = null,
      control = 0, cancel_reason = null, fruitless = 0, deadline = p_deadline, available_at = clock_timestamp()
    where run_id = p_run and worker_id is not distinct from owner and erased_at is null;
  return found;
end $$;

-- The definer writes the marker into a history, and nothing else; what it takes away are events that could never be delivered.
create policy definer_erases on journal for update to soma_definer
  using (tenant = (select current_setting('soma.tenant', true)) and kind <> 41)
  with check (tenant = (select current_setting('soma.tenant', true)) and payload = erased_payload());
create policy definer_rows on signal to soma_definer using (tenant = (select current_setting('soma.tenant', true)))
  with check (tenant = (select current_setting('soma.tenant', true)) and payload = erased_payload());
create policy definer_rows on outbox_dead to soma_definer using (tenant = (select current_setting('soma.tenant', true)));
grant update (payload) on journal to soma_definer;
grant select (run_id, tenant), update (payload) on signal to soma_definer;
grant select (tenant, key), delete on outbox_dead to soma_definer;
grant select (root_run_id, forked_from_run_id, erased_at), update (input, erased_at) on run to soma_definer;

do $$
declare f regproc;
begin
  foreach f in array array['erased_payload', 'order_erasure', 'erase_payloads', 'seize_run']::regproc[] loop
    execute format('alter function %s set search_path = %I, pg_temp', f::regprocedure, current_schema());
    execute format('revoke execute on function %s from public', f::regprocedure);
  end loop;
  alter function order_erasure(uuid, text, text) owner to soma_definer;
  alter function erase_payloads(uuid, int) owner to soma_definer;
  grant execute on function erased_payload() to soma_definer;
  grant execute on function seize_run(uuid, timestamptz), order_erasure(uuid, text, text), erase_payloads(uuid, int) to soma_request;
  grant execute on function erase_payloads(uuid, int) to soma_worker;
end $$;
