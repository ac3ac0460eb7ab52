-- outbox_dead   events of runs that cannot be published, kept until a person decides; as in the schemas with an outbox
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

alter table outbox_dead enable row level security;
alter table outbox_dead force row level security;
create policy worker_rows on outbox_dead to soma_worker using (true) with check (true);
grant select, insert, delete on outbox_dead to soma_worker;
