-- Attempts that were given back, because what the tool needs was not there: they say nothing about the tool, and do not count
-- among the lives of executors that an invocation may use up.
alter table invocation add column given_back int not null default 0;
grant update (given_back) on invocation to soma_request, soma_worker;
