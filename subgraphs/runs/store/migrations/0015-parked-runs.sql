-- A run that waits longer than a moment is parked: it belongs to no worker, and is due again when its time has come. That time
-- is counted here, by the clock of the database, from the entry that parks it. A paused run is due when it is resumed.
--
-- Whoever asks something of a run (to stop, to pause, to go on) or sends it a signal changes its row: a parked run is due at
-- once then. When the entry that parks it was on its way at the same time, the row it finds tells what came.

alter table run add column signals int not null default 0, add column waits_for text;
comment on column run.control is 'bit 1: cancel, bit 2: pause';
comment on column run.signals is 'signals that were sent to it, in all';
comment on column run.waits_for is 'name of the signal a parked run waits for';

create table signal (
  run_id     uuid not null,
  no         int not null check (no >= 1),
  tenant     text not null,
  name       text not null,
  payload    jsonb not null,
  sent_by    text not null,
  idem_key   text not null,
  idem_digest text not null,
  sent_at    timestamptz not null default clock_timestamp(),
  primary key (run_id, no)
);
comment on table signal is 'what was sent to runs; which of them woke a step is told by the history';
comment on column signal.no is 'number among the signals of the run, from 1';
create unique index signal_idem on signal (run_id, idem_key);
alter table signal enable row level security;
alter table signal force row level security;
create policy worker_rows on signal to soma_worker using (true);
create policy tenant_reads on signal for select to soma_request
  using (tenant = (select current_setting('soma.tenant', true)));
-- Its number is the one its run was just given: a gap would keep out those that come later.
create policy tenant_sends on signal for insert to soma_request
  with check (tenant = (select current_setting('soma.tenant', true))
    and exists (select from run r where r.run_id = signal.run_id and r.tenant = signal.tenant and r.signals = signal.no and r.status < 10));
grant select, insert on signal to soma_request;
grant select on signal to soma_worker;
grant update (available_at, signals) on run to soma_request;

-- The locking is that of 0002: the fence in a statement of its own, so that the next one sees what was decided before it.
-- What a process of the release before does not say is null: it goes on writing while it is replaced.
drop function commit_batch(int, uuid, int, uuid[], int[], int[], smallint[], int[], text[], text[], smallint[], timestamptz[], text[], text[], text[], smallint[]);
create function commit_batch(
  p_no int, p_worker uuid, p_gen int,
  p_run uuid[], p_seq int[], p_epoch int[], p_kind smallint[], p_step int[], p_node text[], p_node_type text[],
  p_attempt smallint[], p_at timestamptz[], p_payload text[], p_payload_hash text[], p_hash text[], p_status smallint[],
  p_wait_ms bigint[] default null, p_waits_for text[] default null, p_signals int[] default null
) returns table (run_id uuid, control smallint)
language plpgsql volatile set search_path from current as $$
begin
  perform pg_advisory_xact_lock_shared(2, p_no);
  return query
  with w as (select 1 from worker where worker.worker_id = p_worker and worker.gen = p_gen and worker.state in (1, 2)),
       i as (select t.*, r.tenant, r.branch, r.control
               from unnest(p_run, p_seq, p_epoch, p_kind, p_step, p_node, p_node_type, p_attempt, p_at, p_payload, p_payload_hash, p_hash, p_status, p_wait_ms, p_waits_for, p_signals)
                    t(run_id, seq, epoch, kind, step, node, node_type, attempt, at, payload, payload_hash, hash, status, wait_ms, waits_for, signals)
               -- offset 0 keeps the planner at one primary key look-up per row; it would otherwise start from run_owner
               cross join lateral (select * from run x where x.run_id = t.run_id offset 0) r
               cross join w
              where r.epoch = t.epoch and r.worker_id = p_worker and r.status = 1),
       j as (insert into journal (run_id, seq, tenant, epoch, branch, kind, step, node, node_type, attempt, at, payload, payload_hash, hash)
             select i.run_id, i.seq, i.tenant, i.epoch, i.branch, i.kind, i.step, i.node, i.node_type, i.attempt, i.at,
                    i.payload::jsonb, decode(i.payload_hash, 'hex'), decode(i.hash, 'hex') from i),
       u as (update run r set status = i.status, worker_id = null, finished_at = case when i.status >= 10 then i.at end,
                    waits_for = i.waits_for,
                    -- Like a hand-back: a run that came further, or was left by its step in order, did not kill its worker.
                    fruitless = case when r.fruitless > 0 and i.status in (2, 4) and (i.kind = 16 or has_advanced(r.run_id, i.epoch)
                      or exists (select from i e where e.run_id = i.run_id and e.kind between 11 and 14)) then 0 else r.fruitless end,
                    available_at = case when i.status not in (2, 4) then r.available_at
                      when r.control & 1 = 1 or (r.control & 2 = 2) <> (i.status = 4) or r.signals <> i.signals then clock_timestamp()
                      else coalesce(clock_timestamp() + i.wait_ms * interval '1 millisecond', 'infinity') end
               from i where r.run_id = i.run_id and i.status >= 2)
  select distinct i.run_id, i.control from i;
end $$;

-- Parked and paused runs that are due are claimed like those that are ready. The instant is read once: an index is not asked
-- for what lies before a function that may give another time for each row, and every run that waits would be read.
drop index run_ready;
create index run_due on run (priority, available_at) where status in (0, 2, 4);
drop index run_suspect;
create index run_suspect on run (priority, available_at) where status in (0, 2, 4) and fruitless >= 2;

create or replace function claim_runs(p_no int, p_worker uuid, p_gen int, p_graphs text[], p_slots int, p_age_ms bigint default null) returns setof run
language plpgsql volatile set search_path from current as $$
declare instant timestamptz;
begin
  perform pg_advisory_xact_lock_shared(2, p_no);
  instant := clock_timestamp();
  return query
  with w as (select 1 from worker where worker.worker_id = p_worker and worker.gen = p_gen and worker.state = 1),
       busy as (select 1 from run o where o.worker_id = p_worker and o.status = 1 and o.fruitless >= 2
                 and not has_advanced(o.run_id, o.epoch)),
       suspect as (select r.run_id from run r
              where r.status in (0, 2, 4) and r.fruitless >= 2 and r.available_at <= instant and exists (select from w) and not exists (select from busy)
                and (p_age_ms is null or r.fruitless > 8 or r.control & 1 = 1 or p_age_ms >= 500 * least(power(2, r.fruitless - 2), 60))
                and r.graph || '@' || r.graph_version || '#' || r.graph_hash = any (p_graphs)
                and not exists (select from run p where p.tenant = r.tenant and p.session_id = r.session_id and p.status < 10 and p.run_id < r.run_id)
              order by r.priority, r.available_at limit least(p_slots, 1) for update of r skip locked),
       c as (select r.run_id from run r
              where r.status in (0, 2, 4) and r.fruitless < 2 and r.available_at <= instant and exists (select from w)
                and r.graph || '@' || r.graph_version || '#' || r.graph_hash = any (p_graphs)
                and not exists (select from run p where p.tenant = r.tenant and p.session_id = r.session_id and p.status < 10 and p.run_id < r.run_id)
              order by r.priority, r.available_at limit p_slots - (select count(*) from suspect) for update of r skip locked)
  update run r set status = 1, epoch = r.epoch + 1, worker_id = p_worker, started_at = coalesce(r.started_at, clock_timestamp())
    from (select c.run_id from c union all select suspect.run_id from suspect) due where r.run_id = due.run_id returning r.*;
end $$;

-- Others hear of a pause, too. The condition is the text of store/select-published.ts.
drop index journal_unpublished;
create index journal_unpublished on journal (xid, run_id, seq) where kind in (1, 4, 5, 6, 7, 8, 11, 12, 13, 14);

-- A step without effects that waits has no start of its own: that it parked is what tells of it. As in store/list-step-events.ts.
drop index journal_steps;
create index journal_steps on journal (run_id, seq) where kind between 10 and 16;

do $$
declare f regprocedure;
begin
  foreach f in array array['commit_batch'::regproc::regprocedure, 'claim_runs'::regproc::regprocedure] loop
    execute format('alter function %s set search_path = %I, pg_temp', f, current_schema());
    execute format('revoke execute on function %s from public', f);
    execute format('grant execute on function %s to soma_worker', f);
  end loop;
end $$;
