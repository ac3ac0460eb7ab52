-- Which tool calls of a run failed or were denied: what a run that succeeded still has to tell. The history says it, also
-- that of runs that are older than this; the index holds these rows alone, so that counting them costs what is wrong with
-- a run and not what is in it. The rule is that of schemas/bad-call.ts.
create index journal_bad_calls on journal (run_id)
  where kind = 13 or (node_type = 'tool' and (kind = 12
    or (kind = 11 and payload #>> '{output,status}' in ('FAILED', 'TIMED_OUT', 'CANCELED', 'UNKNOWN', 'DENIED'))));

create view bad_call with (security_invoker = true) as
  select run_id, kind = 13 or (kind = 11 and payload #>> '{output,status}' = 'DENIED') as denied
    from journal
   where kind = 13 or (node_type = 'tool' and (kind = 12
    or (kind = 11 and payload #>> '{output,status}' in ('FAILED', 'TIMED_OUT', 'CANCELED', 'UNKNOWN', 'DENIED'))));
grant select on bad_call to soma_request, soma_worker;
