-- search_memories runs with its owner's rights, so its owner must have few: a role that can read the memories and nothing
-- else, and no login. Its search path ends in pg_temp: left out, a caller's temporary tables would come first, and a table
-- named memory_item with a trigger or an operator of the caller's would run as the owner.
alter function search_memories(text, text, text, uuid, int) owner to soma_definer;
alter function words_of(text) owner to soma_definer;
create policy definer_rows on memory_item for select to soma_definer using (true);
grant select on memory_item to soma_definer;

do $$
declare f regprocedure;
begin
  execute format('grant usage on schema %I to soma_definer', current_schema());
  foreach f in array array['search_memories(text, text, text, uuid, int)', 'words_of(text)']::regprocedure[] loop
    execute format('alter function %s set search_path = %I, pg_temp', f, current_schema());
  end loop;
end $$;
