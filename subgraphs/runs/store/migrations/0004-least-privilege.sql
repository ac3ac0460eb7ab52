-- What a request may write into a history is the first event of a run of its own tenant; every later row comes from the
-- run's owner by commit_batch. The functions are a worker's: nobody else executes them, and no temporary table of a caller
-- comes before ours in their search path.
drop policy tenant_rows on journal;
create policy tenant_reads on journal for select to soma_request
  using (tenant = (select current_setting('soma.tenant', true)));
create policy tenant_begins on journal for insert to soma_request
  with check (tenant = (select current_setting('soma.tenant', true)) and seq = 1 and kind = 1 and epoch = 0
    and exists (select from run r where r.run_id = journal.run_id and r.tenant = journal.tenant));
drop policy tenant_rows on journal_default;

do $$
declare f regprocedure;
begin
  for f in select p.oid::regprocedure from pg_proc p where p.pronamespace = current_schema()::regnamespace loop
    execute format('alter function %s set search_path = %I, pg_temp', f, current_schema());
    execute format('revoke execute on function %s from public', f);
    execute format('grant execute on function %s to soma_worker', f);
  end loop;
end $$;
