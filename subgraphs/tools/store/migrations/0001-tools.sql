-- executor      one row per life of a tools process; its number is the advisory lock (class 3) that says it lives
-- invocation    one call of a tool: the intent is committed before the tool starts, the outcome when it has ended
-- stream_frame  what a tool wrote: for each attempt one start, data, one end; `n` counts over all attempts
--
-- Lock order: the invocation's row, then its frames, then the outbox. A frame is only written while the row is locked and
-- still says that the writer owns the attempt.
create table executor (
  executor_id uuid primary key,
  no          int not null unique default floor(random() * 2147483647)::int,
  started_at  timestamptz not null default clock_timestamp()
);

create table invocation (
  tenant           text not null,
  invocation_id    uuid not null,
  idempotency_key  text not null check (length(idempotency_key) between 1 and 200),
  actor            text not null,
  tool             text not null,
  tool_version     text not null,
  effect           text not null check (effect in ('pure', 'idempotent', 'at_most_once')),
  isolation        text not null check (isolation in ('none', 'process')),
  args             jsonb not null,
  args_digest      text not null,
  decision_id      uuid not null,
  run_id           uuid,
  step_id          text check (length(step_id) <= 60),
  trace_id         text not null,
  status           text not null default 'RUNNING'
    check (status in ('RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'DENIED', 'CANCELED', 'TRUNCATED', 'UNKNOWN')),
  attempt          int not null default 1,
  executor_id      uuid not null,
  first_frame      int not null default 0,
  cancel_requested boolean not null default false,
  output_bytes     int not null default 0,
  error_type       text,
  error_message    text,
  execution_ms     double precision,
  started_at       timestamptz not null default clock_timestamp(),
  finished_at      timestamptz,
  primary key (tenant, invocation_id)
) with (fillfactor = 80);
comment on column invocation.first_frame is 'number n of the current attempt''s start frame';

create index invocation_by_run on invocation (tenant, run_id, started_at, invocation_id) where run_id is not null;
create index invocation_by_step on invocation (tenant, step_id, started_at) where step_id is not null;
create index invocation_running on invocation (executor_id) where status = 'RUNNING';

create table stream_frame (
  tenant        text not null,
  invocation_id uuid not null,
  attempt       int not null,
  seq           int not null,
  n             int not null,
  kind          text not null check (kind in ('start', 'data', 'end')),
  data          text check (octet_length(data) <= 16384),
  status        text check (status in ('OK', 'ERROR', 'TIMEOUT', 'DENIED', 'CANCELED', 'TRUNCATED', 'INTERRUPTED')),
  bytes         int,
  sha256        text,
  created_at    timestamptz not null default clock_timestamp(),
  primary key (tenant, invocation_id, attempt, seq),
  unique (tenant, invocation_id, n),
  foreign key (tenant, invocation_id) references invocation (tenant, invocation_id) on delete cascade,
  check ((kind = 'start') = (seq = 0)),
  check ((kind = 'data') = (data is not null)),
  check ((kind = 'end') = (status is not null and bytes is not null and sha256 is not null))
);
create unique index stream_frame_one_end on stream_frame (tenant, invocation_id, attempt) where kind = 'end';

alter table executor enable row level security;
alter table executor force row level security;
alter table invocation enable row level security;
alter table invocation force row level security;
alter table stream_frame enable row level security;
alter table stream_frame force row level security;

create policy tenant_rows on invocation to soma_request
  using (tenant = (select current_setting('soma.tenant', true)))
  with check (tenant = (select current_setting('soma.tenant', true)));
create policy tenant_rows on stream_frame to soma_request
  using (tenant = (select current_setting('soma.tenant', true)))
  with check (tenant = (select current_setting('soma.tenant', true)));
create policy worker_rows on executor to soma_worker using (true) with check (true);
create policy worker_rows on invocation to soma_worker using (true) with check (true);
create policy worker_rows on stream_frame to soma_worker using (true) with check (true);

grant select, insert, delete on executor to soma_worker;
grant select, insert on invocation to soma_request;
grant update (status, attempt, executor_id, decision_id, first_frame, cancel_requested, output_bytes, error_type, error_message, execution_ms, finished_at)
  on invocation to soma_request, soma_worker;
grant select on invocation to soma_worker;
grant select, insert on stream_frame to soma_request, soma_worker;
