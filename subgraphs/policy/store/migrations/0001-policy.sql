-- decision     every answer of the policy engine, stored before it is given; arguments only as their digest
-- audit_event  what a reviewer may ask about; only ever inserted
create table decision (
  tenant         text not null,
  decision_id    uuid not null,
  allow          boolean not null,
  reason         text not null,
  obligations    jsonb not null,
  tool           text not null,
  tool_version   text not null,
  risk           text not null,
  actor          text not null,
  role           text not null,
  args_digest    text not null,
  policy_version text not null,
  run_id         uuid,
  step_id        text check (length(step_id) <= 60),
  idem_key       text not null,
  idem_digest    text not null,
  created_at     timestamptz not null,
  expires_at     timestamptz not null,
  primary key (tenant, decision_id)
);
create index decision_by_run on decision (tenant, run_id, decision_id) where run_id is not null;
create index decision_by_step on decision (tenant, step_id, decision_id) where step_id is not null;
create index decision_by_key on decision (tenant, idem_key, decision_id);

create table audit_event (
  tenant         text not null,
  event_id       uuid not null,
  category       text not null check (category in ('policy', 'delegation', 'sync', 'security')),
  actor          text not null,
  subject        text not null,
  decision       text not null,
  reason         text not null,
  policy_version text,
  at             timestamptz not null,
  trace_id       text,
  meta           jsonb not null,
  primary key (tenant, event_id)
);

alter table decision enable row level security;
alter table decision force row level security;
alter table audit_event enable row level security;
alter table audit_event force row level security;
create policy tenant_rows on decision to soma_request
  using (tenant = (select current_setting('soma.tenant', true)))
  with check (tenant = (select current_setting('soma.tenant', true)));
create policy tenant_rows on audit_event to soma_request
  using (tenant = (select current_setting('soma.tenant', true)))
  with check (tenant = (select current_setting('soma.tenant', true)));
create policy worker_rows on audit_event to soma_worker using (true) with check (true);

grant select, insert on decision to soma_request;
grant select, insert on audit_event to soma_request;
grant select, insert on audit_event to soma_worker;
