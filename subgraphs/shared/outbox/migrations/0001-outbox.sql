-- outbox        events that must be published, written in the transaction that made them true
-- outbox_lease  which relay owns which of the 64 buckets; a bucket's rows leave in order, through one relay at a time
-- outbox_dead   events that cannot be published, kept until a person decides
-- inbox         what a consumer has handled, so that a second delivery changes nothing
create table outbox (
  bucket     smallint not null,
  id         bigint generated always as identity,
  tenant     text not null,
  topic      text not null,
  key        text not null,
  event_id   uuid not null unique,
  type       text not null,
  payload    text not null,
  headers    jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (bucket, id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

create table outbox_lease (
  bucket     smallint primary key,
  owner      uuid,
  epoch      bigint not null default 0,
  expires_at timestamptz not null default '-infinity'
) with (fillfactor = 50);
insert into outbox_lease (bucket) select generate_series(0, 63);

create table outbox_dead (
  event_id   uuid primary key,
  tenant     text not null,
  topic      text not null,
  key        text not null,
  type       text not null,
  payload    text not null,
  headers    jsonb not null,
  reason     text not null,
  parked_at  timestamptz not null default clock_timestamp()
);

create table inbox (
  consumer    text not null,
  tenant      text not null,
  event_id    uuid not null,
  received_at timestamptz not null default clock_timestamp(),
  primary key (consumer, tenant, event_id)
);

alter table outbox enable row level security;
alter table outbox force row level security;
alter table outbox_lease enable row level security;
alter table outbox_lease force row level security;
alter table outbox_dead enable row level security;
alter table outbox_dead force row level security;
alter table inbox enable row level security;
alter table inbox force row level security;

create policy tenant_rows on outbox to soma_request
  using (tenant = (select current_setting('soma.tenant', true)))
  with check (tenant = (select current_setting('soma.tenant', true)));
create policy worker_rows on outbox to soma_worker using (true) with check (true);
create policy worker_rows on outbox_lease to soma_worker using (true) with check (true);
create policy worker_rows on outbox_dead to soma_worker using (true) with check (true);
create policy worker_rows on inbox to soma_worker using (true) with check (true);

grant insert on outbox to soma_request;
grant select, insert, delete on outbox to soma_worker;
grant select, update on outbox_lease to soma_worker;
grant select, insert, delete on outbox_dead to soma_worker;
grant select, insert, delete on inbox to soma_worker;
