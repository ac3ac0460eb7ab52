create table booked (
  tenant text not null default current_setting('soma.tenant'),
  no     bigint not null generated always as identity,
  run_id uuid not null,
  step   int not null,
  primary key (tenant, no)
);
