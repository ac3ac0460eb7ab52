-- As in 0003; events of some types are on a topic of another name, as their schemas say (x-event.topics.emitted).
alter table outbox drop constraint headers_are_columns, add constraint headers_are_columns check (
  (headers ->> 'ce_tenant') is not distinct from tenant
  and (headers ->> 'ce_id') is not distinct from event_id::text
  and (headers ->> 'ce_type') is not distinct from type
  and topic = 'soma.' || tenant || '.' || case type when 'tool.result.v1' then 'tool.results.v1' else type end
) not valid;
