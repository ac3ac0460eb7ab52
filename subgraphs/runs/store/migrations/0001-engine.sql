-- session   a conversation; its runs follow one another
-- worker    one row per process incarnation: what is heart-beaten, and the fencing token of the incarnation
-- run       one durable execution: who owns it now, under which epoch, and what it is pinned to
-- journal   the log: checkpoint, event and outbox in one row; only ever inserted
-- relay_cursor  how far the relay has published the journal
--
-- Lock order: the advisory fence of a worker (class 2), then run rows, then journal rows.
create table session (
  tenant     text not null,
  session_id uuid not null,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant, session_id)
);

create table worker (
  worker_id   uuid primary key,
  gen         int not null default 1,
  state       smallint not null default 1 check (state in (1, 2, 3)),
  lease_until timestamptz not null,
  no          int not null unique default floor(random() * 2147483647)::int,
  suspected   smallint not null default 0,
  slots       int not null,
  build       text not null,
  started_at  timestamptz not null default clock_timestamp()
) with (fillfactor = 50);
comment on column worker.state is '1 live, 2 draining, 3 dead';
comment on column worker.suspected is 'readings in a row that found the liveness lock free';

create table run (
  run_id        uuid primary key,
  tenant        text not null,
  session_id    uuid not null,
  graph         text not null,
  graph_version int not null,
  graph_hash    text not null,
  role          text not null,
  model_profile text not null,
  input         jsonb not null,
  started_by    text not null,
  status        smallint not null default 0 check (status in (0, 1, 2, 3, 4, 10, 11, 12)),
  priority      smallint not null default 0,
  available_at  timestamptz not null default clock_timestamp(),
  deadline      timestamptz not null,
  epoch         int not null default 0,
  worker_id     uuid,
  recoveries    smallint not null default 0,
  branch        int not null default 0,
  control       smallint not null default 0,
  cancel_reason text,
  idem_key      text not null,
  idem_digest   text not null,
  trace_parent  text not null,
  created_at    timestamptz not null default clock_timestamp(),
  started_at    timestamptz,
  finished_at   timestamptz,
  foreign key (tenant, session_id) references session (tenant, session_id)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
comment on column run.status is '0 ready, 1 running, 2 parked, 3 waiting for a person, 4 paused, 10 succeeded, 11 failed, 12 canceled';
comment on column run.epoch is 'fencing token: grows with every change of owner';
comment on column run.control is 'bit 1: cancel';

create index run_ready on run (priority, available_at) where status = 0;
create index run_owner on run (worker_id) where status = 1;
create index run_open_in_session on run (tenant, session_id, run_id) where status < 10;
create index run_by_session on run (tenant, session_id, run_id);
create index run_newest on run (tenant, run_id);
create unique index run_idem on run (tenant, idem_key);

create table journal (
  run_id       uuid not null,
  seq          int not null,
  xid          xid8 not null default pg_current_xact_id(),
  tenant       text not null,
  epoch        int not null,
  branch       int not null,
  kind         smallint not null,
  step         int not null,
  node         text,
  node_type    text,
  attempt      smallint not null,
  at           timestamptz not null,
  payload      jsonb not null,
  payload_hash bytea not null,
  hash         bytea not null,
  primary key (run_id, seq)
) partition by range (run_id);
create table journal_default partition of journal default;
create index journal_relay on journal (xid);

create table relay_cursor (
  shard    smallint primary key,
  last_xid xid8 not null,
  last_run uuid not null,
  last_seq int not null,
  owner    uuid,
  fence    int not null default 0,
  expires_at timestamptz not null default '-infinity'
);
insert into relay_cursor (shard, last_xid, last_run, last_seq) values (0, '0', '00000000-0000-0000-0000-000000000000', 0);

do $$
declare t text;
begin
  foreach t in array array['session', 'worker', 'run', 'journal', 'journal_default', 'relay_cursor'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy worker_rows on %I to soma_worker using (true) with check (true)', t);
  end loop;
  foreach t in array array['session', 'run', 'journal', 'journal_default'] loop
    execute format('create policy tenant_rows on %I to soma_request using (tenant = (select current_setting(''soma.tenant'', true)))
      with check (tenant = (select current_setting(''soma.tenant'', true)))', t);
  end loop;
end $$;

grant select, insert on session to soma_request;
grant select, insert, update (control, cancel_reason) on run to soma_request;
grant select, insert on journal to soma_request;
grant select on session to soma_worker;
grant select, update on run to soma_worker;
grant select, insert on journal to soma_worker;
grant select, insert, update on worker to soma_worker;
grant select, update on relay_cursor to soma_worker;
