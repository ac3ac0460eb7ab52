-- Payments of the class db. Nothing keeps an order from being paid for twice: what is done twice has to be seen.
create table payment (
  tenant  text not null default current_setting('soma.tenant'),
  no      bigint generated always as identity,
  "order" text not null,
  primary key (tenant, no)
);
create index payment_by_order on payment (tenant, "order");
