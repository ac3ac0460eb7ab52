-- What somebody wants forgotten is ordered in one transaction, and carried out in many; whoever reads does not see it from the
-- order on. What stays is the order: who, why, when, of what, and how much went. Never what it said.
--
-- forgetting      an order, how far it has come, and what has gone. Only counts change; it outlives what it is about
-- forgetting_run  the runs whose memories went by it: their histories are of the runs subgraph, and are erased there
--
-- Lock order: first the tenant's lock `forget`, which whoever writes a memory or a link shares and whoever orders or carries
-- out has alone; then as before. So each memory was committed before the order or gets a greater number than it.

-- Memories from before have no number and count as older than all; a default for them would write the table anew.
alter table memory_item add column no bigint, add column subject text check (length(subject) <= 300);
comment on column memory_item.no is 'grows from memory to memory; null of one from before there were numbers';
comment on column memory_item.subject is 'who had it kept; null of one from before that was written down';
create sequence memory_no;
alter table memory_item alter column no set default nextval('memory_no');
grant usage on sequence memory_no to soma_request;
create index memory_by_subject on memory_item (tenant, subject, memory_id) where subject is not null;
create index memory_edge_by_target on memory_edge (tenant, target_id);
create index memory_call_by_memory on memory_call (tenant, memory_id);
-- A key of a memory that was forgotten keeps standing for it, without the digest: a late try does not bring it back.
alter table memory_call add column forgotten_at timestamptz;

create table forgetting (
  tenant        text not null,
  forgetting_id uuid not null,
  idem_key      text not null,
  scope         text not null check (scope in ('MEMORY', 'SESSION', 'SUBJECT')),
  target        text not null,
  reason        text not null,
  ordered_by    text not null,
  ordered_at    timestamptz not null default clock_timestamp(),
  upto          bigint not null default nextval('memory_no'),
  memories      int not null default 0,
  links         int not null default 0,
  calls         int not null default 0,
  words         int not null default 0,
  done_at       timestamptz,
  primary key (tenant, forgetting_id)
);
comment on column forgetting.target is 'id of a memory or a session, or the name of a subject';
comment on column forgetting.upto is 'memories of a smaller number are meant, and those without one';
create unique index forgetting_idem on forgetting (tenant, idem_key);
create index forgetting_open on forgetting (tenant, forgetting_id) where done_at is null;

create table forgetting_run (
  tenant        text not null,
  forgetting_id uuid not null,
  run_id        uuid not null,
  primary key (tenant, forgetting_id, run_id)
);

do $$
declare t text;
begin
  foreach t in array array['forgetting', 'forgetting_run'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant_reads on %I for select to soma_request using (tenant = (select current_setting(''soma.tenant'', true)))', t);
    execute format('create policy definer_rows on %I to soma_definer using (tenant = (select current_setting(''soma.tenant'', true)))', t);
    execute format('grant select on %I to soma_request, soma_definer', t);
  end loop;
  foreach t in array array['memory_item', 'memory_edge', 'memory_call', 'memory_word'] loop
    execute format('create policy definer_forgets on %I to soma_definer using (tenant = (select current_setting(''soma.tenant'', true)))', t);
  end loop;
end $$;
create policy worker_reads on forgetting for select to soma_worker using (true);
grant select on forgetting to soma_worker;
create policy tenant_orders on forgetting for insert to soma_request with check (tenant = (select current_setting('soma.tenant', true)) and done_at is null);
grant insert (tenant, forgetting_id, idem_key, scope, target, reason, ordered_by) on forgetting to soma_request;
grant update (memories, links, calls, words, done_at) on forgetting to soma_definer;
grant insert on forgetting_run to soma_definer;
grant select, delete on memory_item, memory_edge, memory_word to soma_definer;
grant select, update (digest, forgotten_at) on memory_call to soma_definer;

-- Who asks for memories sees none that an order is about, however far it has come.
create policy not_forgotten on memory_item as restrictive for select to soma_request using (not exists (
  select from forgetting f where f.tenant = memory_item.tenant and f.done_at is null and coalesce(memory_item.no, 0) < f.upto
     and f.target = case f.scope when 'MEMORY' then memory_item.memory_id::text
       when 'SESSION' then memory_item.session_id::text else memory_item.subject end));

-- Takes the words of these texts that no memory of the namespace has any more, and gives how many. Those that say nothing in the
-- language of the search stay: they tell of nobody, and no index finds who has them.
create function forget_words(p_namespace text, p_texts text[]) returns int
language plpgsql volatile set search_path from current as $$
declare gone int;
begin
  with said as materialized (
    select distinct lower(t.token) as word from unnest(p_texts) c cross join lateral ts_parse('default', c) t
     where t.tokid in (1, 2, 10, 11) and length(t.token) between 3 and 40)
  delete from memory_word w using said s
   where w.tenant = current_setting('soma.tenant') and w.namespace = p_namespace and w.word = s.word
     and to_tsvector('english', s.word) <> ''::tsvector
     and not exists (select from memory_item m where m.tenant || '/' || m.namespace = w.tenant || '/' || p_namespace
       and m.words @@ plainto_tsquery('english', s.word) and position(s.word in lower(m.content)) > 0);
  get diagnostics gone = row_count;
  return gone;
end $$;

-- Takes so many memories more, of about so many characters, of what was ordered, with all that hangs on them; gives those that
-- went, for who has to hear of it. None when that was all, and the order is done then.
create function forget_some(p_forgetting uuid, p_limit int, p_size int)
returns table (memory_id uuid, namespace text, somabrain_key text, session_id uuid, run_id uuid)
language plpgsql volatile security definer set search_path from current as $$
#variable_conflict use_column
declare
  here text := current_setting('soma.tenant');
  f forgetting;
  ids uuid[];
  gone_links int;
  gone_calls int;
  gone_words int := 0;
  more int;
  told record;
begin
  select * into f from forgetting x where x.tenant = here and x.forgetting_id = p_forgetting and x.done_at is null for update;
  if not found then return; end if;
  execute format('select array(select memory_id from (
      select memory_id, sum(length(content)) over (order by memory_id) - length(content) as before from (
        select memory_id, content from memory_item
         where tenant = $1 and %s and coalesce(no, 0) < $3 order by memory_id limit $4) first_ones) sized
     where before < $5)', case f.scope when 'MEMORY' then 'memory_id = $2::uuid'
      when 'SESSION' then 'session_id = $2::uuid' else 'subject = $2' end)
    into ids using here, f.target, f.upto, p_limit, p_size;
  if cardinality(ids) = 0 then
    update forgetting x set done_at = clock_timestamp() where x.tenant = here and x.forgetting_id = p_forgetting;
    return;
  end if;
  delete from memory_edge e where e.tenant = here and (e.source_id = any (ids) or e.target_id = any (ids));
  get diagnostics gone_links = row_count;
  update memory_call c set digest = '', forgotten_at = clock_timestamp() where c.tenant = here and c.memory_id = any (ids);
  get diagnostics gone_calls = row_count;
  insert into forgetting_run (tenant, forgetting_id, run_id)
    select distinct here, p_forgetting, m.run_id from memory_item m
     where m.tenant = here and m.memory_id = any (ids) and m.run_id is not null
    on conflict do nothing;
  for told in
    with gone as (delete from memory_item m where m.tenant = here and m.memory_id = any (ids) returning m.*),
    used as (select g.namespace, array_agg(g.content) as contents from gone g group by g.namespace)
    select u.namespace, u.contents, (select jsonb_agg(jsonb_build_object('id', g.memory_id, 'key', g.somabrain_key,
        'session', g.session_id, 'run', g.run_id) order by g.memory_id) from gone g where g.namespace = u.namespace) as items
      from used u
  loop
    more := forget_words(told.namespace, told.contents);
    gone_words := gone_words + more;
    return query select (i ->> 'id')::uuid, told.namespace, i ->> 'key', (i ->> 'session')::uuid, (i ->> 'run')::uuid
      from jsonb_array_elements(told.items) i;
  end loop;
  update forgetting x set memories = x.memories + cardinality(ids), links = x.links + gone_links, calls = x.calls + gone_calls,
      words = x.words + gone_words where x.tenant = here and x.forgetting_id = p_forgetting;
end $$;

do $$ begin
  execute format('alter function forget_words(text, text[]) set search_path = %I, pg_temp', current_schema());
  execute format('alter function forget_some(uuid, int, int) set search_path = %I, pg_temp', current_schema());
  revoke execute on function forget_words(text, text[]), forget_some(uuid, int, int) from public;
  alter function forget_words(text, text[]) owner to soma_definer;
  alter function forget_some(uuid, int, int) owner to soma_definer;
  grant execute on function forget_some(uuid, int, int) to soma_request, soma_worker;
end $$;
