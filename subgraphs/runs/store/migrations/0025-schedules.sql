-- What starts runs at the times of a cron expression. A tick is the instant `next_at`. Whoever starts its run has a lease on the
-- schedule for a while; the run's key names the schedule and the tick, so that two who take the same one start the same run.
create table schedule (
  tenant        text not null,
  schedule_id   uuid not null,
  name          text not null,
  cron          text not null,
  time_zone     text not null,
  overlap       text not null check (overlap in ('SKIP', 'QUEUE', 'CANCEL_PREVIOUS')),
  graph         text not null,
  input         jsonb not null,
  role          text not null,
  model_profile text not null,
  session_id    uuid,
  created_by    text not null,
  idem_key      text not null,
  idem_digest   text not null,
  created_at    timestamptz not null,
  is_paused     boolean not null default false,
  next_at       timestamptz,
  leased_until  timestamptz not null default '-infinity',
  last_tick_at  timestamptz,
  last_run_id   uuid,
  fault         text,
  primary key (tenant, schedule_id),
  foreign key (tenant, session_id) references session (tenant, session_id)
);
comment on column schedule.session_id is 'of a schedule whose runs queue: they follow one another because they are of one session';
comment on column schedule.fault is 'why the newest tick started no run';
create unique index schedule_idem on schedule (tenant, idem_key);
create index schedule_due on schedule (next_at) where not is_paused;

alter table schedule enable row level security;
alter table schedule force row level security;
create policy worker_rows on schedule to soma_worker using (true) with check (true);
create policy tenant_rows on schedule to soma_request using (tenant = (select current_setting('soma.tenant', true)))
  with check (tenant = (select current_setting('soma.tenant', true)));
grant select, delete, update (is_paused, next_at), insert (tenant, schedule_id, name, cron, time_zone, overlap, graph, input, role, model_profile,
  session_id, created_by, idem_key, idem_digest, created_at, next_at) on schedule to soma_request;
grant select, update (leased_until, next_at, last_tick_at, last_run_id, fault) on schedule to soma_worker;

-- A worker starts the runs of schedules.
grant execute on function begin_runs(jsonb) to soma_worker;
