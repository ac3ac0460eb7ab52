-- What models and tools may cost, and have. A call is paid for in advance: the most it can come to is reserved in every budget
-- it falls under, or in none of them, before it is made; when it is over, what it came to is spent instead, which is no more.
--
-- budget        how much was spent and is reserved, by tenant, role, agent and run; of one day and of all days
-- reservation   a call of a run: what is held for it until it is settled, and what it came to then
-- usage         what was settled, summed up for people who ask
-- budget_raise  who raised a budget, by how much and why
--
-- Limits are settings (conf/budgets.yaml), which the caller says; what a run was given for itself and what was raised stands here.
--
-- Lock order: a reservation, then budgets in the order of their keys, then usage. Each function here is a statement of its own, so
-- that a row which all runs of a tenant need is held no longer than one commit takes.
create type amounts as (money bigint, tokens bigint, model_calls bigint, tool_calls bigint);
comment on type amounts is 'money in millionths of the currency of conf/budgets.yaml';

create function plus(a amounts, b amounts, times int default 1) returns amounts
language sql immutable set search_path from current as $$
  select row((a).money + times * (b).money, (a).tokens + times * (b).tokens,
    (a).model_calls + times * (b).model_calls, (a).tool_calls + times * (b).tool_calls)::amounts
$$;

create table budget (
  tenant   text not null,
  scope    text not null check (scope in ('tenant', 'role', 'agent', 'run')),
  name     text not null,
  day      date not null default '-infinity',
  spent    amounts not null default row(0, 0, 0, 0)::amounts,
  reserved amounts not null default row(0, 0, 0, 0)::amounts,
  raised   amounts not null default row(0, 0, 0, 0)::amounts,
  own      amounts not null default row(null, null, null, null)::amounts,
  primary key (tenant, scope, name, day)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
comment on column budget.name is 'of the role or the agent; of a run the id of the first one of its tree; empty of a tenant';
comment on column budget.day is 'by UTC; -infinity is all days';
comment on column budget.own is 'limits a run was started with, beside those of the settings; null is none';

create table reservation (
  tenant     text not null,
  run_id     uuid not null,
  call       text not null,
  epoch      int not null,
  step       int not null,
  root       uuid not null,
  role       text not null,
  agent      text not null,
  profile    text not null,
  day        date not null,
  held       amounts not null,
  is_capped  boolean not null,
  settled_at timestamptz,
  freed_at   timestamptz,
  used       amounts,
  input_tokens  bigint,
  cached_tokens bigint,
  output_tokens bigint,
  primary key (tenant, run_id, call)
);
comment on column reservation.epoch is 'ownership of the run under which the call is made; under a later one nobody makes it any more';
comment on column reservation.is_capped is 'more than is held is not counted: no more can have been used';
comment on column reservation.freed_at is 'nobody seemed to make the call any more, and what is held was given back; what it comes to counts all the same';
create index reservation_open on reservation (tenant, run_id) where settled_at is null and freed_at is null;

create table usage (
  tenant  text not null,
  day     date not null,
  role    text not null,
  agent   text not null,
  profile text not null,
  total   amounts not null,
  input_tokens  bigint not null,
  cached_tokens bigint not null,
  output_tokens bigint not null,
  primary key (tenant, day, role, agent, profile)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
comment on column usage.profile is 'of models; empty of calls of tools';

create table budget_raise (
  tenant    text not null,
  idem_key  text not null,
  scope     text not null,
  name      text not null,
  day       date not null,
  amount    amounts not null,
  reason    text not null,
  raised_by text not null,
  raised_at timestamptz not null default clock_timestamp(),
  primary key (tenant, idem_key)
);
create index budget_raise_newest on budget_raise (tenant, raised_at);

do $$
declare t text;
begin
  foreach t in array array['budget', 'reservation', 'usage', 'budget_raise'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy worker_reads on %I for select to soma_worker using (true)', t);
    execute format('create policy tenant_rows on %I to soma_request, soma_definer using (tenant = (select current_setting(''soma.tenant'', true)))
      with check (tenant = (select current_setting(''soma.tenant'', true)))', t);
    execute format('grant select on %I to soma_worker, soma_request', t);
    execute format('grant select, insert, update, delete on %I to soma_definer', t);
  end loop;
end $$;
grant select (role, graph) on run to soma_definer;
-- A request says what a run may cost before it starts it, and raises budgets; nothing of that is ever taken back.
grant insert (tenant, scope, name, day, own, raised), update (raised) on budget to soma_request;
grant insert (tenant, idem_key, scope, name, day, amount, reason, raised_by) on budget_raise to soma_request;

-- The budgets a call falls under.
create function budgets_of(p_role text, p_agent text, p_root uuid, p_day date) returns table (scope text, name text, day date)
language sql immutable set search_path from current as $$
  select s.scope, s.name, d.day
    from (values ('tenant', ''), ('role', p_role), ('agent', p_agent)) s(scope, name) cross join (values (p_day), ('-infinity'::date)) d(day)
  union all select 'run', p_root::text, '-infinity'
$$;

-- Reserves for one call in all of its budgets, or in none. OK, also when this very call was reserved for before; BUSY when it would
-- fit if what is reserved for others came back; EXCEEDED when it would not; UNPRICED when it costs nobody knows what and money is
-- limited; FENCED when the caller does not have the run. Capped says whether anything limits its tokens or its money; of what is in
-- the way the first is told, and how much would be left of money and tokens if nothing was reserved.
create function reserve_budget(
  p_tenant text, p_run uuid, p_epoch int, p_step int, p_call text, p_profile text, p_limits jsonb, p_priced boolean,
  p_money bigint, p_tokens bigint, p_model_calls bigint, p_tool_calls bigint
) returns table (verdict text, capped boolean, scope text, name text, daily boolean, measure text, most bigint, spent bigint, reserved bigint,
  left_money bigint, left_tokens bigint)
language plpgsql volatile security definer set search_path from current as $$
#variable_conflict use_column
declare
  r record;
  today date := (clock_timestamp() at time zone 'UTC')::date;
  want amounts := row(p_money, p_tokens, p_model_calls, p_tool_calls)::amounts;
  found_out record;
begin
  perform set_config('soma.tenant', p_tenant, true);
  select x.role, x.graph, coalesce(x.root_run_id, x.run_id) as root into r from run x
   where x.run_id = p_run and x.tenant = p_tenant and x.epoch = p_epoch and x.status = 1;
  if not found then
    verdict := 'FENCED';
    return next;
    return;
  end if;
  -- What was given back is held anew.
  delete from reservation v where v.tenant = p_tenant and v.run_id = p_run and v.call = p_call and v.freed_at is not null and v.settled_at is null;
  update reservation v set epoch = p_epoch where v.tenant = p_tenant and v.run_id = p_run and v.call = p_call returning v.is_capped into capped;
  if found then
    verdict := 'OK';
    return next;
    return;
  end if;
  -- Made or changed in the order of their keys: each waits for whoever has the same one, and none for both.
  insert into budget as b (tenant, scope, name, day, reserved)
    select p_tenant, k.scope, k.name, k.day, want from budgets_of(r.role, r.graph, r.root, today) k order by k.scope, k.name, k.day
    on conflict on constraint budget_pkey do update set reserved = plus(b.reserved, excluded.reserved);
  with measured as (
    select b.scope, b.name, isfinite(b.day) as daily, m.*
      from budgets_of(r.role, r.graph, r.root, today) k
      join budget b on b.tenant = p_tenant and b.scope = k.scope and b.name = k.name and b.day = k.day
      left join jsonb_to_recordset(p_limits) l(scope text, name text, daily boolean, money bigint, tokens bigint, "modelCalls" bigint, "toolCalls" bigint)
        on l.scope = b.scope and (l.name = b.name or l.scope = 'run') and l.daily = isfinite(b.day)
      cross join lateral (values
        ('money', least(l.money, (b.own).money) + (b.raised).money, (b.spent).money, (b.reserved).money, p_money),
        ('tokens', least(l.tokens, (b.own).tokens) + (b.raised).tokens, (b.spent).tokens, (b.reserved).tokens, p_tokens),
        ('modelCalls', least(l."modelCalls", (b.own).model_calls) + (b.raised).model_calls, (b.spent).model_calls, (b.reserved).model_calls, p_model_calls),
        ('toolCalls', least(l."toolCalls", (b.own).tool_calls) + (b.raised).tool_calls, (b.spent).tool_calls, (b.reserved).tool_calls, p_tool_calls)
      ) m(measure, most, spent, reserved, want)
     where m.most is not null)
  select s.capped, s.limits_money, s.left_money, s.left_tokens, w.* into found_out
    from (select coalesce(bool_or(x.measure in ('money', 'tokens')), false) as capped, coalesce(bool_or(x.measure = 'money'), false) as limits_money,
        min(x.most - x.spent) filter (where x.measure = 'money') as left_money,
        min(x.most - x.spent) filter (where x.measure = 'tokens') as left_tokens from measured x) s
    left join (select case when m.spent + m.want > m.most then 'EXCEEDED' else 'BUSY' end as verdict, m.scope, m.name, m.daily, m.measure, m.most, m.spent,
        m.reserved - m.want as reserved from measured m where m.want > 0 and m.spent + m.reserved > m.most
      order by m.spent + m.want <= m.most, m.scope, m.name, m.daily, m.measure limit 1) w on true;
  verdict := case when found_out.limits_money and not p_priced and p_model_calls > 0 then 'UNPRICED' else coalesce(found_out.verdict, 'OK') end;
  capped := found_out.capped;
  if verdict = 'OK' then
    insert into reservation (tenant, run_id, call, epoch, step, root, role, agent, profile, day, held, is_capped)
      values (p_tenant, p_run, p_call, p_epoch, p_step, r.root, r.role, r.graph, p_profile, today, want, capped);
    return next;
    return;
  end if;
  update budget b set reserved = plus(b.reserved, want, -1)
    from budgets_of(r.role, r.graph, r.root, today) k where b.tenant = p_tenant and b.scope = k.scope and b.name = k.name and b.day = k.day;
  scope := found_out.scope;
  name := found_out.name;
  daily := found_out.daily;
  measure := found_out.measure;
  most := found_out.most;
  spent := found_out.spent;
  reserved := found_out.reserved;
  left_money := found_out.left_money;
  left_tokens := found_out.left_tokens;
  return next;
end $$;

-- Spends what a call came to in place of what is held for it; false when that was done before. Of a call whose process was taken for
-- dead nothing is held any more, and what it came to is spent.
create function settle_budget(
  p_tenant text, p_run uuid, p_call text, p_money bigint, p_input bigint, p_cached bigint, p_output bigint, p_model_calls bigint, p_tool_calls bigint
) returns boolean
language plpgsql volatile security definer set search_path from current as $$
declare
  v reservation;
begin
  perform set_config('soma.tenant', p_tenant, true);
  update reservation x set settled_at = clock_timestamp(), input_tokens = p_input, cached_tokens = p_cached, output_tokens = p_output,
      used = row(case when x.is_capped then least(p_money, (x.held).money) else p_money end,
        case when x.is_capped then least(p_input + p_output, (x.held).tokens) else p_input + p_output end,
        p_model_calls, p_tool_calls)::amounts
    where x.tenant = p_tenant and x.run_id = p_run and x.call = p_call and x.settled_at is null returning * into v;
  if not found then return false; end if;
  perform from budget b join budgets_of(v.role, v.agent, v.root, v.day) k on b.scope = k.scope and b.name = k.name and b.day = k.day
    where b.tenant = p_tenant order by b.scope, b.name, b.day for no key update of b;
  update budget b set spent = plus(b.spent, v.used), reserved = case when v.freed_at is null then plus(b.reserved, v.held, -1) else b.reserved end
    from budgets_of(v.role, v.agent, v.root, v.day) k where b.tenant = p_tenant and b.scope = k.scope and b.name = k.name and b.day = k.day;
  insert into usage as u (tenant, day, role, agent, profile, total, input_tokens, cached_tokens, output_tokens)
    values (p_tenant, v.day, v.role, v.agent, v.profile, v.used, p_input, p_cached, p_output)
    on conflict on constraint usage_pkey do update set total = plus(u.total, excluded.total), input_tokens = u.input_tokens + excluded.input_tokens,
      cached_tokens = u.cached_tokens + excluded.cached_tokens, output_tokens = u.output_tokens + excluded.output_tokens;
  return true;
end $$;

-- Gives back what is held for calls that nobody seems to make any more: their run has ended, waits, or is another's. Gives how many.
create function sweep_budget(p_tenant text) returns int
language plpgsql volatile security definer set search_path from current as $$
declare
  gone reservation[];
begin
  perform set_config('soma.tenant', p_tenant, true);
  select array_agg(v) into gone from (
    select x from reservation x
     where x.tenant = p_tenant and x.settled_at is null and x.freed_at is null
       and not exists (select from run r where r.run_id = x.run_id and r.tenant = x.tenant and r.status = 1 and r.epoch = x.epoch)
     order by x.run_id, x.call limit 1000 for update of x skip locked) orphan(v);
  if gone is null then return 0; end if;
  update reservation x set freed_at = clock_timestamp() from unnest(gone) g where x.tenant = p_tenant and x.run_id = g.run_id and x.call = g.call;
  perform from budget b
    join (select distinct k.* from unnest(gone) g cross join lateral budgets_of(g.role, g.agent, g.root, g.day) k) k
      on b.scope = k.scope and b.name = k.name and b.day = k.day
    where b.tenant = p_tenant order by b.scope, b.name, b.day for no key update of b;
  update budget b set reserved = plus(b.reserved, k.held, -1)
    from (select k.scope, k.name, k.day,
        row(sum((g.held).money), sum((g.held).tokens), sum((g.held).model_calls), sum((g.held).tool_calls))::amounts as held
        from unnest(gone) g cross join lateral budgets_of(g.role, g.agent, g.root, g.day) k group by k.scope, k.name, k.day) k
    where b.tenant = p_tenant and b.scope = k.scope and b.name = k.name and b.day = k.day;
  return cardinality(gone);
end $$;

-- What a run cost goes away with it; what its tenant, its role and its agent have spent does not.
create function forget_spending() returns trigger
language plpgsql volatile set search_path from current as $$
begin
  delete from reservation v where v.tenant = old.tenant and v.run_id = old.run_id;
  delete from budget b where b.tenant = old.tenant and b.scope = 'run' and b.name = old.run_id::text;
  return null;
end $$;
create trigger forget_spending after delete on run for each row execute function forget_spending();

do $$
declare f regproc;
begin
  foreach f in array array['plus', 'budgets_of', 'reserve_budget', 'settle_budget', 'sweep_budget', 'forget_spending']::regproc[] loop
    execute format('alter function %s set search_path = %I, pg_temp', f::regprocedure, current_schema());
    execute format('revoke execute on function %s from public', f::regprocedure);
  end loop;
  foreach f in array array['reserve_budget', 'settle_budget', 'sweep_budget']::regproc[] loop
    execute format('alter function %s owner to soma_definer', f::regprocedure);
    execute format('revoke execute on function %s from public', f::regprocedure);
    execute format('grant execute on function %s to soma_worker', f::regprocedure);
  end loop;
  grant execute on function plus(amounts, amounts, int) to soma_definer, soma_request;
  grant execute on function budgets_of(text, text, uuid, date) to soma_definer;
end $$;
