-- decision_input  what the policy was asked, as canonical JSON under its SHA-256; larger than 64 KB is denied and not kept
-- policy_bundle   compiled policies that have decided, under their SHA-256
-- policy_data     what they read as data, as canonical JSON under its SHA-256
--
-- A decision made before these has none of the three. Policies and their data are the installation's: every tenant's
-- decisions were made by them, so the digest is the whole key. Nothing can be put under a digest that is not its own.
alter table decision
  add column policy_revision text,
  add column data_revision text,
  add column input_digest text;

create table decision_input (
  tenant text not null,
  digest text not null check (digest = encode(sha256(convert_to(input, 'UTF8')), 'hex')),
  input  text not null check (octet_length(input) <= 65536),
  primary key (tenant, digest)
);
create table policy_bundle (
  digest  text primary key check (digest = encode(sha256(wasm), 'hex')),
  wasm    bytea not null check (octet_length(wasm) <= 8388608),
  kept_at timestamptz not null default now()
);
create table policy_data (
  digest  text primary key check (digest = encode(sha256(convert_to(data, 'UTF8')), 'hex')),
  data    text not null,
  kept_at timestamptz not null default now()
);

alter table decision_input enable row level security;
alter table decision_input force row level security;
alter table policy_bundle enable row level security;
alter table policy_bundle force row level security;
alter table policy_data enable row level security;
alter table policy_data force row level security;
create policy tenant_rows on decision_input to soma_request
  using (tenant = (select current_setting('soma.tenant', true)))
  with check (tenant = (select current_setting('soma.tenant', true)));
create policy everybodys_rows on policy_bundle to soma_request using (true) with check (true);
create policy everybodys_rows on policy_data to soma_request using (true) with check (true);

grant select, insert on decision_input to soma_request;
grant select, insert on policy_bundle to soma_request;
grant select, insert on policy_data to soma_request;
