-- What is over 8 KB of JSON in a payload or an input is kept once for a tenant, whoever has it how often, and the row says by
-- its hash where it belongs: under the name soma:big, [hash, where, within, what, stands, here] for each (domain/big-values.ts).
-- What is hashed, shown and exported is the whole.
--
-- big_value_use says which runs refer to a value, for whoever erases. It follows from the rows, so triggers write it. Its key
-- is checked when a transaction ends: no row refers to what is not kept, and nobody takes a value away that one refers to.
--
-- Lock order: values come after everything else, in the order of their hashes.
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

-- For whoever has erased what these runs say: takes away what no other run refers to.
create function forget_values(p_runs uuid[]) returns void
language sql volatile set search_path from current as $$
  with forgotten as (delete from big_value_use u where u.run_id = any (p_runs) returning u.tenant, u.hash)
  delete from big_value v using (select distinct tenant, hash from forgotten) f
   where v.tenant = f.tenant and v.hash = f.hash
     and not exists (select from big_value_use u where u.tenant = v.tenant and u.hash = v.hash and u.run_id <> all (p_runs))
$$;

-- A text field of what is stored, wherever it is kept.
create function text_in(p_tenant text, p_stored jsonb, p_field text) returns text
language sql stable set search_path from current as $$
  select coalesce(p_stored ->> p_field, (
    select case when jsonb_array_length(part) = 1 then v.value ->> p_field else v.value #>> '{}' end
      from jsonb_array_elements(p_stored -> 'soma:big') part
        join big_value v on v.tenant = p_tenant and v.hash = decode(part ->> 0, 'hex')
     where part - 0 in ('[]', jsonb_build_array(p_field))))
$$;

-- As in 0017, with the run's input as it is stored, and what it and the first event refer to.
create or replace function begin_runs(p_runs jsonb) returns setof run
language plpgsql volatile set search_path from current as $$
declare n record; made run;
begin
  for n in
    select * from jsonb_to_recordset(p_runs) as each(
      tenant text, "idemKey" text, "idemDigest" text, "sessionId" uuid, "sessionIsNew" boolean, "runId" uuid, "graphVersion" int, "graphHash" text,
      "startedBy" text, "createdAt" timestamptz, deadline timestamptz, "traceParent" text, payload jsonb, "payloadHash" text, hash text,
      -- Null from a process of the release before.
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
        deadline, idem_key, idem_digest, trace_parent, created_at, available_at, told_by_row)
      values (n."runId", n.tenant, n."sessionId", n.payload->>'graph', n."graphVersion", n."graphHash", n.payload->>'role',
        n.payload->>'modelProfile', coalesce(n.input, n.payload->'input'), n."startedBy", n.deadline, n."idemKey", n."idemDigest",
        n."traceParent", n."createdAt", clock_timestamp(), true)
      -- Of two at once, one waits here for the other.
      on conflict (tenant, idem_key) do nothing returning * into made;
    if found then
      insert into journal (run_id, seq, tenant, epoch, branch, kind, step, attempt, at, payload, payload_hash, hash)
        values (made.run_id, 1, n.tenant, 0, 0, 1, 0, 0, n."createdAt", n.payload, decode(n."payloadHash", 'hex'), decode(n.hash, 'hex'));
      if n.kept is not null then
        insert into big_value (tenant, hash, value)
          select n.tenant, decode(v ->> 'hash', 'hex'), v -> 'value' from jsonb_array_elements(n.kept) v order by 2
          on conflict do nothing;
      end if;
      return next made;
    else
      return query select * from run r where r.tenant = n.tenant and r.idem_key = n."idemKey";
    end if;
  end loop;
end $$;

do $$
declare t text; f regprocedure;
begin
  foreach t in array array['big_value', 'big_value_use'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy worker_rows on %I to soma_worker using (true) with check (true)', t);
    execute format('create policy tenant_rows on %I to soma_request using (tenant = (select current_setting(''soma.tenant'', true)))
      with check (tenant = (select current_setting(''soma.tenant'', true)))', t);
    execute format('grant select, insert on %I to soma_request', t);
    execute format('grant select, insert, delete on %I to soma_worker', t);
  end loop;
  foreach f in array array['note_values'::regproc::regprocedure, 'forget_values'::regproc::regprocedure,
      'text_in'::regproc::regprocedure, 'begin_runs'::regproc::regprocedure] loop
    execute format('alter function %s set search_path = %I, pg_temp', f, current_schema());
  end loop;
  revoke execute on function note_values(), forget_values(uuid[]), text_in(text, jsonb, text) from public;
  grant execute on function forget_values(uuid[]) to soma_worker;
  grant execute on function text_in(text, jsonb, text) to soma_request, soma_worker;
end $$;
