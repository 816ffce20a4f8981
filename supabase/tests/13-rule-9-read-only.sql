/*
 * Rule of credit 9 and invariant I5: customers can read their own rows and write none of the ledger's tables, not one
 * column of one of their own rows. The original let them reset the counter, extend the hour and mint sessions.
 */
begin;
\ir fixtures.psql
select plan(186);

select tests.customer('asha'), tests.session('hers', 'asha', 'flash', 1);
select tests.reserve('asha', 'hers', 'made'), tests.complete('asha', 'made'), tests.reserve('asha', 'hers', 'held');
insert into public.video_generations (user_id, session_id, prompt, status)
values (tests.id('asha'), tests.id('hers'), 'waves', 'failed');
create view pg_temp.before_all as
select to_jsonb(row) as contents from public.user_sessions as row
union all select to_jsonb(row) from public.image_generations as row
union all select to_jsonb(row) from public.video_generations as row
union all select to_jsonb(row) from public.session_config as row;
create temp table kept as select * from pg_temp.before_all;

select tests.as_customer('asha');

-- Rule 9: no column of his own rows -----------------------------------------------------------------------------------

select throws_ok(
  format('update public.%I set %I = default', relname, attname), '42501', 'permission denied for table ' || relname,
  format('rule 9: I5: a customer cannot update %s of his row of %s', attname, relname)
)
from pg_attribute join pg_class on pg_class.oid = attrelid
where attrelid = any (array[
    'public.user_sessions', 'public.image_generations', 'public.video_generations', 'public.session_config',
    'public.purchase'
  ]::regclass[])
  and attnum > 0 and not attisdropped
order by relname, attnum;

-- Rule 9: no row added, taken away or put in its place ----------------------------------------------------------------

select throws_ok(
  format(verb, name), '42501', 'permission denied for table ' || name,
  format('rule 9: I5: a customer cannot %s %s', left(verb, position(' ' in verb) - 1), name)
)
from unnest(array['user_sessions', 'image_generations', 'video_generations', 'session_config', 'purchase']) as name,
  unnest(array[
    'insert into public.%I default values', 'delete from public.%I', 'truncate public.%I cascade',
    'lock table public.%I in row exclusive mode'
  ]) as verb;
select throws_ok(
  format(verb, name), '42501', 'permission denied for schema private',
  format('rule 9: I5: a customer cannot %s private.%s', left(verb, position(' ' in verb) - 1), name)
)
from unnest(array[
    'engine_standing', 'engine_budget', 'engine_turn', 'rate_limit', 'rate_bucket', 'seal_key', 'refused_phrase', 'refusal',
    'payment_evidence', 'payment_event', 'payment_alert', 'refund'
  ]) as name,
  unnest(array[
    'select from private.%I', 'insert into private.%I default values', 'delete from private.%I', 'truncate private.%I cascade'
  ]) as verb;
select throws_ok(statement, '42501', null, 'rule 9: I5: a customer cannot ' || what)
from (values
  (
    $$
      insert into public.user_sessions (user_id, plan_id, model_name, hours_purchased, price_paid)
      values (tests.id('asha'), 'pro', 'm', 4, 0)
    $$,
    'mint a session'
  ),
  (
    $$
      insert into public.user_sessions (id, user_id, plan_id, model_name, hours_purchased, price_paid)
      values (tests.id('hers'), tests.id('asha'), 'flash', 'm', 4, 0)
      on conflict (id) do update set images_generated = 0
    $$,
    'reset the counter by inserting over his session'
  ),
  ($$ update public.user_sessions set images_generated = 0 where id = tests.id('hers') $$, 'reset the counter'),
  ($$ update public.user_sessions set expires_at = 'infinity' where id = tests.id('hers') $$, 'extend the hour'),
  ($$ update public.user_sessions set plan_id = 'pro' where id = tests.id('hers') $$, 'move to a better plan'),
  ($$ update public.image_generations set status = 'failed' where status = 'completed' $$, 'turn a picture into a failure'),
  ($$ update public.image_generations set lease_expires_at = 'epoch' where status = 'running' $$, 'cut a lease short'),
  ($$ update public.image_generations set hour_index = 3 $$, 'push a picture into another hour'),
  ($$ update public.image_generations set queue_turn = -1 where status = 'queued' $$, 'jump the queue'),
  ($$ update public.image_generations set lease_id = gen_random_uuid() where status = 'running' $$, 'take a lease from its worker'),
  ($$ update private.rate_limit set burst = 1000000 $$, 'lift a limit'),
  ($$ select value from private.seal_key $$, 'read the key of the seals'),
  ($$ insert into private.engine_standing values ('easel', 'x', 9, 'infinity', 'infinity') $$, 'put an engine out of use'),
  ($$ select private.wake_worker() $$, 'wake the worker as he likes'),
  ($$ select from public.user_sessions for update $$, 'lock his session'),
  ($$ create trigger evil before update on public.user_sessions for each row execute function private.guard_generation() $$, 'hang a trigger on it'),
  ($$ alter table public.user_sessions disable row level security $$, 'switch row level security off'),
  ($$ create policy "mine" on public.user_sessions for all using (true) $$, 'write a policy'),
  ($$ create or replace function private.lease() returns interval language sql return interval '0' $$, 'replace a function'),
  ($$ create function public.evil() returns integer language sql return 1 $$, 'add a function'),
  ($$ create table public.image_generations_mine (id uuid) $$, 'add a table')
) as attack (statement, what);

-- And none of it left a trace -----------------------------------------------------------------------------------------

select tests.as_owner();
select is_empty(
  $$ (select * from pg_temp.before_all except select * from kept) union all (select * from kept except select * from pg_temp.before_all) $$,
  'rule 9: I5: and after all that every row is as it was'
);

select * from finish();
rollback;
