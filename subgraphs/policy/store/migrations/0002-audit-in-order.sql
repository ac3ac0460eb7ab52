-- Each thing the audit is filtered by has an index that begins with it and goes on in the order of the list, so that a page
-- reads its own rows and no others. What a second filter asks is checked in the index: two frequent things that seldom meet
-- cost entries of it and no rows. Nulls first (no id is null) is an order that the primary key does not give: Postgres takes
-- it for nearly as good, and would walk the whole audit to a few rows at its old end.
--
-- The names of whoever acted are as long as their issuer makes them, and an index entry is not: it holds their hash.
alter table audit_event
  add column actor_hash bigint not null generated always as (hashtextextended(actor, 0)) stored,
  add column subject_hash bigint not null generated always as (hashtextextended(subject, 0)) stored,
  add column decision_hash bigint not null generated always as (hashtextextended(decision, 0)) stored;
create index audit_by_actor on audit_event (tenant, actor_hash, event_id nulls first, decision_hash, category, subject_hash);
create index audit_by_subject on audit_event (tenant, subject_hash, event_id nulls first, decision_hash, category, actor_hash);
create index audit_by_decision on audit_event (tenant, decision_hash, event_id nulls first, category, actor_hash, subject_hash);
create index audit_by_category on audit_event (tenant, category, event_id nulls first, decision_hash, actor_hash, subject_hash);
