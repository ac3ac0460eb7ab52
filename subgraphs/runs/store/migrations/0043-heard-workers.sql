-- When a worker was last heard. A lock that is free tells of a dead process only when nothing is heard of it either: a connection
-- may be lost, or not be there yet, while its process lives. A worker of the release before writes no time here and is judged
-- by its lock alone, as it judges others.
alter table worker add column heard_at timestamptz not null default clock_timestamp();
comment on column worker.heard_at is 'its birth or its last heartbeat';
comment on column worker.suspected is 'only of workers of the release before: readings in a row that found the liveness lock free';

-- Each worker looks at those that live four times a second, and rows of the dead stay. A heartbeat changes no column that is in it.
create index worker_alive on worker (no) where state in (1, 2);
