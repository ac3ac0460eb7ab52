-- When an invocation that may run again was found without its executor: it waits for somebody to ask for it once more, and
-- is ended when nobody does. The index holds those alone, so whoever looks for them reads nothing else.
alter table invocation add column lost_at timestamptz;
update invocation i set lost_at = clock_timestamp()
  where status = 'RUNNING' and exists (select 1 from stream_frame f
    where f.tenant = i.tenant and f.invocation_id = i.invocation_id and f.attempt = i.attempt and f.kind = 'end');
create index invocation_lost on invocation (lost_at) where status = 'RUNNING' and lost_at is not null;
grant update (lost_at) on invocation to soma_request, soma_worker;
