-- Starts runs in one statement. For each it looks the idempotency key up, makes the session when it is new, the run, and the event
-- the run begins with. Gives the run of each key, made here or known before; none for one whose session does not exist. It has its
-- caller's rights and no others: the tenant it sets for each run counts until this statement ends, and row level security reads it
-- as in any transaction of a request. What a run and its first event both tell comes once, as the payload of that event.
--
-- told_by_row says that the history begins with what the run's own row tells, and that nothing else stood in it when it was
-- made: whoever claims it first need not read it. A process of the release before does not say so, and its runs are read.
alter table run add column told_by_row boolean not null default false;
comment on column run.told_by_row is 'its history began with the event that this row tells, and nothing else';

create function begin_runs(p_runs jsonb) returns setof run
language plpgsql volatile set search_path from current as $$
declare n record; made run;
begin
  for n in
    select * from jsonb_to_recordset(p_runs) as each(
      tenant text, "idemKey" text, "idemDigest" text, "sessionId" uuid, "sessionIsNew" boolean, "runId" uuid, "graphVersion" int, "graphHash" text,
      "startedBy" text, "createdAt" timestamptz, deadline timestamptz, "traceParent" text, payload jsonb, "payloadHash" text, hash text)
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
        n.payload->>'modelProfile', n.payload->'input', n."startedBy", n.deadline, n."idemKey", n."idemDigest", n."traceParent", n."createdAt",
        clock_timestamp(), true)
      -- Of two at once, one waits here for the other.
      on conflict (tenant, idem_key) do nothing returning * into made;
    if found then
      insert into journal (run_id, seq, tenant, epoch, branch, kind, step, attempt, at, payload, payload_hash, hash)
        values (made.run_id, 1, n.tenant, 0, 0, 1, 0, 0, n."createdAt", n.payload, decode(n."payloadHash", 'hex'), decode(n.hash, 'hex'));
      return next made;
    else
      return query select * from run r where r.tenant = n.tenant and r.idem_key = n."idemKey";
    end if;
  end loop;
end $$;

do $$
declare f regprocedure := 'begin_runs'::regproc::regprocedure;
begin
  execute format('alter function %s set search_path = %I, pg_temp', f, current_schema());
  execute format('revoke execute on function %s from public', f);
  execute format('grant execute on function %s to soma_request', f);
end $$;
