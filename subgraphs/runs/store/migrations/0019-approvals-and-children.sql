-- Runs that wait for a person, and runs that other runs start.
--
-- A question to a person parks its run with status 3. The decision is a signal under a name that nobody can send, and there
-- is one row at most under such a name: whoever writes it first has decided, be it a person or the time that has run out.
--
-- A run that starts others is the root of a tree of them. What a child came to is a signal to its parent, written when the
-- child ends, in the same transaction; the row of the parent tells then, as with any signal, that something came.
--
-- Lock order: the fence of a worker (advisory, class 2), then rows of runs in the order of their ids, then signals and journal rows. A
-- child's id is greater than its parent's, so that a root comes first in its tree: whoever adds a run to a tree, or cancels
-- a part of it, locks the row of the root before any other, and neither sees half of what the other does.

alter table run add column parent_run_id uuid, add column parent_call text, add column root_run_id uuid,
  add column depth smallint not null default 0, add column children int not null default 0;
comment on column run.parent_run_id is 'run that started it; null when a request did';
comment on column run.parent_call is 'step and number of its call that started it: the same call starts none twice';
comment on column run.root_run_id is 'first run of its tree; null of that one itself';
comment on column run.depth is 'runs above it in its tree';
comment on column run.children is 'runs it started, in all';
create unique index run_by_parent on run (parent_run_id, parent_call) where parent_run_id is not null;
create index run_children on run (parent_run_id, run_id) where parent_run_id is not null;
create index run_by_root on run (root_run_id) where root_run_id is not null;

-- A request starts runs of no tree.
create policy request_starts_alone on run as restrictive for insert to soma_request
  with check (parent_run_id is null and root_run_id is null and depth = 0 and children = 0);
grant insert on session, run, signal to soma_worker;

create unique index signal_once on signal (run_id, name) where name like '%:%';
create index journal_asked on journal (run_id, seq) where kind = 30;
-- Beside what it sends under a name of its own, a request may answer a question that was asked.
drop policy tenant_sends on signal;
create policy tenant_sends on signal for insert to soma_request
  with check (tenant = (select current_setting('soma.tenant', true))
    and exists (select from run r where r.run_id = signal.run_id and r.tenant = signal.tenant and r.signals = signal.no and r.status < 10)
    and (name not like '%:%'
      or exists (select from journal j where j.run_id = signal.run_id and j.kind = 30 and j.payload ->> 'name' = signal.name)));

-- What becomes of the others in its tree when a run has ended: its parent is told, and what it started is to stop. A run in
-- no tree pays for nothing of it.
create function run_ended() returns trigger
language plpgsql volatile set search_path from current as $$
declare given int;
begin
  update run p set signals = p.signals + 1,
      available_at = case when p.status in (2, 3) and p.waits_for in ('child:' || new.run_id, '*') then clock_timestamp() else p.available_at end
    where p.run_id = new.parent_run_id and p.tenant = new.tenant and p.status < 10
      -- Once: a run that was rolled back may end again.
      and not exists (select from signal s where s.run_id = p.run_id and s.name = 'child:' || new.run_id) returning p.signals into given;
  if found then
    insert into signal (run_id, no, tenant, name, payload, sent_by, idem_key, idem_digest)
      select new.parent_run_id, given, new.tenant, 'child:' || new.run_id,
          jsonb_build_object('runId', new.run_id, 'status', case new.status when 10 then 'SUCCEEDED' when 11 then 'FAILED' else 'CANCELED' end)
            || coalesce((select j.payload from journal j where j.run_id = new.run_id order by j.seq desc limit 1), '{}'),
          'run:' || new.run_id, gen_random_uuid()::text, '';
  end if;
  if new.children > 0 then
    update run c set control = c.control | 1, cancel_reason = 'the run that started it has ended',
        available_at = case when c.status in (2, 3, 4) then clock_timestamp() else c.available_at end
      where c.parent_run_id = new.run_id and c.status < 10 and c.control & 1 = 0;
  end if;
  return null;
end $$;
create trigger run_ended after update of status on run for each row
  when (new.status >= 10 and old.status < 10 and (new.parent_run_id is not null or new.children > 0)) execute function run_ended();

-- As in 0015, and for status 3 what holds for 2. Rows of a tree are locked before, in the order of their ids.
create or replace function commit_batch(
  p_no int, p_worker uuid, p_gen int,
  p_run uuid[], p_seq int[], p_epoch int[], p_kind smallint[], p_step int[], p_node text[], p_node_type text[],
  p_attempt smallint[], p_at timestamptz[], p_payload text[], p_payload_hash text[], p_hash text[], p_status smallint[],
  p_wait_ms bigint[] default null, p_waits_for text[] default null, p_signals int[] default null
) returns table (run_id uuid, control smallint)
language plpgsql volatile set search_path from current as $$
declare tree uuid[];
begin
  perform pg_advisory_xact_lock_shared(2, p_no);
  if 2 <= any (p_status) then
    -- Of runs in trees alone: what the update below locks, and what run_ended locks after it.
    with ends as (select r.run_id, r.parent_run_id, r.children, t.status
               from unnest(p_run, p_status) t(run_id, status)
               cross join lateral (select * from run x where x.run_id = t.run_id offset 0) r
              where t.status >= 2 and (r.parent_run_id is not null or r.children > 0))
    select array_agg(locked.run_id) into tree from (
        select e.run_id from ends e
        union select e.parent_run_id from ends e where e.status >= 10 and e.parent_run_id is not null
        union select c.run_id from ends e
          cross join lateral (select * from run x where x.parent_run_id = e.run_id and x.status < 10 offset 0) c
         where e.status >= 10 and e.children > 0) locked;
    perform from run r where r.run_id = any (tree) order by r.run_id for no key update;
  end if;
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
                    fruitless = case when r.fruitless > 0 and i.status in (2, 3, 4) and (i.kind in (16, 18) or has_advanced(r.run_id, i.epoch)
                      or exists (select from i e where e.run_id = i.run_id and e.kind between 11 and 14)) then 0 else r.fruitless end,
                    available_at = case when i.status not in (2, 3, 4) then r.available_at
                      when r.control & 1 = 1 or (r.control & 2 = 2) <> (i.status = 4) or r.signals <> i.signals then clock_timestamp()
                      else coalesce(clock_timestamp() + i.wait_ms * interval '1 millisecond', 'infinity') end
               from i where r.run_id = i.run_id and i.status >= 2)
  select distinct i.run_id, i.control from i;
end $$;

-- As in 0007, in the order of ids.
create or replace function take_over_worker(p_no int, p_worker uuid) returns int
language plpgsql volatile set search_path from current as $$
declare taken int;
begin
  perform pg_advisory_xact_lock(2, p_no);
  update worker set state = 3, gen = gen + 1 where worker_id = p_worker and state <> 3;
  with owned as (
    select r.run_id, case when has_advanced(r.run_id, r.epoch) then 0 else r.fruitless + 1 end as fruitless
      from run r where r.worker_id = p_worker and r.status = 1 order by r.run_id for update of r)
  update run set epoch = run.epoch + 1, status = 0, worker_id = null, recoveries = run.recoveries + 1, fruitless = owned.fruitless,
      -- the first take-over is immediate; a run that keeps losing its worker waits longer each time, with full jitter
      available_at = clock_timestamp() + case when owned.fruitless < 2 then interval '0'
        else random() * least(power(2, owned.fruitless - 1), 60) * interval '250 milliseconds' end
    from owned where owned.run_id = run.run_id;
  get diagnostics taken = row_count;
  return taken;
end $$;

create or replace function release_runs(p_no int, p_worker uuid, p_runs uuid[]) returns int
language plpgsql volatile set search_path from current as $$
declare released int;
begin
  perform pg_advisory_xact_lock(2, p_no);
  with owned as (select r.run_id from run r where r.worker_id = p_worker and r.status = 1 and r.run_id = any (p_runs)
      order by r.run_id for update of r)
  update run set epoch = run.epoch + 1, status = 0, worker_id = null, available_at = clock_timestamp(),
      fruitless = case when has_advanced(run.run_id, run.epoch) then 0 else run.fruitless end
    from owned where owned.run_id = run.run_id;
  get diagnostics released = row_count;
  return released;
end $$;

-- Others hear when a run waits for a person, when that is over, and of what 0021 adds: forks and rollbacks. The condition is the text of store/select-published.ts.
drop index journal_unpublished;
create index journal_unpublished on journal (xid, run_id, seq) where kind in (1, 4, 5, 6, 7, 8, 11, 12, 13, 14, 30, 31, 40, 41);

do $$
declare f regproc;
begin
  foreach f in array array['commit_batch'::regproc, 'take_over_worker', 'release_runs', 'run_ended'] loop
    execute format('alter function %s set search_path = %I, pg_temp', f::regprocedure, current_schema());
  end loop;
  revoke execute on function run_ended() from public;
end $$;
