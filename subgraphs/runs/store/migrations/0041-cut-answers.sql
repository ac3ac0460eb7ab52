-- An answer of a model that was cut is no plain success either: it is counted beside the calls of tools that did not end
-- well, by the same index. The rule is that of schemas/bad-call.ts.
drop index journal_bad_calls;
create index journal_bad_calls on journal (run_id)
  where kind = 13 or (node_type = 'model' and kind = 11 and payload #>> '{output,cut}' in ('length', 'content_filter'))
    or (node_type = 'tool' and (kind = 12
      or (kind = 11 and payload #>> '{output,status}' in ('FAILED', 'TIMED_OUT', 'CANCELED', 'UNKNOWN', 'DENIED'))));

create or replace view bad_call with (security_invoker = true) as
  select run_id, kind = 13 or (kind = 11 and node_type = 'tool' and payload #>> '{output,status}' = 'DENIED') as denied, seq,
      kind = 11 and node_type = 'model' as cut
    from journal
   where kind = 13 or (node_type = 'model' and kind = 11 and payload #>> '{output,cut}' in ('length', 'content_filter'))
    or (node_type = 'tool' and (kind = 12
      or (kind = 11 and payload #>> '{output,status}' in ('FAILED', 'TIMED_OUT', 'CANCELED', 'UNKNOWN', 'DENIED'))));
