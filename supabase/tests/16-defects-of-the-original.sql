/*
 * The defects of the original deployment that SQL can catch, each by its name in DESIGN section 2. Two are races and are
 * in tests/sql/race.ts as well; the migration on a fresh database is what every run of these tests begins with.
 */
begin;
\ir fixtures.psql
select plan(29);

select tests.at('0'), tests.customer('asha'), tests.session('s', 'asha', 'flash-lite', 2);

-- A join with no foreign key behind it, so that every request failed --------------------------------------------------

select fk_ok(
  'public', 'user_sessions', 'plan_id', 'public', 'session_config', 'plan_id',
  'a session joins its plan over a foreign key'
);
select fk_ok(
  'public', 'conversations', 'session_id', 'public', 'user_sessions', 'id',
  'and a conversation its session'
);
select fk_ok(
  'public', 'chat_messages', 'conversation_id', 'public', 'conversations', 'id',
  'and a message its conversation'
);
select fk_ok('public', 'image_generations', 'session_id', 'public', 'user_sessions', 'id', 'and a picture its session');
select fk_ok(
  'public', 'image_generations', 'conversation_id', 'public', 'conversations', 'id',
  'and a picture its conversation'
);
select fk_ok('public', 'video_generations', 'session_id', 'public', 'user_sessions', 'id', 'and a video its session');

-- Credits read and then written, so that two requests at once spent one credit ----------------------------------------

select matches(
  pg_get_functiondef('public.reserve_generation'::regproc), 'found\.user_id = customer\s+for update',
  'the session row is locked before its credits are counted'
);
-- The allowances are taken before it, at the time before it; whatever is decided about credits is decided after it.
select matches(
  pg_get_functiondef('public.reserve_generation'::regproc),
  'for update;\s+if not found then[^;]+;\s+end if;\s+moment := private\.clock\(\);\s+if private\.expire_session_holds',
  'I12: and the time is read after the lock'
);
select is(
  regexp_count(pg_get_functiondef('public.reserve_generation'::regproc), 'private\.clock\(\)'), 2,
  'I12: and only there, but for the allowances that are taken before it'
);
select tests.reserve('asha', 's', 'q' || n) from generate_series(1, 3) as n;
select is(
  tests.reserve('asha', 's', 'q4') ->> 'outcome', 'credits_exhausted',
  'a fourth request is refused while three are still on their way'
);

-- Customers able to update their own session row, and to insert sessions and generations ------------------------------

select tests.as_customer('asha');
select throws_ok(
  $$ update public.user_sessions set images_generated = 0 where id = tests.id('s') $$, '42501',
  'permission denied for table user_sessions', 'a customer cannot reset his counter'
);
select throws_ok(
  $$ update public.user_sessions set expires_at = expires_at + interval '1 hour' where id = tests.id('s') $$, '42501',
  'permission denied for table user_sessions', 'nor extend his hour'
);
select throws_ok(
  $$
    insert into public.user_sessions (user_id, plan_id, model_name, hours_purchased, price_paid)
    values (tests.id('asha'), 'pro', 'gemini-2.5-pro', 4, 0)
  $$,
  '42501', 'permission denied for table user_sessions', 'nor insert a session'
);
select throws_ok(
  $$
    insert into public.image_generations (user_id, session_id, request_id, request_digest, hour_index, status, prompt, width, height, steps, cfg_scale, seed)
    values (tests.id('asha'), tests.id('s'), tests.id('q'), '', 0, 'completed', 'a sunset', 512, 512, 30, 7.5, 1)
  $$,
  '42501', 'permission denied for table image_generations', 'nor insert a generation'
);
select tests.as_owner();

-- Expiry never checked ------------------------------------------------------------------------------------------------

select tests.session('short', 'asha', 'flash', 1), tests.reserve('asha', 'short', 'e1'), tests.complete('asha', 'e1'), tests.at('1 hour');
select is(
  tests.reserve('asha', 'short', 'e2') - 'expiresAt', '{"outcome": "session_expired"}',
  'a session whose hour is over serves nothing'
);
select is(
  (tests.reserve('asha', 'short', 'e2') ->> 'expiresAt')::timestamptz, tests.moment('1 hour'), 'and says when it ended'
);

-- Credits never reset in the second hour ------------------------------------------------------------------------------

select tests.at('0'), tests.session('two', 'asha', 'flash-lite', 2), tests.reserve('asha', 'two', 'first hour', 3);
select tests.complete('asha', 'first hour');
select is(tests.credits('asha', 'two'), 0, 'the first hour is used up');
select tests.at('1 hour');
select is(tests.credits('asha', 'two'), 3, 'the second hour has its credits');

-- Object names from the clock, so that two pictures in one millisecond collided ---------------------------------------

select tests.session('names', 'asha', 'pro', 1);
select tests.reserve('asha', 'names', 'n' || n, 4) from generate_series(1, 3) as n;
select is(
  (select count(distinct storage_key)::integer from public.image_generations where session_id = tests.id('names')), 12,
  'twelve pictures asked for in the same microsecond have twelve names'
);
select is_empty(
  $$
    select from public.image_generations
    where session_id = tests.id('names') and substring(storage_key::text from 15 for 1) <> '4'
  $$,
  'and every name is random'
);
select tests.complete('asha', 'n1');
select is(
  (select count(distinct object_name)::integer from public.image_generations where request_id = tests.id('n1')), 4,
  'and so are the names of the objects in which they lie'
);

-- A paid credit kept when upload or insert failed after the picture was made ------------------------------------------

select is(
  (tests.fail('asha', 'n2', 'internal') #>> '{balance,creditsRemaining}')::integer, 7, 'a batch of four that could not be stored gives its credits back'
);
select throws_ok(
  $$
    select public.complete_generation(
      tests.id('asha'), tests.id('n3'), jsonb_set(tests.pictures('asha', 'n3'), '{3,objectName}', '"nowhere.png"'))
  $$,
  '23514', 'new row for relation "image_generations" violates check constraint "image_generations_object_name_check"',
  'a batch that cannot be recorded'
);
select is(
  (tests.fail('asha', 'n3', 'internal') #>> '{balance,creditsRemaining}')::integer, 11, 'gives all its credits back'
);

-- Plan names in the update that matched no row ------------------------------------------------------------------------

select is_empty(
  $$ select plan_id from public.session_config where plan_id in ('flash-lite', 'flash', 'pro') and image_credits_per_hour = 0 $$,
  'every plan of the hub has its pictures'
);
select is(
  (select count(*)::integer from public.session_config where plan_id in ('flash-lite', 'flash', 'pro')), 3, 'and every plan is there'
);

-- A placeholder video passed off as a result --------------------------------------------------------------------------

select is_empty(
  $$ select from pg_proc where pronamespace = 'public'::regnamespace and proname ~ 'video' $$,
  'no function makes videos yet'
);
select is_empty(
  $$
    select grantee from information_schema.role_table_grants
    where table_schema = 'public' and table_name = 'video_generations' and privilege_type <> 'SELECT'
      and grantee in ('PUBLIC', 'anon', 'authenticated', 'service_role')
  $$,
  'and nobody can put one in their place'
);
select throws_ok(
  $$
    insert into public.video_generations (user_id, session_id, prompt, status, completed_at)
    values (tests.id('asha'), tests.id('s'), 'waves', 'completed', now())
  $$,
  '23514', 'new row for relation "video_generations" violates check constraint "video_generations_completed_check"',
  'nor call one completed that has no film'
);

select * from finish();
rollback;
