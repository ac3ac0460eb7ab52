-- Whoever may insert a row as a tenant may publish as that tenant only. The policy looks at the column `tenant`, and consumers
-- believe the record: what its headers and its topic say is what the columns say, or the row is refused. Rows that wait
-- already leave as they are: one that does not fit would keep the new version from starting.
alter table outbox add constraint headers_are_columns check (
  (headers ->> 'ce_tenant') is not distinct from tenant
  and (headers ->> 'ce_id') is not distinct from event_id::text
  and (headers ->> 'ce_type') is not distinct from type
  and topic = 'soma.' || tenant || '.' || type
) not valid;
