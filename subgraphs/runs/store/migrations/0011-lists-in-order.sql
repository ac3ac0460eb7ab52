-- Each way to filter runs has an index that begins with what is filtered by and goes on in the order of the list, so that a
-- page reads its own rows and no others, however many runs there are and wherever those that fit stand. A list without a
-- status is one of each status: eight short walks.
--
-- Postgres takes an index in the order of the list for nearly as good as the one that also begins with the filter, and then
-- walks all runs to find those that fit: 16 000 rows for a page of 50. So each list has an order that only its own index
-- gives: nulls first, which keeps run_newest and the primary key out (no id is null), and the status as another type where
-- two of these would do. The types are those whose conversion is leakproof, as row level security asks of an index.
create index run_by_status on run (tenant, status, run_id nulls first);
create index run_by_graph on run (tenant, graph, (status::int), run_id nulls first);
create index run_by_session_status on run (tenant, session_id, (status::int), run_id nulls first);
create index run_by_session_graph on run (tenant, session_id, graph, (status::bigint), run_id nulls first);
drop index run_by_session;
