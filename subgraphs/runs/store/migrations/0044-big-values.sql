-- What is over 8 KB of JSON in a payload or an input is kept once for a tenant, whoever has it how often, and the row says by
-- its hash where it belongs: under the name soma:big, [hash, and the names of the fields on the way there] for each (domain/big-values.ts).
-- What is hashed, shown and exported is the whole.
--
-- big_value_use says which runs refer to a value, for whoever erases. It follows from the rows, so triggers write it. Its key
-- is checked when a transaction ends: no row refers to what is not kept, and nobody takes a value away that one refers to.
--
-- Lock order: values come after everything else, in the order of their tenants and hashes, so that a transaction keeps all it
-- has by one call at its end.
create table big_value (
  tenant text not null,
  hash   bytea not null,
  value  jsonb not null,
  primary key (tenant, hash)
);

create table big_value_use (
  tenant text not null,
  hash   bytea not null,
  run_id uuid not null,
  primary key (run_id, hash),
  foreign key (tenant, hash) references big_value (tenant, hash) deferrable initially deferred
);
create index big_value_use_by_value on big_value_use (tenant, hash);

create function note_values() returns trigger
language plpgsql volatile set search_path from current as $$
declare stored jsonb;
begin
  if tg_table_name = 'run' then
    stored := new.input;
  else
    stored := new.payload;
  end if;
  insert into big_value_use (tenant, hash, run_id)
    select new.tenant, decode(part ->> 0, 'hex'), new.run_id from jsonb_array_elements(stored -> 'soma:big') part
    on conflict do nothing;
  return null;
end $$;
create trigger run_values after insert on run for each row when (new.input ? 'soma:big') execute function note_values();
create trigger journal_values after insert on journal for each row when (new.payload ? 'soma:big') execute function note_values();
create trigger signal_values after insert on signal for each row when (new.payload ? 'soma:big') execute function note_values();

-- Keeps values of rows that the same transaction has written, each once for its tenant, and holds them until it ends: whoever
-- takes one away at the same time is waited for, and it is written again.
create function keep_values(p_tenant text[], p_hash text[], p_value text[]) returns void
language plpgsql volatile set search_path from current as $$
declare
  needed int;
  held int;
begin
  select count(distinct (given.tenant, given.hash)) into needed from unnest(p_tenant, p_hash) given(tenant, hash);
  loop
    -- A statement of its own each time: it sees what became of those that it waited for.
    perform from big_value v
      where (v.tenant, v.hash) in (select given.tenant, decode(given.hash, 'hex') from unnest(p_tenant, p_hash) given(tenant, hash))
      order by v.tenant, v.hash for key share;
    get diagnostics held = row_count;
    exit when held = needed;
    insert into big_value (tenant, hash, value)
      select given.tenant, decode(given.hash, 'hex'), given.value::jsonb from unnest(p_tenant, p_hash, p_value) given(tenant, hash, value)
       where not exists (select from big_value v where v.tenant = given.tenant and v.hash = decode(given.hash, 'hex'))
       order by 1, 2 on conflict do nothing;
  end loop;
end $$;

-- Forgets so many values, and no more than 500, which may be large, of runs of the transaction's tenant whose rows say nothing
-- more, and takes away those that no other run has; false when that was all. Whoever keeps one of them is waited for, and then it stays.
create function forget_values(p_runs uuid[], p_limit int) returns boolean
language plpgsql volatile set search_path from current as $$
declare
  tenant_here text := current_setting('soma.tenant', true);
  at_once int := least(p_limit, 500);
  hashes bytea[];
begin
  select array_agg(part.hash) into hashes from (
    select distinct u.hash from big_value_use u where u.tenant = tenant_here and u.run_id = any (p_runs) order by u.hash limit at_once) part;
  perform from big_value v where v.tenant = tenant_here and v.hash = any (hashes) order by v.hash for update;
  delete from big_value_use u where u.tenant = tenant_here and u.run_id = any (p_runs) and u.hash = any (hashes);
  delete from big_value v where v.tenant = tenant_here and v.hash = any (hashes)
    and not exists (select from big_value_use u where u.tenant = v.tenant and u.hash = v.hash);
  return coalesce(cardinality(hashes), 0) = at_once;
end $$;

-- A text field of what is stored, wherever it is kept.
create function text_in(p_tenant text, p_stored jsonb, p_field text) returns text
language sql stable set search_path from current as $$
  select coalesce(p_stored ->> p_field, (
    select case when jsonb_array_length(part) = 1 then v.value ->> p_field else v.value #>> '{}' end
      from jsonb_array_elements(p_stored -> 'soma:big') part
        join big_value v on v.tenant = p_tenant and v.hash = decode(part ->> 0, 'hex')
     where part - 0 in ('[]', jsonb_build_array(p_field))))
$$;

-- As in 0017, with the run's priority, its input as it is stored, and what it and the first event refer to.
create or replace function begin_runs(p_runs jsonb) returns setof run
language plpgsql volatile set search_path from current as $$
declare n record; made run; begun uuid[];
begin
  for n in
    select * from jsonb_to_recordset(p_runs) as each(
      tenant text, "idemKey" text, "idemDigest" text, "sessionId" uuid, "sessionIsNew" boolean, "runId" uuid, "graphVersion" int, "graphHash" text,
      "startedBy" text, priority smallint, "createdAt" timestamptz, deadline timestamptz, "traceParent" text, payload jsonb, "payloadHash" text, hash text,
      -- Null from a process of the release before, as priority is.
      input jsonb, kept jsonb)
    -- One order for all callers: of two that hold the same keys, one waits for the other and none for both.
    order by tenant, "idemKey"
  loop
    perform set_config('soma.tenant', n.tenant, true);
    return query select * from run r where r.tenant = n.tenant and r.idem_key = n."idemKey";
    continue when found;

    if n."sessionIsNew" then
      insert into session (tenant, session_id, created_by) values (n.tenant, n."sessionId", n."startedBy");
    else
      perform from session s where s.tenant = n.tenant and s.session_id = n."sessionId";
      continue when not found;
    end if;

    insert into run (run_id, tenant, session_id, graph, graph_version, graph_hash, role, model_profile, input, started_by,
        priority, deadline, idem_key, idem_digest, trace_parent, created_at, available_at, told_by_row)
      values (n."runId", n.tenant, n."sessionId", n.payload->>'graph', n."graphVersion", n."graphHash", n.payload->>'role',
        n.payload->>'modelProfile', coalesce(n.input, n.payload->'input'), n."startedBy", coalesce(n.priority, 0), n.deadline, n."idemKey", n."idemDigest",
        n."traceParent", n."createdAt", clock_timestamp(), true)
      -- Of two at once, one waits here for the other.
      on conflict (tenant, idem_key) do nothing returning * into made;
    if found then
      insert into journal (run_id, seq, tenant, epoch, branch, kind, step, attempt, at, payload, payload_hash, hash)
        values (made.run_id, 1, n.tenant, 0, 0, 1, 0, 0, n."createdAt", n.payload, decode(n."payloadHash", 'hex'), decode(n.hash, 'hex'));
      if n.kept is not null then begun := begun || made.run_id; end if;
      return next made;
    else
      return query select * from run r where r.tenant = n.tenant and r.idem_key = n."idemKey";
    end if;
  end loop;

  if begun is null then return; end if;
  for n in
    select each.tenant, array_agg(each.tenant) as tenants, array_agg(v ->> 'hash') as hashes, array_agg(v ->> 'value') as texts
      from jsonb_to_recordset(p_runs) as each(tenant text, "runId" uuid, kept jsonb) cross join jsonb_array_elements(each.kept) v
     where each."runId" = any (begun) group by each.tenant order by each.tenant
  loop
    perform set_config('soma.tenant', n.tenant, true);
    perform keep_values(n.tenants, n.hashes, n.texts);
  end loop;
end $$;

-- As in 0029, and what the runs kept by itself goes when nothing refers to it any more.
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
  delete from outbox_dead d where d.tenant = e.tenant and d.key = any (tree::text[]);
  update erasure x set done_at = clock_timestamp() where x.tenant = e.tenant and x.run_id = e.run_id;
  return false;
end $$;

-- As in 0030, and what a run kept by itself goes after the last row of its history.
create or replace function delete_retired(p_limit int) returns boolean
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
    exit when free = 0 or forget_values(array[gone.run_id], p_limit);
    delete from retired t where t.tenant = gone.tenant and t.run_id = gone.run_id;
  end loop;
  return exists (select from retired t where t.tenant = current_setting('soma.tenant', true));
end $$;

do $$
declare t text; f regproc;
begin
  foreach t in array array['big_value', 'big_value_use'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy worker_reads on %I for select to soma_worker using (true)', t);
    execute format('create policy worker_keeps on %I for insert to soma_worker with check (true)', t);
    execute format('create policy tenant_reads on %I for select to soma_request using (tenant = (select current_setting(''soma.tenant'', true)))', t);
    execute format('create policy tenant_keeps on %I for insert to soma_request with check (tenant = (select current_setting(''soma.tenant'', true)))', t);
    execute format('create policy definer_reads on %I for select to soma_definer using (tenant = (select current_setting(''soma.tenant'', true)))', t);
    execute format('create policy definer_forgets on %I for delete to soma_definer using (tenant = (select current_setting(''soma.tenant'', true)))', t);
    execute format('grant select, insert on %I to soma_request, soma_worker', t);
    execute format('grant select, delete on %I to soma_definer', t);
  end loop;
  -- A value is held by a lock that only who may change it gets; nobody may.
  create policy worker_holds on big_value for update to soma_worker using (true) with check (false);
  create policy tenant_holds on big_value for update to soma_request
    using (tenant = (select current_setting('soma.tenant', true))) with check (false);
  create policy definer_holds on big_value for update to soma_definer
    using (tenant = (select current_setting('soma.tenant', true))) with check (false);
  grant insert (priority) on run to soma_request;
  grant update (hash) on big_value to soma_request, soma_worker, soma_definer;

  foreach f in array array['note_values', 'keep_values', 'forget_values', 'text_in', 'begin_runs', 'erase_payloads', 'delete_retired']::regproc[] loop
    execute format('alter function %s set search_path = %I, pg_temp', f::regprocedure, current_schema());
  end loop;
  revoke execute on function note_values(), keep_values(text[], text[], text[]), forget_values(uuid[], int), text_in(text, jsonb, text) from public;
  grant execute on function keep_values(text[], text[], text[]) to soma_request, soma_worker;
  grant execute on function text_in(text, jsonb, text) to soma_worker;
  grant execute on function forget_values(uuid[], int) to soma_definer;
end $$;
