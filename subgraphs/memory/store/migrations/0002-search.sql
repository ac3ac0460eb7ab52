-- Two searches in one call. By words: any word of the query, ranked by how many and how near. By spelling: trigrams, for
-- what is written differently. Both see the namespace of the transaction's tenant only.
--
-- A function with its owner's rights, because row level security lets no operator that is not leakproof into an index: as
-- the request role each search would read every memory of the tenant. What the policy does is the first condition here.
create policy search_rows on memory_item for select to current_user using (true);

create function search_memories(p_query text, p_namespace text, p_kind text, p_session uuid, p_limit int)
returns table (id uuid, content text, kind text, created_at timestamptz, words_place int, spelling_place int, matched_words text[])
language sql stable security definer set search_path from current set pg_trgm.word_similarity_threshold = 0.45 as $$
  with q as (select lexemes, (select string_agg(quote_literal(l), ' | ')::tsquery from unnest(lexemes) l) as words
               from (select tsvector_to_array(to_tsvector('english', p_query)) as lexemes) s),
  by_words as (
    select m.memory_id, row_number() over (order by ts_rank_cd(m.words, q.words, 1) desc, m.memory_id desc) as place
      from q, memory_item m
     where m.tenant = current_setting('soma.tenant') and m.namespace = p_namespace and m.words @@ q.words
       and (p_kind is null or m.kind = p_kind) and (p_session is null or m.session_id = p_session)
     order by 2 limit p_limit),
  by_spelling as (
    select m.memory_id, row_number() over (order by public.word_similarity(p_query, m.content) desc, m.memory_id desc) as place
      from memory_item m
     where m.tenant = current_setting('soma.tenant') and m.namespace = p_namespace and p_query operator(public.<%) m.content
       and (p_kind is null or m.kind = p_kind) and (p_session is null or m.session_id = p_session)
       -- words that say nothing, such as "the", have no lexemes and are similar to everything
       and exists (select from q where q.words is not null)
     order by 2 limit p_limit)
  select m.memory_id, m.content, m.kind, m.created_at, found.words::int, found.spelling::int,
         array(select unnest(q.lexemes) intersect select unnest(tsvector_to_array(m.words)) order by 1)
    from (select memory_id, max(words) as words, max(spelling) as spelling
            from (select memory_id, place as words, null::bigint as spelling from by_words
                  union all select memory_id, null, place from by_spelling) u
           group by memory_id) found
    join memory_item m on m.tenant = current_setting('soma.tenant') and m.memory_id = found.memory_id
   cross join q
$$;
revoke execute on function search_memories from public;
grant execute on function search_memories to soma_request;
