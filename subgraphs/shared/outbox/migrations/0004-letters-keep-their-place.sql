-- A dead letter keeps its place, so that a person can send it again before what comes after it:
-- outbox_dead.bucket, id   where it stood in the outbox, and stands again when it is retried
-- outbox_dead.reason       null of an event that is sound and waits behind a letter of its key
-- outbox_dead.parks_key    whether later events of its key wait for the decision
-- outbox_dead.decision     what a person decided; the relay that owns the bucket carries it out and takes the row away
-- letter_decision          who decided what of which letter, and why; kept
alter table outbox_dead
  add column bucket smallint,
  add column id bigint,
  add column created_at timestamptz,
  add column parks_key boolean not null default false,
  add column decision text check (decision in ('RETRY', 'DISCARD')),
  alter column reason drop not null;
-- Letters from before have lost their place: one that is retried leaves as if it were new.
alter table outbox_dead no force row level security;
update outbox_dead set bucket = ((hashtextextended(tenant || '/' || key, 0) % 64) + 64) % 64,
  id = nextval(pg_get_serial_sequence('outbox', 'id')), created_at = parked_at;
alter table outbox_dead force row level security;
alter table outbox_dead
  alter column bucket set not null,
  alter column id set not null,
  alter column created_at set not null;
create index outbox_dead_by_key on outbox_dead (topic, key, id);
create index outbox_dead_by_tenant on outbox_dead (tenant, event_id);
create index outbox_dead_decided on outbox_dead (bucket) where decision is not null;

create policy tenant_reads on outbox_dead for select to soma_request
  using (tenant = (select current_setting('soma.tenant', true)));
create policy tenant_decides on outbox_dead for update to soma_request
  using (tenant = (select current_setting('soma.tenant', true)) and reason is not null and decision is null)
  with check (tenant = (select current_setting('soma.tenant', true)));
grant select, update (decision) on outbox_dead to soma_request;
grant select (tenant, created_at) on outbox to soma_request;

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
