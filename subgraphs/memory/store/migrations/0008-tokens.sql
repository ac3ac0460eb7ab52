-- What memories are found by beside their English words: the database is of no language (locale C) and its words are English,
-- so that other scripts were not found, or only in the very form and case they were told in. domain/script-tokens.ts makes the
-- tokens; they are kept with their memory and go with it. Null of a memory from before that: commands/add-tokens.ts fills it.
--
-- Independent of 0009 and 0010, beside which it was written: it may come before or after them.
alter table memory_item add column tokens text[];
comment on column memory_item.tokens is 'what it is found by beside its words; null until they are made';
-- Most memories have none, and are in none of the three.
create index memory_tokens on memory_item using gin ((tenant || '/' || namespace), tokens) with (fastupdate = off) where cardinality(tokens) > 0;
create index memory_fact_tokens on memory_item using gin ((tenant || '/' || namespace), tokens) with (fastupdate = off)
  where cardinality(tokens) > 0 and kind = 'FACT';
create index memory_without_tokens on memory_item (memory_id) where tokens is null;

create policy worker_fills on memory_item for update to soma_worker using (true) with check (true);
grant select (tenant, memory_id, content, tokens), update (tokens) on memory_item to soma_worker;

-- A bounded choice, as in 0007-bounded-search.sql: of each token so many memories, facts apart, and the newest. A token that few of
-- those have counts more than one that many have; what is chosen by that is then weighed by all the tokens that it has.
create function search_tokens(p_tokens text[], p_namespace text, p_kind text, p_session uuid, p_limit int)
returns table (id uuid, content text, kind text, created_at timestamptz, place int)
language sql stable security definer set search_path from current set enable_seqscan = off as $$
  with q as materialized (
    select current_setting('soma.tenant') || '/' || p_namespace as scope, greatest(60, 1200 / greatest(cardinality(p_tokens), 1)) as each),
  newest as materialized (
    (select m.memory_id, m.kind, m.tokens from memory_item m
      where p_session is null and m.tenant = current_setting('soma.tenant') and m.namespace = p_namespace
      order by m.memory_id desc limit 200)
    union all
    (select m.memory_id, m.kind, m.tokens from memory_item m
      where m.tenant = current_setting('soma.tenant') and m.session_id = p_session and m.namespace = p_namespace
      order by m.memory_id desc limit 500)),
  found as materialized (
    select t.token, m.memory_id, m.kind from unnest(p_tokens) as t(token) cross join lateral (
      select memory_id, kind from (select x.memory_id, x.kind, x.session_id from memory_item x
          where cardinality(x.tokens) > 0 and x.tenant || '/' || x.namespace = (select scope from q)
            and x.tokens @> array[t.token] limit (select each from q)) of_token
       where (p_kind is null or of_token.kind = p_kind) and (p_session is null or of_token.session_id = p_session)
      union
      select memory_id, kind from (select x.memory_id, x.kind, x.session_id from memory_item x
          where cardinality(x.tokens) > 0 and x.kind = 'FACT' and x.tenant || '/' || x.namespace = (select scope from q)
            and x.tokens @> array[t.token] limit (select each from q)) of_fact
       where p_kind is distinct from 'MESSAGE' and (p_session is null or of_fact.session_id = p_session)
      union
      select memory_id, kind from newest n where n.tokens @> array[t.token] and (p_kind is null or n.kind = p_kind)) m),
  weight as materialized (select token, (1 / ln(2 + count(*)))::float8 as weight from found group by token),
  best as materialized (
    select memory_id from found join weight using (token)
     group by memory_id, found.kind order by sum(weight.weight) desc, found.kind, memory_id desc limit 400),
  chosen as materialized (
    -- The end of a key is the hash of its content.
    select m.memory_id, m.content, m.kind, m.created_at, right(m.idem_key_base, 16) as same,
           (select sum(w.weight) from weight w where w.token = any (m.tokens)) as score
      from best b
      -- offset 0 keeps the planner at one look-up by key for each
      cross join lateral (select * from memory_item x where x.tenant = current_setting('soma.tenant') and x.memory_id = b.memory_id offset 0) m)
  select memory_id, content, kind, created_at, (row_number() over (order by score desc, kind, memory_id desc))::int
    from (select distinct on (same) * from chosen order by same, kind, memory_id desc) once
   order by 5 limit p_limit
$$;
do $$ begin
  execute format('alter function search_tokens(text[], text, text, uuid, int) set search_path = %I, pg_temp', current_schema());
  revoke execute on function search_tokens(text[], text, text, uuid, int) from public;
  alter function search_tokens(text[], text, text, uuid, int) owner to soma_definer;
  grant execute on function search_tokens(text[], text, text, uuid, int) to soma_request;
end $$;
