-- relay_held  runs whose events the bus did not take, each with the number of the first of them: the relay goes on with the
--             other runs, and comes back for these. What is held is behind the cursor and not published yet.
create table relay_held (
  run_id uuid primary key,
  seq    int not null
);
alter table relay_held enable row level security;
alter table relay_held force row level security;
create policy worker_rows on relay_held to soma_worker using (true) with check (true);
grant select, insert, update, delete on relay_held to soma_worker;

-- The rows that others hear of, in the order they leave, and no others: looking for what is new costs what is new, however
-- many rows of a stream stand behind the cursor. Its condition is the text of store/select-published.ts.
create index journal_unpublished on journal (xid, run_id, seq) where kind in (1, 4, 5, 6, 11, 12, 13, 14);
drop index journal_relay;
