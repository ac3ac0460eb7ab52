-- Where an attempt of an invocation runs is what its decision and this installation ask for, so it may change with the attempt: the
-- levels are those of domain/sandbox-level.ts.
alter table invocation drop constraint invocation_isolation_check;
alter table invocation add constraint invocation_isolation_check
  check (isolation in ('none', 'process', 'bubblewrap', 'gvisor'));
grant update (isolation) on invocation to soma_request, soma_worker;
