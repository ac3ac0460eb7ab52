-- memory_unsynced  memories of which SomaBrain has given no proof yet; a row is written with its memory, whether there is a SomaBrain
--                  or not, and leaves on proof: so whichever one is set one day gets all
-- brain_sync       who brings them there just now, how SomaBrain is, and since when
create table memory_unsynced (
  tenant    text not null,
  memory_id uuid not null,
  due_at    timestamptz not null default '-infinity',
  attempts  integer not null default 0,
  -- why it was refused the last time
  fault     text,
  primary key (tenant, memory_id),
  foreign key (tenant, memory_id) references memory_item (tenant, memory_id) on delete cascade
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
create index memory_unsynced_by_age on memory_unsynced (memory_id);
alter table memory_unsynced enable row level security;
alter table memory_unsynced force row level security;
create policy tenant_rows on memory_unsynced to soma_request using (tenant = (select current_setting('soma.tenant', true)))
  with check (tenant = (select current_setting('soma.tenant', true)));
create policy worker_rows on memory_unsynced to soma_worker using (true) with check (true);
grant select, insert, update (due_at, attempts, fault) on memory_unsynced to soma_request;
grant select, delete, update (due_at, attempts, fault) on memory_unsynced to soma_worker;

alter table memory_item no force row level security;
insert into memory_unsynced (tenant, memory_id) select tenant, memory_id from memory_item;
alter table memory_item force row level security;
create policy worker_reads on memory_item for select to soma_worker using (true);
grant select on memory_item to soma_worker;
-- As for whoever asks: what an order to forget is about is brought nowhere any more.
create policy not_forgotten_yet on memory_item as restrictive for select to soma_worker using (not exists (
  select from forgetting f where f.tenant = memory_item.tenant and f.done_at is null and coalesce(memory_item.no, 0) < f.upto
     and f.target = case f.scope when 'MEMORY' then memory_item.memory_id::text
       when 'SESSION' then memory_item.session_id::text else memory_item.subject end));

create table brain_sync (
  only_one   boolean primary key default true check (only_one),
  owner      uuid,
  expires_at timestamptz not null default '-infinity',
  state      text check (state in ('NORMAL', 'DEGRADED', 'DOWN')),
  state_at   timestamptz,
  dialect    text check (dialect in ('MEMORY', 'MEMORY_API', 'LEGACY')),
  probed_at  timestamptz,
  -- why it is not NORMAL, or why the last write was not proved
  fault      text
) with (fillfactor = 50);
insert into brain_sync default values;
alter table brain_sync enable row level security;
alter table brain_sync force row level security;
create policy worker_rows on brain_sync to soma_worker using (true) with check (true);
create policy reads on brain_sync for select to soma_request using (true);
grant select, update on brain_sync to soma_worker;
grant select (state, state_at, dialect, probed_at, fault) on brain_sync to soma_request;
