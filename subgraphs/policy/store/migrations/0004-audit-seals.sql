-- audit_unsealed  events of the audit that no seal covers yet: a trigger puts them in, the sealer takes them out
-- audit_leaf      the place of each sealed event, and the digest of what of it can be erased; only ever inserted
-- audit_seal      signed heads of the trees over them, each naming the one before; only ever inserted
--
-- Who appends takes no lock of a tenant: the order is that of sealing, and what commits late is in a later seal. A trigger,
-- because processes of the release before append too while a new one begins.
create table audit_unsealed (
  tenant   text not null,
  event_id uuid not null,
  primary key (tenant, event_id)
);
create table audit_leaf (
  tenant         text not null,
  seq            bigint not null check (seq > 0),
  event_id       uuid not null,
  salt           text not null,
  details_digest text not null,
  primary key (tenant, seq),
  unique (tenant, event_id)
);
create table audit_seal (
  tenant    text not null,
  number    bigint not null check (number > 0),
  first_seq bigint not null check (first_seq > 0),
  size      integer not null check (size between 1 and 1000),
  head      text not null,
  previous  text not null,
  at        timestamptz not null,
  key_id    text,
  signature text not null,
  primary key (tenant, number),
  unique (tenant, first_seq)
);

create function note_unsealed() returns trigger language plpgsql set search_path from current as $$
begin
  insert into audit_unsealed (tenant, event_id) values (new.tenant, new.event_id);
  return null;
end $$;
do $$ begin
  execute format('alter function note_unsealed() set search_path = %I, pg_temp', current_schema());
end $$;
revoke execute on function note_unsealed() from public;
create trigger note_unsealed after insert on audit_event for each row execute function note_unsealed();
insert into audit_unsealed (tenant, event_id) select tenant, event_id from audit_event;

alter table audit_unsealed enable row level security;
alter table audit_unsealed force row level security;
alter table audit_leaf enable row level security;
alter table audit_leaf force row level security;
alter table audit_seal enable row level security;
alter table audit_seal force row level security;
create policy tenant_rows on audit_unsealed for insert to soma_request
  with check (tenant = (select current_setting('soma.tenant', true)));
create policy tenant_rows on audit_leaf to soma_request
  using (tenant = (select current_setting('soma.tenant', true)));
create policy tenant_rows on audit_seal to soma_request
  using (tenant = (select current_setting('soma.tenant', true)));
create policy worker_rows on audit_unsealed to soma_worker using (true) with check (true);
create policy worker_rows on audit_leaf to soma_worker using (true) with check (true);
create policy worker_rows on audit_seal to soma_worker using (true) with check (true);

grant insert on audit_unsealed to soma_request;
grant select, insert, delete on audit_unsealed to soma_worker;
grant select on audit_leaf, audit_seal to soma_request;
grant select, insert on audit_leaf, audit_seal to soma_worker;
