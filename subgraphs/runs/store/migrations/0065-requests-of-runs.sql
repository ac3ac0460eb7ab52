-- A run keeps the id of the request that started it, as it keeps its trace: whatever it does, on whichever worker, is told under that id.
-- Runs of before have none, and so has one that no request started.
alter table run add column request_id text not null default '';
alter table run add constraint request_id_is_one check (request_id ~ '^[A-Za-z0-9._:-]{0,128}$') not valid;
grant insert (request_id) on run to soma_request;

-- As 0060, which says why it is as it is; null from a process of the release before.
create or replace function begin_runs(p_runs jsonb) returns setof run
language plpgsql volatile set search_path from current as $$
declare
  g record;
  made run[];
  begun uuid[];
begin
  -- One order for all callers: of two that hold the same keys, one waits for the other and none for both.
  for g in
    select each ->> 'tenant' as tenant, jsonb_agg(each) as starts, array_agg(distinct each ->> 'idemKey') as keys
      from jsonb_array_elements(p_runs) each group by 1 order by 1
  loop
    perform set_config('soma.tenant', g.tenant, true);
    with n as (select * from jsonb_to_recordset(g.starts) as each(
           tenant text, "idemKey" text, "idemDigest" text, "sessionId" uuid, "sessionIsNew" boolean, "runId" uuid, "graphVersion" int, "graphHash" text,
           "startedBy" text, priority smallint, "createdAt" timestamptz, deadline timestamptz, "traceParent" text,
           "requestId" text, payload jsonb, input jsonb)),
         r as (insert into run as b (run_id, tenant, session_id, graph, graph_version, graph_hash, role, model_profile, input, started_by,
                   priority, deadline, idem_key, idem_digest, trace_parent, request_id, created_at, available_at, told_by_row)
               select n."runId", n.tenant, n."sessionId", n.payload ->> 'graph', n."graphVersion", n."graphHash", n.payload ->> 'role',
                   n.payload ->> 'modelProfile', coalesce(n.input, n.payload -> 'input'), n."startedBy", coalesce(n.priority, 0), n.deadline,
                   n."idemKey", n."idemDigest", n."traceParent", coalesce(n."requestId", ''), n."createdAt", clock_timestamp(), true
                 from n where n."sessionIsNew" or (select true from session s where s.tenant = n.tenant and s.session_id = n."sessionId")
                order by n."idemKey"
               -- Of two at once, one waits here for the other.
               on conflict (tenant, idem_key) do nothing returning b.run_id, b as begun),
         s as (insert into session (tenant, session_id, created_by)
               select n.tenant, n."sessionId", n."startedBy" from n join r on r.run_id = n."runId" where n."sessionIsNew")
    select array_agg(r.begun) into made from r;
    -- A statement of its own: whether a run may have a history is asked of the run.
    insert into journal (run_id, seq, tenant, epoch, branch, kind, step, attempt, at, payload, payload_hash, hash)
      select n."runId", 1, g.tenant, 0, 0, 1, 0, 0, n."createdAt", n.payload, decode(n."payloadHash", 'hex'), decode(n.hash, 'hex')
        from jsonb_to_recordset(g.starts) as n("runId" uuid, "createdAt" timestamptz, payload jsonb, "payloadHash" text, hash text)
        join unnest(made) m on m.run_id = n."runId";
    begun := begun || array(select m.run_id from unnest(made) m);
    return query select * from unnest(made);
    continue when cardinality(made) = cardinality(g.keys);
    -- A statement of its own, which sees those that were waited for.
    return query
    select x.* from unnest(g.keys) k(idem_key) cross join lateral (
        select * from run r where r.tenant = g.tenant and r.idem_key >= k.idem_key and r.idem_key <= k.idem_key order by r.idem_key limit 1) x
     where not exists (select from unnest(made) m where m.run_id = x.run_id);
  end loop;

  for g in
    select each ->> 'tenant' as tenant, jsonb_agg(each) as starts from jsonb_array_elements(p_runs) each where each ? 'kept' group by 1 order by 1
  loop
    perform set_config('soma.tenant', g.tenant, true);
    perform keep_values(array_agg(g.tenant), array_agg(v ->> 'hash'), array_agg(v ->> 'value'))
      from jsonb_array_elements(g.starts) each cross join jsonb_array_elements(each -> 'kept') v
     -- What nothing refers to is not kept.
     where (each ->> 'runId')::uuid = any (begun) having count(*) > 0;
  end loop;
end $$;

do $$
begin
  execute format('alter function %s set search_path = %I, pg_temp', 'begin_runs'::regproc::regprocedure, current_schema());
end $$;
