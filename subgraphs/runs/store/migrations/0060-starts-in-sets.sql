-- Starts of one tenant are made by one statement, in place of six for each; what that takes: docs/developer/engine-costs.md.
-- The key is not looked up before: the insert leaves a key alone that has a run, by the index of keys itself, and what it left alone is read
-- after it. To look it up first was also the dearest part: beside few runs each index that begins with the tenant looks as good as that of
-- keys, and a plan of that time reads all runs of the tenant for as long as its connection lives.
--
-- Whether a session is there is asked by a scalar subquery, which is a look by its key for each row: as exists () it may become one scan of
-- all that the tenant has. For the same reason a key that has a run is looked up as a range in the order of keys, which no other index has.
--
-- Rights, the tenant in its setting, and the order of values are those of 0044. The session is written after its run and checked when
-- the statement ends, so that none is made for a key that has a run already.
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
           "startedBy" text, priority smallint, "createdAt" timestamptz, deadline timestamptz, "traceParent" text, payload jsonb,
           -- Null from a process of the release before, as priority is.
           input jsonb)),
         r as (insert into run as b (run_id, tenant, session_id, graph, graph_version, graph_hash, role, model_profile, input, started_by,
                   priority, deadline, idem_key, idem_digest, trace_parent, created_at, available_at, told_by_row)
               select n."runId", n.tenant, n."sessionId", n.payload ->> 'graph', n."graphVersion", n."graphHash", n.payload ->> 'role',
                   n.payload ->> 'modelProfile', coalesce(n.input, n.payload -> 'input'), n."startedBy", coalesce(n.priority, 0), n.deadline,
                   n."idemKey", n."idemDigest", n."traceParent", n."createdAt", clock_timestamp(), true
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
