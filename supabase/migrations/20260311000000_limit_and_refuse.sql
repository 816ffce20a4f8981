/*
 * How often somebody may ask, and what is not drawn for anybody.
 *
 * Owns: private.rate_limit and its buckets, the seal that lets the database believe what the edge function says of a
 * client's address, the list of refused phrases, and the count of refusals. What is refused here costs no credit, since
 * it is refused before any is held.
 */

-- How often -------------------------------------------------------------------------------------------------------------

create table private.rate_limit (
  scope text primary key,
  per_minute integer not null,
  -- So many at once, after a pause.
  burst integer not null,
  constraint rate_limit_scope_check check (scope in ('customer', 'address')),
  constraint rate_limit_per_minute_check check (per_minute > 0),
  constraint rate_limit_burst_check check (burst > 0)
);
comment on table private.rate_limit is 'How many requests a customer, or an address, may send. No row, no limit.';

insert into private.rate_limit (scope, per_minute, burst) values ('customer', 30, 60), ('address', 120, 240);

-- Unlogged: after a crash everybody begins with a full allowance, and no request has waited for a disk.
create unlogged table private.rate_bucket (
  bucket text primary key,
  -- When the whole burst is available again.
  full_at timestamptz not null
) with (fillfactor = 50);
comment on table private.rate_bucket is 'What is used up of each allowance.';

alter table private.rate_limit enable row level security;
alter table private.rate_bucket enable row level security;
create policy "Nobody but the hub itself" on private.rate_limit using (false);
create policy "Nobody but the hub itself" on private.rate_bucket using (false);

-- Takes one request out of an allowance; answers 0, or the seconds until there is one. Nobody has no allowance. The
-- generic cell rate algorithm (ITU-T I.371): one timestamp a bucket is all the state, and one statement both checks and
-- takes.
create function private.take_allowance(scope text, who text, moment timestamptz) returns integer
language plpgsql volatile set search_path = ''
as $$
declare
  allowance private.rate_limit;
  step interval;
  refilled timestamptz;
begin
  select * into allowance from private.rate_limit as found where found.scope = take_allowance.scope;
  if not found or who is null then
    return 0;
  end if;
  step := interval '1 minute' / allowance.per_minute;
  insert into private.rate_bucket as taken (bucket, full_at) values (take_allowance.scope || ':' || who, moment + step)
  on conflict (bucket) do update set full_at = greatest(taken.full_at, moment) + step
  where greatest(taken.full_at, moment) + step <= moment + allowance.burst * step;
  if found then
    return 0;
  end if;
  select standing.full_at into refilled from private.rate_bucket as standing
  where standing.bucket = take_allowance.scope || ':' || who;
  return greatest(1, ceil(extract(epoch from refilled + step - allowance.burst * step - moment)))::integer;
end
$$;

-- Whose address ---------------------------------------------------------------------------------------------------------

-- A customer may call the ledger without the edge function and say of his address what he likes. The function seals what
-- it says with a key that only it and the database know; what bears no seal is nobody's address.
create table private.seal_key (
  name text primary key,
  value text not null
);
comment on table private.seal_key is 'Keys that the database shares with the edge functions. Deleting one makes a new one.';
alter table private.seal_key enable row level security;
create policy "Nobody but the hub itself" on private.seal_key using (false);

-- The key of the addresses, in hexadecimal; made at the first question. For the secret key alone; security definer, since
-- that key reads nothing in this schema.
create function public.address_key() returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
  known text;
begin
  insert into private.seal_key (name, value)
  values ('address', replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''))
  on conflict (name) do nothing;
  select found.value into known from private.seal_key as found where found.name = 'address';
  return known;
end
$$;

-- The bucket of a sealed address: the seal itself, so that no address is ever stored. Null where the seal is not ours.
create function private.sealed_address(address text, seal text) returns text
language plpgsql stable set search_path = ''
as $$
declare
  known text;
begin
  select found.value into known from private.seal_key as found where found.name = 'address';
  if seal = encode(sha256(convert_to(known || E'\n' || address || E'\n' || known, 'UTF8')), 'hex') then
    return seal;
  end if;
  return null;
end
$$;

-- What is not drawn -----------------------------------------------------------------------------------------------------

-- A text as it is searched: small letters, compatibility forms folded, what nobody sees left out, whatever separates
-- words a single space. Letters beyond ASCII are kept as they are, whatever the locale of the database makes of them.
create function private.searchable(words text) returns text
language sql immutable set search_path = ''
return ' ' || trim(both ' ' from regexp_replace(
  lower(normalize(regexp_replace(
    words, '[\u00AD\u034F\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFE00-\uFE0F\uFEFF]+', '', 'g'
  ), nfkc)),
  '[\s!-/:-@\[-`{-~\u00A0-\u00BF\u0964\u0965\u2000-\u206F\u3000-\u3003]+', ' ', 'g'
)) || ' ';

create table private.refused_phrase (
  phrase text primary key,
  searchable text not null generated always as (private.searchable(phrase)) stored,
  note text,
  added_at timestamptz not null default now(),
  constraint refused_phrase_phrase_check check (char_length(phrase) between 2 and 100),
  constraint refused_phrase_searchable_check check (searchable <> '  ')
);
comment on table private.refused_phrase is
  'Prompts with one of these, as whole words, are refused. Case and punctuation do not matter. The owner edits this list.';

insert into private.refused_phrase (phrase, note)
values
  ('child porn', 'illegal everywhere'), ('child pornography', 'illegal everywhere'), ('child nudity', 'illegal everywhere'),
  ('nude child', 'illegal everywhere'), ('nude children', 'illegal everywhere'), ('naked child', 'illegal everywhere'),
  ('naked children', 'illegal everywhere'), ('underage nude', 'illegal everywhere'), ('underage sex', 'illegal everywhere'),
  ('sexualized minor', 'illegal everywhere'), ('csam', 'illegal everywhere');

create table private.refusal (
  user_id uuid not null references auth.users (id) on delete cascade,
  day date not null,
  -- The phrase of the list, or `moderation` where the engine or the moderation endpoint refused. Never the prompt.
  reason text not null,
  refusals integer not null default 1,
  primary key (user_id, day, reason)
);
comment on table private.refusal is 'How often each customer was refused what, day by day.';

alter table private.refused_phrase enable row level security;
alter table private.refusal enable row level security;
create policy "Nobody but the hub itself" on private.refused_phrase using (false);
create policy "Nobody but the hub itself" on private.refusal using (false);

-- The first phrase of the list that a prompt holds; null where it holds none.
create function private.refused_phrase_in(prompt text) returns text
language plpgsql stable set search_path = ''
as $$
declare
  searched constant text := private.searchable(prompt);
begin
  return (
    select refused.phrase from private.refused_phrase as refused
    where position(refused.searchable in searched) > 0
    order by refused.phrase limit 1
  );
end
$$;

create function private.count_refusal(customer uuid, reason text, moment timestamptz) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  insert into private.refusal as counted (user_id, day, reason)
  values (customer, (moment at time zone 'UTC')::date, count_refusal.reason)
  on conflict on constraint refusal_pkey do update set refusals = counted.refusals + 1;
end
$$;

revoke execute on function
  private.take_allowance(text, text, timestamptz), public.address_key(), private.sealed_address(text, text),
  private.searchable(text), private.refused_phrase_in(text), private.count_refusal(uuid, text, timestamptz)
from public, anon, authenticated, service_role;
grant execute on function public.address_key() to service_role;
