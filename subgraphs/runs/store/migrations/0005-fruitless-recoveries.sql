-- A run is suspected of killing its workers by the deaths in a row in which it made no progress, not by all of them: a
-- process that is killed again and again takes every run it has along, and those that go forward are not to blame.
alter table run add column fruitless smallint not null default 0;
comment on column run.recoveries is 'take-overs in all';
comment on column run.fruitless is 'take-overs in a row without a step that ended in between';

create or replace function take_over_worker(p_no int, p_worker uuid) returns int
language plpgsql volatile set search_path from current as $$
declare taken int;
begin
  perform pg_advisory_xact_lock(2, p_no);
  update worker set state = 3, gen = gen + 1 where worker_id = p_worker and state <> 3;
  with owned as (
    select r.run_id, case when exists (
        -- The newest rows are enough: what a worker ended under its epoch is at the end of the history.
        select from (select j.epoch, j.kind from journal j where j.run_id = r.run_id order by j.seq desc limit 200) j
         where j.epoch = r.epoch and j.kind between 11 and 14) then 0 else r.fruitless + 1 end as fruitless
      from run r where r.worker_id = p_worker and r.status = 1 for update of r)
  update run set epoch = run.epoch + 1, status = 0, worker_id = null, recoveries = run.recoveries + 1, fruitless = owned.fruitless,
      -- the first take-over is immediate; a run that keeps losing its worker waits longer each time, with full jitter
      available_at = clock_timestamp() + case when owned.fruitless < 2 then interval '0'
        else random() * least(power(2, owned.fruitless - 1), 60) * interval '250 milliseconds' end
    from owned where owned.run_id = run.run_id;
  get diagnostics taken = row_count;
  return taken;
end $$;

do $$ begin
  execute format('alter function take_over_worker(int, uuid) set search_path = %I, pg_temp', current_schema());
end $$;
