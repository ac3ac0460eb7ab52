-- What people call a session, and who said so. Without a title it is called by its first question.
-- A session that a fork begins goes on from before a run of another one: what was said there until then was said before it, too. Nothing
-- is copied, it is read where it stands. Sessions of forks of before this migration begin at their beginning.
alter table session
  add column title text check (length(title) between 1 and 200),
  add column titled_by text,
  add column titled_at timestamptz,
  add column forked_from_session_id uuid,
  add column forked_from_run_id uuid,
  add constraint session_title_whole check ((title is null or titled_by is not null) and (titled_by is null) = (titled_at is null)),
  add constraint session_origin_whole check ((forked_from_session_id is null) = (forked_from_run_id is null));
comment on column session.title is 'null until it was named, and once its name was taken away';
comment on column session.forked_from_run_id is 'the run before which it goes on; it may have gone away by its age';

create index session_forks on session (tenant, forked_from_session_id) where forked_from_session_id is not null;

-- The sessions that one goes on from, itself first, each with the run before which it counts. What is further away than 64 forks is not
-- looked for.
create function session_lineage(p_tenant text, p_session uuid) returns table (session_id uuid, before_run_id uuid)
language sql stable strict rows 1 set search_path from current set enable_seqscan = off as $$
  with recursive part as (
    select p_session as session_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid as before_run_id, 1 as depth
    union all
    select s.forked_from_session_id, s.forked_from_run_id, part.depth + 1
      from part join session s on s.tenant = p_tenant and s.session_id = part.session_id and s.forked_from_session_id is not null
     where part.depth < 64)
  select part.session_id, part.before_run_id from part
$$;

-- A summary tells of what stands before a session too: it goes with the first of all those runs, wherever it was.
create or replace function forget_summary() returns trigger
language plpgsql volatile set search_path from current as $$
begin
  with recursive heir as (
    select old.session_id
    union
    select s.session_id from heir join session s on s.tenant = old.tenant and s.forked_from_session_id = heir.session_id
       and (s.forked_from_session_id <> old.session_id or s.forked_from_run_id > old.run_id))
  delete from session_summary s using heir where s.tenant = old.tenant and s.session_id = heir.session_id and s.upto_run_id >= old.run_id;
  return null;
end $$;

create policy definer_reads on session for select to soma_definer using (tenant = (select current_setting('soma.tenant', true)));
grant select (tenant, session_id, forked_from_session_id, forked_from_run_id) on session to soma_definer;
grant update (title, titled_by, titled_at) on session to soma_request;

do $$
begin
  execute format('alter function forget_summary() set search_path = %I, pg_temp', current_schema());
  execute format('alter function session_lineage(text, uuid) set search_path = %I, pg_temp', current_schema());
end $$;
revoke execute on function session_lineage(text, uuid) from public;
grant execute on function session_lineage(text, uuid) to soma_request, soma_worker;
