/*
 * What all workers know of the engines together: which one is not worth asking for a while, and whose budget has a turn
 * left. A function's instances share no memory; without these tables each of them would have to run into the same wall.
 *
 * Owns: private.engine_standing, private.engine_budget, private.engine_turn, and the functions that read and write them.
 * An engine is named as in IMAGE_ENGINES (`huggingface:owner/model`); an account is whose key pays (`huggingface`). What a
 * failure is worth is decided in crates/engine (policy::pass_over); here it is only remembered.
 */

create table private.engine_standing (
  -- An engine, or an account: then all its engines are passed over together.
  engine text primary key,
  -- What a customer is told meanwhile.
  failure_code text not null,
  -- Failures in a row, each within a minute of the one before; a picture sets them back.
  failures integer not null,
  failed_at timestamptz not null,
  passed_over_until timestamptz,
  constraint engine_standing_engine_check check (char_length(engine) between 1 and 300),
  constraint engine_standing_failures_check check (failures >= 0)
);
comment on table private.engine_standing is
  'Engines that failed lately. To have one asked again at once, delete its row.';

create table private.engine_budget (
  account text primary key,
  -- Null is no limit.
  turns_per_hour integer,
  gap interval not null default interval '0',
  constraint engine_budget_turns_per_hour_check check (turns_per_hour > 0),
  constraint engine_budget_gap_check check (gap between interval '0' and interval '1 hour')
);
comment on table private.engine_budget is
  'How often the hub may ask each account: as many turns in any hour, and so long between two. No row, no limit.';

-- A free key of Hugging Face. An owner with a paid one deletes the row, or raises it.
insert into private.engine_budget (account, turns_per_hour, gap) values ('huggingface', 30, interval '2 seconds');

create table private.engine_turn (
  id bigint generated always as identity primary key,
  account text not null references private.engine_budget (account) on delete cascade,
  taken_at timestamptz not null
);
comment on table private.engine_turn is 'The turns of the last hour.';
create index engine_turn_account_taken_at_idx on private.engine_turn (account, taken_at desc);

alter table private.engine_standing enable row level security;
alter table private.engine_budget enable row level security;
alter table private.engine_turn enable row level security;
create policy "Nobody but the hub itself" on private.engine_standing using (false);
create policy "Nobody but the hub itself" on private.engine_budget using (false);
create policy "Nobody but the hub itself" on private.engine_turn using (false);

-- Of the engines named, those that nobody should ask now and why; and the accounts that have a budget. A caller learns
-- nothing of engines that he does not name.
create function private.engine_sight(engines text[], accounts text[], moment timestamptz) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  return jsonb_build_object(
    'passedOver', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'engine', asked.engine,
        'failureCode', standing.failure_code,
        'retryAfter', ceil(extract(epoch from standing.passed_over_until - moment))::integer
      ) order by asked.place), '[]'::jsonb)
      from unnest(engines, accounts) with ordinality as asked (engine, account, place)
      cross join lateral (
        select found.failure_code, found.passed_over_until from private.engine_standing as found
        where found.engine in (asked.engine, asked.account) and found.passed_over_until > moment
        order by found.passed_over_until desc limit 1
      ) as standing
    ),
    'budgeted', (
      select coalesce(jsonb_agg(budget.account order by budget.account), '[]'::jsonb)
      from private.engine_budget as budget where budget.account = any (accounts)
    )
  );
end
$$;

-- The moment of an account's n-th turn from now, if nobody else took one: 1 is the next.
create function private.engine_turn_at(budget private.engine_budget, nth integer, moment timestamptz) returns timestamptz
language plpgsql stable set search_path = ''
as $$
declare
  newest timestamptz;
  -- Beyond a full hour's turns the hour's pattern repeats itself.
  rounds constant integer := coalesce((nth - 1) / budget.turns_per_hour, 0);
  place constant integer := coalesce((nth - 1) % budget.turns_per_hour, 0);
  blocking timestamptz;
begin
  select turn.taken_at into newest from private.engine_turn as turn
  where turn.account = budget.account order by turn.taken_at desc limit 1;
  if budget.turns_per_hour is not null then
    -- The turn that must be an hour old before there is room for one more.
    select turn.taken_at into blocking from private.engine_turn as turn
    where turn.account = budget.account
    order by turn.taken_at desc offset budget.turns_per_hour - 1 - place limit 1;
  end if;
  return greatest(
    moment + (nth - 1) * budget.gap,
    newest + nth * budget.gap,
    -- What is older than an hour blocks nothing; it may stand there until the next turn is taken.
    greatest(blocking + interval '1 hour', moment) + rounds * interval '1 hour'
  );
end
$$;

/*
 * Takes a turn of an account's budget, or says how long to wait for one. What waits in the queue goes first: a caller
 * who does not work for the queue gets a turn only if it needs none of the next ones. For the secret key alone: a turn is
 * the hub's standing with the engine. Security definer, since that key writes none of these tables.
 */
create function public.take_engine_turn(account text, for_queue boolean default false) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  budget private.engine_budget;
  moment timestamptz;
  turn_at timestamptz;
  ahead integer := 0;
begin
  select * into budget from private.engine_budget as found
  where found.account = take_engine_turn.account
  for update;
  if not found then
    return jsonb_build_object('granted', true);
  end if;
  moment := private.clock();
  delete from private.engine_turn as turn
  where turn.account = budget.account and turn.taken_at <= moment - interval '1 hour';
  if not for_queue then
    select count(*) into ahead from (
      select from public.image_generations as waiting
      where waiting.status = 'queued' and waiting.not_before <= moment and waiting.lease_expires_at > moment
      limit 1000
    ) as counted;
  end if;
  turn_at := private.engine_turn_at(budget, ahead + 1, moment);
  if turn_at > moment then
    return jsonb_build_object('granted', false, 'waitMs', ceil(extract(epoch from turn_at - moment) * 1000)::bigint);
  end if;
  insert into private.engine_turn (account, taken_at) values (budget.account, moment);
  return jsonb_build_object('granted', true);
end
$$;

/*
 * Remembers that an engine, or a whole account, did not draw a picture. With seconds it is passed over for so long;
 * without, the failure counts, and five in a row pass it over for a quarter of a minute. For the secret key alone;
 * security definer as above.
 */
create function public.report_engine(engine text, failure_code text, pass_over_seconds integer default null) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  moment constant timestamptz := private.clock();
  until constant timestamptz := case when pass_over_seconds is not null
    then moment + least(greatest(pass_over_seconds, 0), 86400) * interval '1 second'
  end;
begin
  insert into private.engine_standing as standing (engine, failure_code, failures, failed_at, passed_over_until)
  values (report_engine.engine, report_engine.failure_code, 1, moment, until)
  on conflict on constraint engine_standing_pkey do update
  set failure_code = excluded.failure_code,
    failures = case when standing.failed_at < moment - interval '1 minute' then 1 else standing.failures + 1 end,
    failed_at = moment,
    passed_over_until = case
      when until is not null then greatest(standing.passed_over_until, until)
      when standing.failures >= 4 and standing.failed_at >= moment - interval '1 minute'
        then greatest(standing.passed_over_until, moment + interval '15 seconds')
      else standing.passed_over_until
    end;
end
$$;

revoke execute on function
  private.engine_sight(text[], text[], timestamptz), private.engine_turn_at(private.engine_budget, integer, timestamptz),
  public.take_engine_turn(text, boolean), public.report_engine(text, text, integer)
from public, anon, authenticated, service_role;
grant execute on function public.take_engine_turn(text, boolean), public.report_engine(text, text, integer) to service_role;
