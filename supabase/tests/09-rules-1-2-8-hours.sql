/*
 * Rules of credit 1, 2 and 8: when the clock of a session starts and ends, what each hour holds, and whose time counts.
 */
begin;
\ir fixtures.psql
select plan(54);

select tests.at('0'), tests.customer('asha');

-- Rule 1: paid is ready; the clock starts with the first picture and ends the purchased hours later -------------------

select tests.session('waiting', 'asha', 'flash-lite', 2);
select is(
  tests.balance('asha', 'waiting') - 'planId',
  '{"status": "ready", "creditsPerHour": 3, "creditsRemaining": 3, "creditsHeld": 0, "resetsAt": null, "expiresAt": null}',
  'rule 1: a paid session is ready, whole, and its clock does not run'
);
select tests.at('20 days');
select is(tests.credits('asha', 'waiting'), 3, 'rule 1: twenty days later nothing of it is gone');
select is(
  tests.reserve('asha', 'waiting', 'late start') ->> 'outcome', 'reserved', 'rule 1: a payment used late harms nobody'
);
select results_eq(
  $$ select status, started_at, expires_at, started_by from public.user_sessions where id = tests.id('waiting') $$,
  $$ values ('active', tests.moment('20 days'), tests.moment('20 days 2 hours'), 'picture') $$,
  'rule 1: the first picture starts the clock, and two hours were bought'
);
select is(
  tests.balance('asha', 'waiting') ->> 'expiresAt', to_jsonb(tests.moment('20 days 2 hours')) #>> '{}',
  'rule 1: the customer is told when it ends'
);
select tests.complete('asha', 'late start');

select tests.at('20 days 01:59:59.999999');
select is(
  tests.reserve('asha', 'waiting', 'last moment') ->> 'outcome', 'reserved',
  'rule 1: a microsecond before the end it still serves'
);
select tests.at('20 days 2 hours');
select is(
  tests.reserve('asha', 'waiting', 'too late') ->> 'outcome', 'session_expired',
  'rule 1: at the very second of its end it is over'
);
select is(
  (select status from public.user_sessions where id = tests.id('waiting')), 'ended', 'rule 1: and it is recorded as ended'
);
select is(
  tests.balance('asha', 'waiting') ->> 'creditsRemaining', '0', 'rule 1: an ended session shows no credits'
);
select is(
  tests.complete('asha', 'last moment') ->> 'outcome', 'completed',
  'rule 1: a picture begun in time is delivered after the end'
);

select tests.at('0'), tests.session('unseen end', 'asha', 'flash-lite', 1);
select tests.reserve('asha', 'unseen end', 'u1'), tests.complete('asha', 'u1');
select tests.at('1 hour');
select is(
  tests.balance('asha', 'unseen end') - 'planId' - 'creditsPerHour' - 'expiresAt',
  '{"status": "ended", "creditsRemaining": 0, "creditsHeld": 0, "resetsAt": null}',
  'rule 1: the balance knows of the end before any request has recorded it'
);

-- A session never started waits thirty days.
select tests.at('0'), tests.session('almost', 'asha', 'flash', 1), tests.session('forgotten', 'asha', 'flash', 1);
select tests.at('29 days 23:59:59.999999');
select is(tests.credits('asha', 'almost'), 8, 'rule 1: within thirty days a session that was never started is whole');
select is(tests.reserve('asha', 'almost', 'a1') ->> 'outcome', 'reserved', 'rule 1: and can be started');
select tests.at('30 days');
select is(
  tests.balance('asha', 'forgotten') ->> 'status', 'ended',
  'rule 1: after thirty days its balance says that it has ended'
);
select is(
  tests.credits('asha', 'forgotten'), 0, 'rule 1: and shows no credits that could not be used'
);
select is(
  tests.reserve('asha', 'forgotten', 'f1') ->> 'outcome', 'session_expired', 'rule 1: nor can it be started'
);
select is_empty(
  $$ select from public.image_generations where session_id = tests.id('forgotten') $$,
  'rule 1: so it was never used and can be refunded whole'
);

-- The clock that a picture started stops again if that picture never arrives.
select tests.at('0'), tests.session('unlucky', 'asha', 'flash-lite', 1);
select tests.reserve('asha', 'unlucky', 'lost');
select tests.at('30 seconds'), tests.fail('asha', 'lost');
select results_eq(
  $$ select status, started_at, expires_at, started_by from public.user_sessions where id = tests.id('unlucky') $$,
  $$ values ('ready', null::timestamptz, null::timestamptz, null::text) $$,
  'rule 1: the first picture failed, so the clock stands still again'
);
select tests.at('5 hours');
select is(tests.credits('asha', 'unlucky'), 3, 'rule 1: hours after that failure the session is still whole');
select is(
  tests.reserve('asha', 'unlucky', 'lucky') ->> 'outcome', 'reserved',
  'rule 1: and starts with the next picture'
);
select is(
  (select expires_at from public.user_sessions where id = tests.id('unlucky')), tests.moment('6 hours'),
  'rule 1: with its full hour ahead'
);
select tests.complete('asha', 'lucky'), tests.reserve('asha', 'unlucky', 'second'), tests.fail('asha', 'second');
select is(
  (select started_at from public.user_sessions where id = tests.id('unlucky')), tests.moment('5 hours'),
  'rule 1: a later failure does not touch a clock that a picture has earned'
);

-- Or the customer starts it himself.
select tests.at('0'), tests.session('chosen', 'asha', 'flash-lite', 2), tests.session('called off', 'asha', 'flash', 1);
select tests.session('dead on arrival', 'asha', 'flash', 1), tests.session('never', 'asha', 'flash', 1);
select is(
  (tests.start('asha', 'chosen') -> 'balance') - 'planId',
  jsonb_build_object(
    'status', 'active', 'creditsPerHour', 3, 'creditsRemaining', 3, 'creditsHeld', 0, 'resetsAt', tests.moment('1 hour'),
    'expiresAt', tests.moment('2 hours')
  ),
  'rule 1: the customer starts the clock himself and is told what he has'
);
select tests.at('10 minutes');
select is(
  tests.start('asha', 'chosen') #>> '{balance,expiresAt}', to_jsonb(tests.moment('2 hours')) #>> '{}',
  'rule 1: starting it twice starts it once'
);
select tests.reserve('asha', 'chosen', 'c1'), tests.fail('asha', 'c1');
select results_eq(
  $$ select started_at, started_by from public.user_sessions where id = tests.id('chosen') $$,
  $$ values (tests.moment('0'), 'customer') $$, 'rule 1: a clock that the customer started runs on, whatever fails'
);
select tests.at('2 hours');
select is(tests.start('asha', 'chosen') ->> 'outcome', 'session_expired', 'rule 1: a session that is over is not started again');
select is(
  (select expires_at from public.user_sessions where id = tests.id('chosen')), tests.moment('2 hours'), 'rule 1: nor is its end moved'
);
select tests.at('0'), tests.reserve('asha', 'called off', 'p1');
select tests.at('30 seconds'), tests.start('asha', 'called off');
select tests.fail('asha', 'p1');
select results_eq(
  $$ select started_at, started_by from public.user_sessions where id = tests.id('called off') $$,
  $$ values (tests.moment('0'), 'customer') $$,
  'rule 1: a clock that a picture started and the customer then wanted runs on when that picture fails'
);
select tests.at('0'), tests.reserve('asha', 'dead on arrival', 'p2'), tests.at('1 hour');
select is(
  tests.start('asha', 'dead on arrival') #>> '{balance,expiresAt}', to_jsonb(tests.moment('2 hours')) #>> '{}',
  'rule 1: after a first picture that died the customer gets his whole hour'
);
select tests.at('30 days');
select is(tests.start('asha', 'never') ->> 'outcome', 'session_expired', 'rule 1: after thirty days a session cannot be started');
select is(
  (select started_at from public.user_sessions where id = tests.id('never')), null, 'rule 1: and its clock has never run'
);

-- Rule 2: each full hour after the start gives the plan's credits again, and nothing rolls over -----------------------

select tests.at('0'), tests.session('hours', 'asha', 'flash-lite', 3);
select tests.reserve('asha', 'hours', 'h0', 2), tests.complete('asha', 'h0');
select is(tests.credits('asha', 'hours'), 1, 'rule 2: two of three are spent in the first hour');
select is(
  tests.balance('asha', 'hours') ->> 'resetsAt', to_jsonb(tests.moment('1 hour')) #>> '{}',
  'rule 2: the customer is told when the next hour begins'
);
select tests.at('59 minutes 59.999999 seconds');
select is(tests.credits('asha', 'hours'), 1, 'rule 2: the hour is not over before it is over');
select tests.at('1 hour');
select is(tests.credits('asha', 'hours'), 3, 'rule 2: the second hour holds three, not four: nothing rolls over');
select is(
  tests.reserve('asha', 'hours', 'h1', 3) ->> 'outcome', 'reserved', 'rule 2: and all three can be used'
);
select tests.complete('asha', 'h1');
select is(
  tests.reserve('asha', 'hours', 'h1 more') ->> 'outcome', 'credits_exhausted', 'rule 2: but not a fourth'
);
select tests.at('1 hour 59 minutes 59.5 seconds');
select is(
  (tests.reserve('asha', 'hours', 'h1 more') ->> 'retryAfter')::integer, 1,
  'rule 2: and says in how many seconds, never too few'
);
select is(
  tests.reserve('asha', 'hours', 'h1 more') #>> '{balance,resetsAt}', to_jsonb(tests.moment('2 hours')) #>> '{}',
  'rule 2: and the refusal says when there will be more'
);
select tests.at('2 hours');
select is(tests.credits('asha', 'hours'), 3, 'rule 2: the third hour is whole again');
select is(
  tests.balance('asha', 'hours') ->> 'resetsAt', null, 'rule 2: the last hour has no reset to come'
);
select tests.reserve('asha', 'hours', 'h2', 3), tests.complete('asha', 'h2');
select is(
  tests.reserve('asha', 'hours', 'h2 more') #> '{balance,resetsAt}', 'null'::jsonb,
  'rule 2: a refusal in the last hour promises nothing'
);
select is(
  tests.reserve('asha', 'hours', 'h2 more') ->> 'retryAfter', null, 'rule 2: nor says when to ask again'
);
select is(
  (select string_agg(distinct hour_index::text, ',') from public.image_generations where session_id = tests.id('hours')),
  '0,1,2', 'rule 2: every picture belongs to the hour in which its credit was taken'
);
select tests.session('next', 'asha', 'flash-lite', 1);
select is(tests.credits('asha', 'next'), 3, 'rule 2: a next session has the plan''s credits, no more and no fewer');

-- A session whose middle hours were never used gives them no second life.
select tests.at('0'), tests.session('idle', 'asha', 'flash-lite', 4);
select tests.reserve('asha', 'idle', 'i0'), tests.complete('asha', 'i0');
select tests.at('3 hours 30 minutes');
select is(tests.credits('asha', 'idle'), 3, 'rule 2: after two idle hours the fourth holds three');
select is(
  tests.reserve('asha', 'idle', 'i3', 4) ->> 'outcome', 'not_in_plan',
  'rule 2: four at once are beyond any hour of this plan'
);

-- Rule 8: time is the database's, read after the lock is held ---------------------------------------------------------

select tests.at('0'), tests.session('timed', 'asha', 'flash', 1);
select tests.at('10 minutes'), tests.reserve('asha', 'timed', 't1');
select results_eq(
  $$ select created_at, lease_expires_at - created_at from public.image_generations where request_id = tests.id('t1') $$,
  $$ values (tests.moment('10 minutes'), private.lease()) $$,
  'rule 8: a hold and its lease carry the database''s time, not the time at which the transaction began'
);
select tests.at('10 minutes 30 seconds'), tests.complete('asha', 't1');
select is(
  (select settled_at from public.image_generations where request_id = tests.id('t1')), tests.moment('10 minutes 30 seconds'),
  'rule 8: and so does what settles it'
);
select is(
  (select started_at from public.user_sessions where id = tests.id('timed')), tests.moment('10 minutes'),
  'rule 8: and the session''s clock'
);
select is_empty(
  $$
    select proname from pg_proc
    where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
      and oid <> 'private.clock()'::regprocedure
      and pg_get_functiondef(oid) ~* '\m(now\(\)|clock_timestamp|current_timestamp|statement_timestamp|transaction_timestamp|localtimestamp|current_date)'
  $$,
  'rule 8: I12: no other function than private.clock reads the time'
);
select is(
  (select provolatile::text from pg_proc where oid = 'private.clock()'::regprocedure), 'v',
  'rule 8: I12: and that one reads it anew at each call'
);
select is_empty(
  $$
    select proname from pg_proc
    where pronamespace = 'public'::regnamespace and proname <> 'receive_payment_event'
      and pg_get_function_arguments(oid) ~* '\m(timestamptz|timestamp|date|interval)\M'
  $$,
  'rule 8: no function that a role may call takes a time from its caller'
);
select is_empty(
  $$
    select proname from pg_proc
    where pronamespace in ('public'::regnamespace, 'private'::regnamespace) and proname <> 'receive_payment_event'
      and pg_get_functiondef(oid) ~ 'occurred_at'
  $$,
  'rule 8: but when an event happened by its sender''s clock, which is written down and read by nothing'
);

select * from finish();
rollback;
