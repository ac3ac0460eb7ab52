-- What lies before the newest turns of a session, in words of a model or as an extract: one for a session, extended as turns leave the
-- window. It goes with the first of the runs that it tells of: what is erased, taken back or gone by its age does not live on in it. It
-- is made anew later, of the newest twenty that have left the window.
create table session_summary (
  tenant      text not null,
  session_id  uuid not null,
  upto_run_id uuid not null,
  turns       int not null check (turns > 0),
  text        text not null check (length(text) between 1 and 8000),
  made_by     text not null,
  made_in     uuid not null,
  made_at     timestamptz not null default clock_timestamp(),
  primary key (tenant, session_id)
);
comment on column session_summary.upto_run_id is 'the newest run it tells of';
comment on column session_summary.turns is 'how many it tells of';
comment on column session_summary.made_by is 'profile/model, or scripted for an extract';
comment on column session_summary.made_in is 'the run that made it; another one has another, so it tells versions apart';

-- Fires under the lock on the run, which keep-summary.ts takes shared: of the two, one sees what the other did.
create function forget_summary() returns trigger
language plpgsql volatile set search_path from current as $$
begin
  delete from session_summary s where s.tenant = old.tenant and s.session_id = old.session_id and s.upto_run_id >= old.run_id;
  return null;
end $$;
create trigger run_summary_erased after update of erased_at on run for each row
  when (old.erased_at is null and new.erased_at is not null) execute function forget_summary();
create trigger run_summary_taken_back after update of status on run for each row
  when (old.status >= 10 and new.status < 10) execute function forget_summary();
create trigger run_summary_retired after delete on run for each row execute function forget_summary();

alter table session_summary enable row level security;
alter table session_summary force row level security;
create policy worker_reads on session_summary for select to soma_worker using (true);
create policy worker_keeps on session_summary for insert to soma_worker with check (true);
create policy worker_extends on session_summary for update to soma_worker using (true) with check (true);
create policy definer_rows on session_summary to soma_definer using (tenant = (select current_setting('soma.tenant', true)));
grant select, insert, update on session_summary to soma_worker;
grant select, delete on session_summary to soma_definer;

do $$
begin
  execute format('alter function forget_summary() set search_path = %I, pg_temp', current_schema());
end $$;
revoke execute on function forget_summary() from public;
