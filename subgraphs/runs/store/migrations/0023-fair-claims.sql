-- A claim gives tenants turns, however many runs, sessions or keys one of them has: start-time fair queueing. Each start moves
-- its tenant 1/weight further along one line, who stands first has the next turn, and who comes back after a while begins where
-- the line is now, so that nothing is saved up. Within a tenant the lowest priority goes first, then who waits longest.
-- Claims take turns themselves (advisory lock, class 4), so caps are exact: what runs is counted, and nothing has to be kept
-- in step with it. A crash leaves nothing behind.

create table tenant_turn (
  tenant   text primary key,
  began    double precision not null,
  next     double precision not null
);
comment on table tenant_turn is 'where each tenant stands in the line of starts';
comment on column tenant_turn.began is 'place of its newest start; the greatest of all is where the line is now';
comment on column tenant_turn.next is 'place of its next start, unless the line has passed it';
create index tenant_turn_line on tenant_turn (began);

-- One row. Where there are more queues than one claim looks at, the next one goes on from here.
create table claim_ring (
  only_row    boolean primary key default true check (only_row),
  from_tenant text not null default ''
);
insert into claim_ring default values;

-- A run that waits for another of its session is not read again at each claim: whoever comes upon it sets it aside, and the end
-- of any run before it calls the first of those back. It is set aside under a share lock on the run it waits for. So that one
-- has not ended, and its end, which waits for the lock, sees it aside. A run that is called back too soon is set aside again.
alter table run add column behind boolean not null default false;
comment on column run.behind is 'waits for another run of its session, and is called back when that one ends';
create index run_behind on run (tenant, session_id, run_id) where behind;

create function call_back_next() returns trigger
language plpgsql volatile set search_path from current as $$
begin
  update run set behind = false
    where run_id = (select r.run_id from run r where r.tenant = new.tenant and r.session_id = new.session_id and r.behind order by r.run_id limit 1);
  return null;
end $$;
create trigger session_goes_on after update of status on run
  for each row when (new.status >= 10 and old.status < 10) execute function call_back_next();

-- A queue is what begins alike in this index: the runs of a tenant that have one priority and one graph.
drop index run_due;
create index run_due on run (tenant, priority, graph, graph_version, graph_hash, available_at)
  where status in (0, 2, 3, 4) and fruitless < 2 and not behind;
drop index run_suspect;
create index run_suspect on run (priority, available_at) where status in (0, 2, 3, 4) and fruitless >= 2;

-- Settings of a tenant: its own, or those of all others, which stand under an asterisk.
create function share_of(p_shares jsonb, p_tenant text, out weight double precision, out max_running int)
language sql immutable set search_path from current as $$
  select coalesce((s.share ->> 'weight')::double precision, 1), (s.share ->> 'maxRunning')::int
    from (select coalesce(p_shares -> p_tenant, p_shares -> '*') as share) s
$$;

-- How many more runs of a tenant may run: at most this many are counted, by run_by_status.
create function room_of(p_tenant text, p_max_running int, p_slots int) returns int
language sql stable set search_path from current as $$
  select case when p_max_running is null then p_slots
    else greatest(0, p_max_running - (select count(*)::int from run r where r.tenant = p_tenant and r.status = 1)) end
$$;

create type queue_in_turn as (
  tenant text, priority smallint, graph text, graph_version int, graph_hash text, place double precision, weight double precision, room int
);

-- The queues that have something due, of those tenants whose turn it is; `p_slots` starts cannot reach more tenants than that.
-- It goes from one queue to the next by the index and reads nothing of what lies between, 512 queues at most: `stopped_at` is
-- where the next claim goes on.
create function queues_in_turn(
  p_graphs text[], p_slots int, p_instant timestamptz, p_shares jsonb, p_from text, out queues queue_in_turn[], out stopped_at text
)
language sql stable set search_path from current as $$
  with recursive ring as (
      (select r.tenant, r.priority, r.graph, r.graph_version, r.graph_hash, 1 as no from run r
        where r.status in (0, 2, 3, 4) and r.fruitless < 2 and not r.behind and r.tenant > p_from
        order by r.tenant, r.priority, r.graph, r.graph_version, r.graph_hash limit 1)
      union all
      select n.*, ring.no + 1 from ring cross join lateral (
        select r.tenant, r.priority, r.graph, r.graph_version, r.graph_hash from run r
         where r.status in (0, 2, 3, 4) and r.fruitless < 2 and not r.behind
           and (r.tenant, r.priority, r.graph, r.graph_version, r.graph_hash) > (ring.tenant, ring.priority, ring.graph, ring.graph_version, ring.graph_hash)
         order by r.tenant, r.priority, r.graph, r.graph_version, r.graph_hash limit 1) n
       where ring.no < 512),
    line as (select coalesce(max(began), 0) as place from tenant_turn),
    due as (
      select ring.*, greatest(coalesce(t.next, 0), line.place) as place, share.weight, room_of(ring.tenant, share.max_running, p_slots) as room
        from ring cross join line cross join lateral share_of(p_shares, ring.tenant) share
        left join tenant_turn t on t.tenant = ring.tenant
       where ring.graph || '@' || ring.graph_version || '#' || ring.graph_hash = any (p_graphs)
         and exists (select from run r where r.status in (0, 2, 3, 4) and r.fruitless < 2 and not r.behind
           and r.tenant = ring.tenant and r.priority = ring.priority and r.graph = ring.graph and r.graph_version = ring.graph_version
           and r.graph_hash = ring.graph_hash and r.available_at <= p_instant)),
    ranked as (select due.*, dense_rank() over (order by place, tenant) as rank from due where room > 0)
  select coalesce(array_agg((tenant, priority, graph, graph_version, graph_hash, place, weight, room)::queue_in_turn), '{}'),
      coalesce((select ring.tenant from ring where ring.no = 512), '')
    from ranked where rank <= p_slots
$$;

create type due_run as (
  run_id uuid, tenant text, priority smallint, available_at timestamptz, place double precision, weight double precision, room int, waits_for uuid
);

-- The first so many runs of each queue that are due, with the run of their session that each of them waits for.
create function first_due(p_queues queue_in_turn[], p_instant timestamptz, p_limit int) returns due_run[]
language sql stable set search_path from current as $$
  select array_agg((d.run_id, q.tenant, q.priority, d.available_at, q.place, q.weight, q.room, d.waits_for)::due_run)
    from unnest(p_queues) q cross join lateral (
      select r.run_id, r.available_at, (select p.run_id from run p
          where p.tenant = r.tenant and p.session_id = r.session_id and p.status < 10 and p.run_id < r.run_id limit 1) as waits_for
        from run r
       where r.status in (0, 2, 3, 4) and r.fruitless < 2 and not r.behind
         and r.tenant = q.tenant and r.priority = q.priority and r.graph = q.graph and r.graph_version = q.graph_version
         and r.graph_hash = q.graph_hash and r.available_at <= p_instant
         -- A run that was rolled back comes again before one of its session that runs already, and waits for that too.
         and not exists (select from run p where p.tenant = r.tenant and p.session_id = r.session_id and p.status = 1 and p.run_id > r.run_id)
       order by r.available_at limit p_limit) d
$$;

-- Sets those aside that wait for another of their session, without waiting for anyone who is at work on either.
create function set_aside(p_due due_run[]) returns int
language plpgsql volatile set search_path from current as $$
declare aside int;
begin
  with waiting as (
    select r.run_id from unnest(p_due) d join run p on p.run_id = d.waits_for and p.status < 10
      join run r on r.run_id = d.run_id and r.status in (0, 2, 3, 4) and not r.behind
      for share of p skip locked for no key update of r skip locked)
  update run r set behind = true from waiting where r.run_id = waiting.run_id;
  get diagnostics aside = row_count;
  return aside;
end $$;

-- Gives runs of these to a worker, each tenant in its turn, and moves the tenants along the line.
create function give_turns(p_worker uuid, p_due due_run[], p_slots int) returns setof run
language plpgsql volatile set search_path from current as $$
begin
  return query
  with first as (select d.*, row_number() over (partition by d.tenant order by d.priority, d.available_at, d.run_id) as no
         from unnest(p_due) d where d.waits_for is null),
       turn as (select * from first where no <= room order by place + (no - 1) / weight, tenant, no limit p_slots),
       c as (select r.run_id, turn.tenant, turn.place, turn.weight from turn join run r on r.run_id = turn.run_id
              where r.status in (0, 2, 3, 4) for update of r skip locked),
       moved as (insert into tenant_turn as t (tenant, began, next)
         select tenant, place + (count(*) - 1) / weight, place + count(*) / weight from c group by tenant, place, weight
         on conflict (tenant) do update set began = excluded.began, next = excluded.next)
  update run r set status = 1, epoch = r.epoch + 1, worker_id = p_worker, started_at = coalesce(r.started_at, clock_timestamp())
    from c where r.run_id = c.run_id returning r.*;
end $$;

-- The locking is that of 0002: the fence in a statement of its own. The instant is read once, as 0015 says. Suspects are claimed
-- as 0014 says, by the same rules, within the cap of their tenant.
drop function claim_runs(int, uuid, int, text[], int, bigint);
create function claim_runs(
  p_no int, p_worker uuid, p_gen int, p_graphs text[], p_slots int, p_age_ms bigint default null, p_shares jsonb default '{}'
) returns setof run
language plpgsql volatile set search_path from current as $$
declare
  instant timestamptz;
  free int := p_slots;
  given int;
  queues queue_in_turn[];
  due due_run[];
  begins_after text;
  stopped_at text;
begin
  perform pg_advisory_xact_lock_shared(2, p_no);
  perform pg_advisory_xact_lock(4, hashtext(current_schema()));
  if not exists (select from worker where worker.worker_id = p_worker and worker.gen = p_gen and worker.state = 1) then
    return;
  end if;
  instant := clock_timestamp();
  return query
  with busy as (select 1 from run o where o.worker_id = p_worker and o.status = 1 and o.fruitless >= 2
                 and not has_advanced(o.run_id, o.epoch)),
       suspect as (select r.run_id from run r cross join lateral share_of(p_shares, r.tenant) share
              where r.status in (0, 2, 3, 4) and r.fruitless >= 2 and r.available_at <= instant and not exists (select from busy)
                and (p_age_ms is null or r.fruitless > 8 or r.control & 1 = 1 or p_age_ms >= 500 * least(power(2, r.fruitless - 2), 60))
                and r.graph || '@' || r.graph_version || '#' || r.graph_hash = any (p_graphs)
                and not exists (select from run p where p.tenant = r.tenant and p.session_id = r.session_id
                  and (p.status = 1 or (p.status < 10 and p.run_id < r.run_id)))
                and room_of(r.tenant, share.max_running, 1) > 0
              order by r.priority, r.available_at limit least(p_slots, 1) for update of r skip locked)
  update run r set status = 1, epoch = r.epoch + 1, worker_id = p_worker, started_at = coalesce(r.started_at, clock_timestamp())
    from suspect where r.run_id = suspect.run_id returning r.*;
  get diagnostics given = row_count;
  free := free - given;
  select from_tenant, from_tenant into begins_after, stopped_at from claim_ring;
  -- Again only where so many had to be set aside that places may be left, and then among more of them.
  for round in 1 .. 5 loop
    exit when free <= 0;
    select q.queues, q.stopped_at into queues, stopped_at from queues_in_turn(p_graphs, free, instant, p_shares, begins_after) q;
    exit when cardinality(queues) = 0;
    due := first_due(queues, instant, free + power(4, round)::int);
    return query select * from give_turns(p_worker, due, free);
    get diagnostics given = row_count;
    free := free - given;
    exit when set_aside(due) = 0;
  end loop;
  update claim_ring set from_tenant = stopped_at where from_tenant <> stopped_at;
end $$;

alter table tenant_turn enable row level security;
alter table tenant_turn force row level security;
create policy worker_rows on tenant_turn to soma_worker using (true) with check (true);
alter table claim_ring enable row level security;
alter table claim_ring force row level security;
create policy worker_rows on claim_ring to soma_worker using (true) with check (true);
grant select, insert, update on tenant_turn to soma_worker;
grant select, update on claim_ring to soma_worker;

do $$
declare f regproc;
begin
  foreach f in array array['call_back_next', 'share_of', 'room_of', 'queues_in_turn', 'first_due', 'set_aside', 'give_turns', 'claim_runs']::regproc[] loop
    execute format('alter function %s set search_path = %I, pg_temp', f::regprocedure, current_schema());
    execute format('revoke execute on function %s from public', f::regprocedure);
    continue when f = 'call_back_next'::regproc;
    execute format('grant execute on function %s to soma_worker', f::regprocedure);
  end loop;
end $$;
