-- The newest forks of a run are read, and no others: by the index alone all of them were.
drop index run_forks;
create index run_forks on run (tenant, forked_from_run_id, run_id) where forked_from_run_id is not null;
