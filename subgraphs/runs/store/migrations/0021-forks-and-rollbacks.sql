-- A fork is a run that goes on from an event of another one. Nothing is copied: what stands up to that event is read where
-- it was written, and what comes after is the fork's own. A rollback is a row like any other, in a history that only grows:
-- what stands between the event it names and itself counts no more.

alter table run add column forked_from_run_id uuid, add column forked_from_seq int;
comment on column run.forked_from_run_id is 'the run that wrote the event a fork goes on from';
comment on column run.branch is 'rollbacks so far: part of the keys of effects, so that what is done again is done anew';
-- Unique, so that a fork can only be of a run of its own tenant.
drop index run_newest;
create unique index run_newest on run (tenant, run_id);
alter table run add constraint run_origin foreign key (tenant, forked_from_run_id) references run (tenant, run_id),
  add constraint run_origin_whole check ((forked_from_run_id is null) = (forked_from_seq is null) and coalesce(forked_from_seq, 1) >= 1);

-- Rows of the journal that are a run's history: each run that wrote a part of it, with the stretch it wrote. Tables are reached
-- by their indexes, also while they are small: what is small when a plan is made may grow.
create function lineage(p_run uuid) returns table (run_id uuid, after_seq int, up_to int)
language sql stable strict rows 1 set search_path from current set enable_seqscan = off as $$
  with recursive part as (
    select r.run_id, r.forked_from_run_id as origin, coalesce(r.forked_from_seq, 0) as after_seq, 2147483647 as up_to
      from run r where r.run_id = p_run
    union all
    select r.run_id, r.forked_from_run_id, coalesce(r.forked_from_seq, 0), part.after_seq
      -- What a fork goes on from was written by a run that began before that: a ring of runs that name each other ends here.
      from part join run r on r.run_id = part.origin and coalesce(r.forked_from_seq, 0) < part.after_seq)
  select part.run_id, part.after_seq, part.up_to from part
$$;

create index journal_rollbacks on journal (run_id, seq) where kind = 41;

-- The parts of a run's history that count: from its end back, each rollback leads to the event it names. As domain/abandoned.ts.
create function in_effect(p_run uuid) returns table (run_id uuid, after_seq int, up_to int)
language sql stable strict rows 1 set search_path from current set enable_seqscan = off as $$
  with recursive part as materialized (select * from lineage(p_run)),
  rollback as materialized (
    select j.seq, (j.payload ->> 'toSeq')::int as to_seq from part
      join journal j on j.run_id = part.run_id and j.seq > part.after_seq and j.seq <= part.up_to and j.kind = 41),
  kept as (
    select coalesce((select max(seq) from rollback), 0) as from_seq, 2147483647 as up_to
    union all
    select coalesce((select max(older.seq) from rollback older where older.seq <= r.to_seq and older.seq < r.seq), 0), r.to_seq
      from kept join rollback r on r.seq = kept.from_seq)
  select part.run_id, greatest(part.after_seq, kept.from_seq - 1), least(part.up_to, kept.up_to)
    from part cross join kept where greatest(part.after_seq, kept.from_seq - 1) < least(part.up_to, kept.up_to)
$$;

create or replace view bad_call with (security_invoker = true) as
  select run_id, kind = 13 or (kind = 11 and payload #>> '{output,status}' = 'DENIED') as denied, seq
    from journal
   where kind = 13 or (node_type = 'tool' and (kind = 12
    or (kind = 11 and payload #>> '{output,status}' in ('FAILED', 'TIMED_OUT', 'CANCELED', 'UNKNOWN', 'DENIED'))));

-- Beside the first event of a run, a request writes the one that a fork of its own begins with.
create policy tenant_forks on journal for insert to soma_request
  with check (tenant = (select current_setting('soma.tenant', true)) and kind = 40 and epoch = 0
    and exists (select from run r where r.run_id = journal.run_id and r.tenant = journal.tenant and r.forked_from_seq = journal.seq - 1));

-- Takes a run of the transaction's tenant away from whoever has it, finished or not, and makes it ready to go on: with the
-- fence of its owner, in a statement of its own, like every change of owner (0002). False when it changed hands meanwhile.
-- What was asked of the run before is over with it, and so is every suspicion. Until the transaction ends nobody claims it.
create function seize_run(p_run uuid, p_deadline timestamptz) returns boolean
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
    where run_id = p_run and worker_id is not distinct from owner;
  return found;
end $$;

-- Appends the rollback for which a run was seized, once: its rows before are of an older branch.
create function append_rollback(p_run uuid, p_seq int, p_at timestamptz, p_payload jsonb, p_payload_hash bytea, p_hash bytea) returns boolean
language plpgsql volatile security definer set search_path from current as $$
begin
  insert into journal (run_id, seq, tenant, epoch, branch, kind, step, attempt, at, payload, payload_hash, hash)
    select r.run_id, p_seq, r.tenant, r.epoch, r.branch, 41, 0, 0, p_at, p_payload, p_payload_hash, p_hash
      from run r cross join lateral (select * from journal x where x.run_id = r.run_id order by x.seq desc limit 1) newest
     where r.run_id = p_run and r.status = 0 and newest.branch < r.branch and newest.seq = p_seq - 1
       and case when p_payload ->> 'toSeq' ~ '^[1-9][0-9]{0,8}$' then (p_payload ->> 'toSeq')::int < p_seq else false end;
  return found;
end $$;

-- The two run with the rights of a role that sees what they need of the one tenant, and no other rows.
create policy definer_rows on run to soma_definer using (tenant = (select current_setting('soma.tenant', true)));
create policy definer_reads on journal for select to soma_definer using (tenant = (select current_setting('soma.tenant', true)));
create policy definer_rolls_back on journal for insert to soma_definer
  with check (tenant = (select current_setting('soma.tenant', true)) and kind = 41);
create policy definer_reads on worker for select to soma_definer using (true);
grant select (run_id, tenant, worker_id, epoch, branch, status) on run to soma_definer;
grant update (epoch, branch, status, worker_id, finished_at, waits_for, control, cancel_reason, fruitless, deadline, available_at) on run to soma_definer;
grant select, insert on journal to soma_definer;
grant select (worker_id, no) on worker to soma_definer;

do $$
declare f regprocedure;
begin
  foreach f in array array['lineage'::regproc::regprocedure, 'in_effect'::regproc::regprocedure,
      'seize_run'::regproc::regprocedure, 'append_rollback'::regproc::regprocedure] loop
    execute format('alter function %s set search_path = %I, pg_temp', f, current_schema());
    execute format('revoke execute on function %s from public', f);
    execute format('grant execute on function %s to soma_request', f);
  end loop;
  grant execute on function lineage(uuid), in_effect(uuid) to soma_worker;
  execute format('grant usage on schema %I to soma_definer', current_schema());
  alter function seize_run(uuid, timestamptz) owner to soma_definer;
  alter function append_rollback(uuid, int, timestamptz, jsonb, bytea, bytea) owner to soma_definer;
end $$;

-- A request makes runs as begin_runs and forks do: it sets nothing of what says who owns a run and how that went, and its times are
-- such as every program can read.
revoke insert on run from soma_request;
grant insert (run_id, tenant, session_id, graph, graph_version, graph_hash, role, model_profile, input, started_by, deadline, idem_key, idem_digest,
  trace_parent, created_at, available_at, told_by_row, forked_from_run_id, forked_from_seq, signals) on run to soma_request;
create policy request_dates on run as restrictive for insert to soma_request
  with check (created_at between '2000-01-01' and '2200-01-01' and deadline between '2000-01-01' and '2200-01-01');
create policy request_dates on journal as restrictive for insert to soma_request with check (at between '2000-01-01' and '2200-01-01');
