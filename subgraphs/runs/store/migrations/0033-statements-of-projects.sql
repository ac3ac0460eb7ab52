-- Executes one statement of a step in the tables of a project, as a role that has nothing else: whoever is inside a function
-- with its owner's rights can become nobody else, and can end no transaction. Values come apart from the text, as $1[1], $1[2].
-- The role has no usage of this schema, so that it can neither name this function nor anything beside it.
create function project_sql(p_statement text, p_values text[]) returns setof jsonb
language plpgsql volatile security definer set search_path from current as $$
declare
  r record;
  given jsonb;
  bytes bigint := 0;
begin
  begin
    for r in execute p_statement using p_values loop
      given := to_jsonb(r);
      bytes := bytes + octet_length(given::text);
      if bytes > 1048576 then
        raise exception using errcode = '54000', message = 'the statement gave more than 1048576 bytes of rows; let it give fewer';
      end if;
      return next given;
    end loop;
  exception when invalid_cursor_definition then
    -- It gives no rows, and nothing of it was done: it could not be opened. What it is, the server's parser has said.
    if sqlerrm !~ '^cannot open (INSERT|UPDATE|DELETE|MERGE) query as cursor$' then
      raise exception using errcode = '0A000', message = 'a step makes one select, insert, update, delete or merge at a time, and nothing else';
    end if;
    execute p_statement using p_values;
  end;
end $$;
revoke execute on function project_sql(text, text[]) from public;
grant execute on function project_sql(text, text[]) to soma_worker;
alter function project_sql(text, text[]) owner to soma_project;

do $$ begin
  execute format('alter function project_sql(text, text[]) set search_path = %I, pg_temp', current_schema() || '_project');
end $$;
