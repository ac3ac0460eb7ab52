-- thread      one row per thread and namespace: its newest checkpoint, and who put it. A put moves it, or is refused here
-- checkpoint  one row per checkpoint, whole in itself: small values stand in it, big ones as the names of their pieces
-- task_write  what one task wrote on one checkpoint, by the number of the write; negative numbers are LangGraph's own
-- piece       a part of a big value, once per tenant however many checkpoints have it; its name is its SHA-256
-- piece_use   which threads have a piece, so that it goes with the last of them
--
-- Lock order: the lock of the tenant's pieces (shared to keep some, alone to drop some), then the thread's row, then the rest.
create table thread (
  tenant        text not null,
  thread_id     text not null,
  checkpoint_ns text not null,
  head_id       text not null,
  writer        uuid not null,
  primary key (tenant, thread_id, checkpoint_ns)
) with (fillfactor = 50);

create table checkpoint (
  tenant         text not null,
  thread_id      text not null,
  checkpoint_ns  text not null,
  checkpoint_id  text not null,
  parent_id      text,
  body           json not null,
  channels       jsonb not null,
  metadata       jsonb not null,
  exact_metadata jsonb,
  primary key (tenant, thread_id, checkpoint_ns, checkpoint_id)
);
comment on column checkpoint.body is 'the checkpoint without its channel values; json and not jsonb, which would refuse some of it';
comment on column checkpoint.exact_metadata is 'the metadata as it was serialized, where jsonb cannot hold it unchanged';

create table task_write (
  tenant        text not null,
  thread_id     text not null,
  checkpoint_ns text not null,
  checkpoint_id text not null,
  task_id       text not null,
  task_path     text not null,
  writes        jsonb not null,
  primary key (tenant, thread_id, checkpoint_ns, checkpoint_id, task_id)
);

create table piece (
  tenant text not null,
  sha256 bytea not null,
  bytes  bytea not null,
  primary key (tenant, sha256)
);

create table piece_use (
  tenant    text not null,
  sha256    bytea not null,
  thread_id text not null,
  primary key (tenant, sha256, thread_id)
);

alter table thread enable row level security;
alter table thread force row level security;
alter table checkpoint enable row level security;
alter table checkpoint force row level security;
alter table task_write enable row level security;
alter table task_write force row level security;
alter table piece enable row level security;
alter table piece force row level security;
alter table piece_use enable row level security;
alter table piece_use force row level security;

create policy tenant_rows on thread to soma_request
  using (tenant = (select current_setting('soma.tenant', true)))
  with check (tenant = (select current_setting('soma.tenant', true)));
create policy tenant_rows on checkpoint to soma_request
  using (tenant = (select current_setting('soma.tenant', true)))
  with check (tenant = (select current_setting('soma.tenant', true)));
create policy tenant_rows on task_write to soma_request
  using (tenant = (select current_setting('soma.tenant', true)))
  with check (tenant = (select current_setting('soma.tenant', true)));
create policy tenant_rows on piece to soma_request
  using (tenant = (select current_setting('soma.tenant', true)))
  with check (tenant = (select current_setting('soma.tenant', true)));
create policy tenant_rows on piece_use to soma_request
  using (tenant = (select current_setting('soma.tenant', true)))
  with check (tenant = (select current_setting('soma.tenant', true)));

grant select, insert, delete on thread, checkpoint, task_write, piece, piece_use to soma_request;
grant update (head_id, writer) on thread to soma_request;
grant update (parent_id, body, channels, metadata, exact_metadata) on checkpoint to soma_request;
grant update (writes) on task_write to soma_request;
