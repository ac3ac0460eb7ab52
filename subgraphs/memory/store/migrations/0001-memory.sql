-- memory_item  what is remembered, with the idempotency key it can be told by anywhere
-- memory_call  which caller's idempotency key stands for which memory: two keys may stand for the same one
-- memory_edge  how memories belong together
create extension if not exists pg_trgm with schema public;

create table memory_item (
  tenant        text not null,
  memory_id     uuid not null,
  namespace     text not null,
  session_id    uuid not null,
  role          text not null check (role in ('user', 'assistant', 'system', 'tool')),
  kind          text not null check (kind in ('MESSAGE', 'FACT')),
  content       text not null,
  meta          jsonb not null,
  at            timestamptz not null,
  run_id        uuid,
  step_id       text check (length(step_id) <= 60),
  idem_key_base text not null,
  idem_suffix   text,
  somabrain_key text not null,
  sync_state    text not null default 'local' check (sync_state in ('local', 'pending', 'synced')),
  created_at    timestamptz not null,
  words         tsvector not null generated always as (to_tsvector('english', content)) stored,
  primary key (tenant, memory_id),
  unique (tenant, namespace, somabrain_key)
);
create table memory_call (
  tenant    text not null,
  call_key  text not null,
  digest    text not null,
  memory_id uuid not null,
  primary key (tenant, call_key)
);

create index memory_words on memory_item using gin (words);
create index memory_spelling on memory_item using gin (content public.gin_trgm_ops);
create index memory_by_run on memory_item (tenant, run_id, memory_id) where run_id is not null;
create index memory_by_session on memory_item (tenant, session_id, memory_id);

create table memory_edge (
  tenant     text not null,
  source_id  uuid not null,
  relation   text not null,
  target_id  uuid not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant, source_id, relation, target_id),
  foreign key (tenant, source_id) references memory_item (tenant, memory_id),
  foreign key (tenant, target_id) references memory_item (tenant, memory_id)
);

do $$
declare t text;
begin
  foreach t in array array['memory_item', 'memory_call', 'memory_edge'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant_rows on %I to soma_request using (tenant = (select current_setting(''soma.tenant'', true)))
      with check (tenant = (select current_setting(''soma.tenant'', true)))', t);
    execute format('grant select, insert on %I to soma_request', t);
  end loop;
end $$;
