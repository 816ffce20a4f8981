/*
 * What waits in the queue and was not drawn: put back to be tried again, given up after an hour, or taken back meanwhile.
 * Whatever becomes of it, its credit is held while it waits and free when it does not arrive.
 */
begin;
\ir fixtures.psql
select plan(57);

select tests.at('0'), tests.customer(name), tests.session(name, name, 'pro', 4) from unnest(array['asha', 'ravi', 'mina']) as name;
delete from private.engine_budget;

-- Put back ------------------------------------------------------------------------------------------------------------

select tests.queue('asha', 'asha', 'again'), tests.claim();
select tests.at('10 seconds');
select is(tests.requeue(tests.lease('again'), 30), 'queued', 'a picture that could not be drawn is put back');
select results_eq(
  $$
    select status, not_before, lease_expires_at, lease_id, queue_turn, attempts::integer, failure_code, settled_at
    from public.image_generations where request_id = tests.id('again')
  $$,
  $$ values ('queued', tests.moment('40 seconds'), tests.moment('1 hour'), null::uuid, 0::bigint, 1, null::text, null::timestamptz) $$,
  'to be tried again after the delay, until an hour after it was asked for, under nobody''s lease'
);
select is(
  (tests.balance('asha', 'asha') - 'planId' - 'resetsAt' - 'expiresAt'),
  '{"status": "active", "creditsPerHour": 15, "creditsRemaining": 14, "creditsHeld": 1}', 'rule 4: its credit is held on'
);
select is(
  tests.status('asha', 'again') ->> 'outcome', 'queued', 'and its customer is told that it waits'
);
select is((tests.claim() ->> 'waitMs')::integer, 30000, 'it is not claimed before the delay is over');
select tests.at('39.999999 seconds');
select is(tests.claim() -> 'generations', '[]', 'not a microsecond before');
select tests.at('40 seconds');
select is(tests.claimed(tests.claim(), 'again'), 'again', 'and then is');
select is(
  (select attempts::integer from public.image_generations where request_id = tests.id('again')), 2, 'for the second time'
);
select is(
  (select lease_expires_at from public.image_generations where request_id = tests.id('again')),
  tests.moment('40 seconds') + private.lease(), 'under a lease of full length'
);
select is(tests.requeue(tests.lease('again'), delay), 'queued', 'a delay of ' || coalesce(delay::text, 'nothing') || ' is one of a second')
from (values (-5)) as shortest (delay);
select is(
  (select not_before from public.image_generations where request_id = tests.id('again')), tests.moment('41 seconds'),
  'since whoever puts a picture back may not take it at once'
);
select tests.at('41 seconds'), tests.claim();
select is(tests.requeue(tests.lease('again'), null), 'queued', 'nor who names no delay');
select is(
  (select not_before from public.image_generations where request_id = tests.id('again')), tests.moment('42 seconds'), 'may take it sooner'
);
select tests.at('42 seconds'), tests.claim();
select is(
  tests.complete('asha', 'again', 1, tests.lease('again')) #>> '{balance,creditsRemaining}', '14', 'rule 3: however often it was tried it costs one credit'
);

-- To the front --------------------------------------------------------------------------------------------------------

select tests.at(n * interval '0.1 seconds'), tests.queue('asha', 'asha', 'a' || n) from generate_series(1, 3) as n;
select tests.claim(1), tests.at('1 second');
select tests.queue('ravi', 'ravi', 'r' || n) from generate_series(1, 2) as n;
select tests.at('2 seconds');
select is(tests.waiting('a1', 'a2', 'a3', 'r1', 'r2'), 'a2, r1, a3, r2', 'while one is drawn others wait');
select is(tests.requeue(tests.lease('a1'), 10), 'queued', 'the one');
select is(tests.waiting('a1', 'a2', 'a3', 'r1', 'r2'), 'a1, a2, r1, a3, r2', 'what is put back is before all of them');
select is((tests.status('asha', 'a1') ->> 'position')::integer, 1, 'and told so');
select is(
  tests.claimed(tests.claim(2), 'a1', 'a2', 'a3', 'r1', 'r2'), 'a2, r1', 'who is behind it goes first as long as it is not to be tried'
);
select tests.at('12 seconds');
select is(tests.claimed(tests.claim(1), 'a1', 'a2', 'a3', 'r1', 'r2'), 'a1', 'and nobody once it is');
select tests.requeue(tests.lease('r1'), 5), tests.requeue(tests.lease('a2'), 5), tests.requeue(tests.lease('a1'), 5);
select is(tests.waiting('a1', 'a2', 'a3', 'r1', 'r2'), 'a1, a2, r1, a3, r2', 'all of them put back are in the order in which they were asked for');
select is(
  (tests.queue('mina', 'mina', 'm1') ->> 'position')::integer, 2, 'who comes now begins in the round that is on again'
);
select is(
  tests.waiting('a1', 'a2', 'a3', 'r1', 'r2', 'm1'), 'a1, m1, a2, r1, a3, r2', 'and behind whoever was in it before'
);
-- While an engine is down, pictures are claimed and put back without end. Those of one customer stay one a round.
select tests.cancel('asha', 'a' || n), tests.cancel('ravi', 'r' || n), tests.cancel('mina', 'm' || n) from generate_series(1, 3) as n;
select tests.at(n * interval '0.1 seconds'), tests.queue('asha', 'asha', 'down ' || n) from generate_series(1, 12) as n;
create function tests.try_in_vain(moment interval) returns integer
language sql volatile
begin atomic
  select tests.at(moment);
  select count(tests.requeue((work ->> 'leaseId')::uuid, 1))::integer from jsonb_array_elements(tests.claim() -> 'generations') as work;
end;
select is(tests.try_in_vain(n * interval '2 seconds'), 4, 'four pictures are tried in vain') from generate_series(1, 5) as n;
select tests.at('20 seconds');
select is(
  (tests.queue('ravi', 'ravi', 'r4') ->> 'position')::integer, 2, 'who comes then waits behind one of them, not behind twelve'
);
select is((tests.queue('ravi', 'ravi', 'r5') ->> 'position')::integer, 4, 'and with a second picture behind two');
select is(
  tests.claimed(tests.claim(5), variadic array(select 'down ' || n from generate_series(1, 12) as n) || array['r4', 'r5']),
  'down 1, r4, down 2, r5, down 3', 'and that is how they are drawn when the engine is back'
);
select tests.fail('asha', 'down ' || n) from generate_series(1, 12) as n;
select tests.fail('ravi', 'r' || n) from generate_series(4, 5) as n;

-- Of a batch, the one picture -----------------------------------------------------------------------------------------

select tests.fail('asha', 'a' || n), tests.fail('ravi', 'r' || n), tests.fail('mina', 'm' || n) from generate_series(1, 3) as n;
select tests.at('0'), tests.session('b', 'asha', 'flash', 1), tests.queue('asha', 'b', 'batch', 3), tests.claim(2);
select is(
  tests.requeue((select lease_id from public.image_generations where request_id = tests.id('batch') and batch_index = 1), 5), 'queued',
  'of a batch one picture is put back'
);
select results_eq(
  $$ select status from public.image_generations where request_id = tests.id('batch') order by batch_index $$,
  array['running', 'queued', 'queued'], 'and the others are where they were'
);
-- Whoever draws a batch under one lease puts all of it back.
select tests.session('whole', 'asha', 'flash', 1), tests.reserve('asha', 'whole', 'at once', 3);
select is(tests.requeue(tests.lease('at once'), 5), 'queued', 'a batch under one lease is put back');
select is(
  tests.states('whole') || ', ' || tests.credits('asha', 'whole'), 'queued 3, 5', 'as a whole, and its credits are held'
);
select tests.fail('asha', 'at once');
select tests.at('59 minutes 56 seconds');
update public.image_generations set lease_expires_at = tests.moment('1 hour') where request_id = tests.id('batch') and status = 'running';
select is(
  tests.requeue(tests.lease('batch'), 5, 'engine_timeout'), 'running', 'of one that is given up the request is under way while others wait'
);
select is(tests.states('b') || ', ' || tests.credits('asha', 'b'), 'failed 1, queued 2, 6', 'rule 4: and its credit is free');

-- Given up ------------------------------------------------------------------------------------------------------------

select tests.fail('asha', 'batch');
select tests.at('0'), tests.session('u', 'asha', 'flash', 2), tests.session('v', 'asha', 'flash', 2);
select tests.queue('asha', 'u', 'patient'), tests.queue('asha', 'v', 'impatient');
select tests.at('59 minutes 30 seconds'), tests.claim(4);
select is(tests.requeue(tests.lease('patient'), 29), 'queued', 'what could be tried within the hour is put back');
select is(
  (select lease_expires_at from public.image_generations where request_id = tests.id('patient')), tests.moment('1 hour'),
  'and waits no longer than the hour'
);
select is(
  tests.requeue(tests.lease('impatient'), 30, 'engine_unavailable'), 'failed', 'what could not is given up'
);
select results_eq(
  $$ select status, failure_code, settled_at from public.image_generations where request_id = tests.id('impatient') $$,
  $$ values ('failed', 'engine_unavailable', tests.moment('59 minutes 30 seconds')) $$, 'for the reason why it could not be drawn'
);
select is(tests.credits('asha', 'v'), 8, 'rule 4: its credit is free again');
select is((select status from public.user_sessions where id = tests.id('v')), 'ready', 'rule 1: and its clock, which no picture has earned');
select tests.at('59 minutes 59.999999 seconds');
select is(
  tests.status('asha', 'patient') ->> 'outcome', 'queued', 'a microsecond before the hour is over a picture still waits'
);
select tests.at('1 hour');
select is(tests.claim() -> 'generations', '[]', 'rule 7: at its end it is not claimed any more, though nobody has noticed');
select is(tests.status('asha', 'patient') ->> 'outcome', 'expired', 'rule 7: and its customer is told');
select is(
  tests.balance('asha', 'u') - 'planId',
  '{"status": "ready", "creditsPerHour": 8, "creditsRemaining": 8, "creditsHeld": 0, "resetsAt": null, "expiresAt": null}',
  'rule 7: the balance shows its credit and its time as free'
);
select is(public.expire_generations(), 1, 'rule 7: the sweeper ends what waited');
select results_eq(
  $$
    select status, queue_turn, not_before, lease_expires_at, failure_code, settled_at
    from public.image_generations where request_id = tests.id('patient')
  $$,
  $$ values ('expired', null::bigint, null::timestamptz, null::timestamptz, null::text, tests.moment('1 hour')) $$,
  'rule 7: as expired, at that moment'
);
select is(
  (select status from public.user_sessions where id = tests.id('u')), 'ready', 'rule 1: and stops the clock that it started'
);
-- Or the next request of the session does.
select tests.at('2 hours'), tests.queue('asha', 'u', 'waits');
select tests.at('3 hours');
select is(
  tests.reserve('asha', 'u', 'next') #>> '{balance,creditsRemaining}', '7', 'rule 7: the next request finds the credit of what waited too long'
);
select is(tests.states('u'), 'expired 2, running 1', 'rule 7: and writes it down');

-- Too late to be put back ---------------------------------------------------------------------------------------------

select tests.queue('ravi', 'ravi', 'lost'), tests.claim();
create temp table lost as select tests.lease('lost') as lease;
select tests.at('3 hours 1 minute');
select is(tests.requeue((select lease from lost)), 'expired', 'I12: what has lost its lease is not put back, though no sweeper came by');
select is(
  (select status from public.image_generations where request_id = tests.id('lost')), 'expired', 'rule 7: which is written down at once'
);
select is(tests.requeue(lease), 'expired', 'nor what was never held: ' || coalesce(lease::text, 'none'))
from unnest(array[tests.id('no such lease'), null]) as lease;

-- Taken back meanwhile ------------------------------------------------------------------------------------------------

select tests.queue('ravi', 'ravi', 'unwanted'), tests.claim();
select tests.cancel('ravi', 'unwanted');
select is(
  tests.requeue(tests.lease('unwanted'), 5, 'engine_unavailable') || ', ' || (tests.status('ravi', 'unwanted') ->> 'failureCode'),
  'failed, cancelled', 'what its customer has taken back is not put back but given up, and for that reason'
);

select * from finish();
rollback;
