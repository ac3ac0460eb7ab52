-- tool_request  calls of tools that were asked for on the bus and are not answered yet; one goes when it is answered
--
-- Which request an invocation answers stands in its own row, so that whoever ends it tells the result in the same transaction, and only
-- of those that were asked for so.
alter table invocation add column asked_by jsonb;

create table tool_request (
  tenant        text not null,
  invocation_id uuid not null,
  tool          text not null,
  args          jsonb not null,
  asked_by      jsonb not null,
  trace_parent  text not null,
  -- when it is looked at again: whoever answers it moves this on while it does
  due_at        timestamptz not null default clock_timestamp(),
  primary key (tenant, invocation_id)
);
create index tool_request_due on tool_request (due_at);

alter table tool_request enable row level security;
alter table tool_request force row level security;
create policy worker_rows on tool_request to soma_worker using (true) with check (true);
grant select, insert, update (due_at), delete on tool_request to soma_worker;
