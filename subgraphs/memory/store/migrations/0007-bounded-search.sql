-- The search again, so that it costs the same however many memories there are. It read every memory with a word of the query,
-- and compared the spelling of each that had a few letters of it: 20 000 memories took ten times as long as 2 000.
--
-- memory_word  the words that a namespace has, so that another spelling is looked for among words, which repeat and soon stop
--              growing, and not among memories
--
-- What is ranked is now a bounded choice: of each word so many memories, facts apart and first; those that have all of the
-- words; and the newest. Where a word is in more memories than that, it says little, and what is left out is the least of it.
create table memory_word (
  tenant    text not null,
  namespace text not null,
  word      text not null,
  primary key (tenant, namespace, word)
);
alter table memory_word enable row level security;
alter table memory_word force row level security;
create policy tenant_rows on memory_word to soma_request using (tenant = (select current_setting('soma.tenant', true)))
  with check (tenant = (select current_setting('soma.tenant', true)));
create policy definer_rows on memory_word for select to soma_definer using (true);
grant select, insert on memory_word to soma_request;
grant select on memory_word to soma_definer;

-- Words that have a spelling, as in words_of(); one memory adds a thousand at most. In their order, so that two memories that
-- bring the same new words wait for each other and do not stand in each other's way.
create function add_words() returns trigger language plpgsql as $$
begin
  insert into memory_word (tenant, namespace, word)
    select distinct m.tenant, m.namespace, w.word from added m cross join lateral
      (select distinct lower(token) as word from ts_parse('default', m.content)
        where tokid in (1, 2, 10, 11) and length(token) between 3 and 40 limit 1000) w
     order by 1, 2, 3
    on conflict do nothing;
  return null;
end $$;
create trigger add_words after insert on memory_item referencing new table as added for each statement execute function add_words();
insert into memory_word (tenant, namespace, word)
  select distinct m.tenant, m.namespace, w.word from memory_item m cross join lateral
    (select distinct lower(token) as word from ts_parse('default', m.content)
      where tokid in (1, 2, 10, 11) and length(token) between 3 and 40 limit 1000) w;

-- Tenant and namespace as one value: a word costs the memories of its namespace and nobody else's.
drop index memory_words;
drop index memory_spelling;
create index memory_words on memory_item using gin ((tenant || '/' || namespace), words) with (fastupdate = off);
create index memory_fact_words on memory_item using gin ((tenant || '/' || namespace), words) with (fastupdate = off) where kind = 'FACT';
create index memory_spelling on memory_word using gin ((tenant || '/' || namespace), word public.gin_trgm_ops) with (fastupdate = off);
create index memory_newest on memory_item (tenant, namespace, memory_id);

create or replace function search_memories(p_query text, p_namespace text, p_kind text, p_session uuid, p_limit int)
returns table (id uuid, content text, kind text, created_at timestamptz, words_place int, spelling_place int, matched_words text[])
language sql stable security definer set search_path from current set pg_trgm.word_similarity_threshold = 0.45
-- Each table is reached by an index or not at all, also while it is small: what is small when a plan is made may grow.
set enable_seqscan = off as $$
  with asked as materialized (select * from words_of(p_query)),
  -- Long words tell most; so many of them bound what a long query may cost.
  lexeme as materialized (
    select l, max(length(word)) as size from asked, unnest(lexemes) l group by l order by size desc, l limit 24),
  q as materialized (
    select current_setting('soma.tenant') || '/' || p_namespace as scope, string_agg(quote_literal(l), ' | ')::tsquery as any_word,
           string_agg(quote_literal(l), ' & ')::tsquery as all_words, greatest(60, 1200 / greatest(count(*), 1)) as each from lexeme),
  term as materialized (
    select null::text as word, quote_literal(l)::tsquery as query, 1::real as likeness from lexeme
    union all
    select s.word, quote_literal(variant.l)::tsquery, max(variant.likeness)
      from (select word from asked where spelled order by length(word) desc, place limit 16) s
     cross join lateral (
       select l, near.likeness from (
           select w.word, public.word_similarity(s.word, w.word) as likeness from memory_word w
            where w.tenant || '/' || w.namespace = (select scope from q) and s.word operator(public.<%) w.word
            order by likeness desc, w.word limit 4) near,
         unnest(tsvector_to_array(to_tsvector('english', near.word))) l) variant
     group by s.word, variant.l),
  newest as materialized (
    (select m.memory_id, m.kind, m.words from memory_item m
      where p_session is null and m.tenant = current_setting('soma.tenant') and m.namespace = p_namespace
      order by m.memory_id desc limit 200)
    union all
    (select m.memory_id, m.kind, m.words from memory_item m
      where m.tenant = current_setting('soma.tenant') and m.session_id = p_session and m.namespace = p_namespace
      order by m.memory_id desc limit 500)),
  found as materialized (
    select term.word, term.likeness, m.memory_id from term cross join lateral (
      select memory_id from (select x.memory_id, x.kind, x.session_id from memory_item x
          where x.tenant || '/' || x.namespace = (select scope from q) and x.words @@ term.query limit (select each from q)) of_word
       where (p_kind is null or of_word.kind = p_kind) and (p_session is null or of_word.session_id = p_session)
      union
      select memory_id from (select x.memory_id, x.session_id from memory_item x
          where x.tenant || '/' || x.namespace = (select scope from q) and x.words @@ term.query and x.kind = 'FACT' limit (select each from q)) of_fact
       where p_kind is distinct from 'MESSAGE' and (p_session is null or of_fact.session_id = p_session)
      union
      select memory_id from newest n where n.words @@ term.query and (p_kind is null or n.kind = p_kind)) m
    union all
    select null, 1, memory_id from (select x.memory_id, x.kind, x.session_id from memory_item x
        where x.tenant || '/' || x.namespace = (select scope from q) and x.words @@ (select all_words from q) limit (select each from q)) of_all
     where (p_kind is null or of_all.kind = p_kind) and (p_session is null or of_all.session_id = p_session)),
  chosen as materialized (
    -- The end of a key is the hash of its content.
    select m.memory_id, m.kind, m.words, right(m.idem_key_base, 16) as same
      from (select distinct memory_id from found) f
      -- offset 0 keeps the planner at one look-up by key for each
      cross join lateral (select * from memory_item x where x.tenant = current_setting('soma.tenant') and x.memory_id = f.memory_id offset 0) m),
  by_words as (
    select memory_id, row_number() over (order by score desc, kind, memory_id desc) as place
      from (select distinct on (same) memory_id, kind, ts_rank_cd(words, (select any_word from q), 1) as score
              from chosen where words @@ (select any_word from q) order by same, kind, memory_id desc) once
     order by 2 limit p_limit),
  by_spelling as (
    select memory_id, row_number() over (order by score desc, kind, memory_id desc) as place
      from (select distinct on (same) c.memory_id, c.kind, alike.score
              from (select memory_id, sum(likeness) as score
                      from (select memory_id, word, max(likeness) as likeness from found where word is not null group by 1, 2) once
                     group by memory_id) alike
              join chosen c on c.memory_id = alike.memory_id order by same, c.kind, c.memory_id desc) once
     order by 2 limit p_limit)
  select m.memory_id, m.content, m.kind, m.created_at, placed.words::int, placed.spelling::int,
         array(select word from asked where lexemes && tsvector_to_array(m.words) order by place)
    from (select memory_id, max(words) as words, max(spelling) as spelling
            from (select memory_id, place as words, null::bigint as spelling from by_words
                  union all select memory_id, null, place from by_spelling) u
           group by memory_id) placed
   cross join lateral (select * from memory_item x where x.tenant = current_setting('soma.tenant') and x.memory_id = placed.memory_id offset 0) m
$$;
do $$ begin
  execute format('alter function add_words() set search_path = %I, pg_temp', current_schema());
  revoke execute on function add_words() from public;
  execute format('alter function search_memories(text, text, text, uuid, int) set search_path = %I, pg_temp', current_schema());
end $$;
