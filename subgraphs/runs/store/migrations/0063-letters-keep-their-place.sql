-- A dead letter of a run keeps its place, and its run waits for a person to decide:
-- outbox_dead.id           number of the event in its run; null of letters from before, whose run went on without them
-- outbox_dead.parks_key    whether its run waits for the decision
-- outbox_dead.decision     what a person decided; the relay carries it out and takes the row away
-- relay_held.letter        the letter a run waits for: nothing of it leaves until that is decided, or was erased
-- letter_decision          who decided what of which letter, and why; kept, as in the schemas with an outbox
alter table outbox_dead
  add column id bigint,
  add column parks_key boolean not null default false,
  add column decision text check (decision in ('RETRY', 'DISCARD'));
create index outbox_dead_by_tenant on outbox_dead (tenant, event_id);
create index outbox_dead_decided on outbox_dead (event_id) where decision is not null;
alter table relay_held add column letter uuid;
create index relay_held_letters on relay_held (letter) where letter is not null;

create policy tenant_reads on outbox_dead for select to soma_request
  using (tenant = (select current_setting('soma.tenant', true)));
create policy tenant_decides on outbox_dead for update to soma_request
  using (tenant = (select current_setting('soma.tenant', true)) and decision is null)
  with check (tenant = (select current_setting('soma.tenant', true)));
grant select, update (decision) on outbox_dead to soma_request;

create table letter_decision (
  tenant     text not null,
  idem_key   text not null,
  event_id   uuid not null,
  topic      text not null,
  key        text not null,
  type       text not null,
  decision   text not null check (decision in ('RETRY', 'DISCARD')),
  reason     text check (reason is not null or decision = 'RETRY'),
  decided_by text not null,
  decided_at timestamptz not null default clock_timestamp(),
  primary key (tenant, idem_key)
);
create index letter_decision_by_age on letter_decision (tenant, decided_at desc);
alter table letter_decision enable row level security;
alter table letter_decision force row level security;
create policy tenant_reads on letter_decision for select to soma_request
  using (tenant = (select current_setting('soma.tenant', true)));
create policy tenant_decides on letter_decision for insert to soma_request
  with check (tenant = (select current_setting('soma.tenant', true)));
grant select, insert on letter_decision to soma_request;

-- What waits of a tenant's runs, each counted to 10 000: events the relay has not come to, the age of the oldest, letters, runs that
-- wait for one, and their events behind it. It reads the cursor, which no request sees.
create function own_outbox(out pending int, out age_s float8, out letters int, out parked int, out held int)
language sql stable security definer set search_path from current as $$
  with waiting as (
      (select j.at from journal j
        where j.tenant = current_setting('soma.tenant', true) and j.kind in (1, 4, 5, 6, 7, 8, 11, 12, 13, 14, 30, 31, 40, 41)
          and (j.xid, j.run_id, j.seq) > ((select last_xid from relay_cursor where shard = 0),
            (select last_run from relay_cursor where shard = 0), (select last_seq from relay_cursor where shard = 0))
          and not exists (select from relay_held h where h.run_id = j.run_id) limit 10000)
      union all (select j.at from relay_held h join journal j on j.run_id = h.run_id and j.seq >= h.seq
        where h.letter is null and j.tenant = current_setting('soma.tenant', true)
          and j.kind in (1, 4, 5, 6, 7, 8, 11, 12, 13, 14, 30, 31, 40, 41) limit 10000)),
    behind as (select j.run_id, j.seq > h.seq as waits from relay_held h join journal j on j.run_id = h.run_id and j.seq >= h.seq
        where h.letter is not null and j.tenant = current_setting('soma.tenant', true)
          and j.kind in (1, 4, 5, 6, 7, 8, 11, 12, 13, 14, 30, 31, 40, 41) limit 10000)
  select (select count(*) from waiting)::int,
    (select coalesce(extract(epoch from clock_timestamp() - min(at)), 0) from waiting)::float8,
    (select count(*) from (select from outbox_dead where tenant = current_setting('soma.tenant', true) and decision is null limit 10000) d)::int,
    (select count(distinct run_id) from behind)::int, (select count(*) from behind where waits)::int
$$;
grant select (decision) on outbox_dead to soma_definer;
grant select (seq, letter) on relay_held to soma_definer;
grant select (shard) on relay_cursor to soma_definer;
do $$
begin
  execute format('alter function own_outbox() set search_path = %I, pg_temp', current_schema());
  revoke execute on function own_outbox() from public;
  grant execute on function own_outbox() to soma_request;
  alter function own_outbox() owner to soma_definer;
end $$;
