/*
 * Leases, which carry a running picture: renewed by its worker, lost with his silence, and worth nothing to a worker whose
 * claim is not the last one (I7). What ends a lease that nobody renews is rule 7, in 12-rule-7-leases.sql.
 */
begin;
\ir fixtures.psql
select plan(52);

select tests.at('0'), tests.customer('asha'), tests.customer('ravi');
select tests.session('s', 'asha', 'pro', 1), tests.session('his', 'ravi', 'pro', 1);

-- What a lease is -----------------------------------------------------------------------------------------------------

select is(
  tests.reserve('asha', 's', 'sync', 2) ->> 'leaseId', tests.lease('sync')::text, 'who takes a hold is told the lease under which it is'
);
select results_eq(
  $$ select distinct lease_id, attempts::integer, queue_turn, not_before from public.image_generations where request_id = tests.id('sync') $$,
  $$ values (tests.lease('sync'), 1, null::bigint, null::timestamptz) $$, 'which is one for the whole batch, and does not wait'
);
select tests.queue('asha', 's', 'batch', 3);
select is(
  (select count(*)::integer from public.image_generations where request_id = tests.id('batch') and lease_id is not null), 0,
  'what waits has no lease that anybody could work under'
);
select is(jsonb_array_length(tests.claim() -> 'generations'), 3, 'a claim');
select is(
  (select count(distinct lease_id)::integer from public.image_generations where status = 'running'), 4,
  'gives each picture a lease of its own'
);

-- Renewing ------------------------------------------------------------------------------------------------------------

select tests.at('59.999999 seconds');
select is(
  tests.renew(tests.lease('sync')), '{"held": true, "cancelRequested": false}', 'a lease is renewed a microsecond before its end'
);
select results_eq(
  $$ select distinct lease_expires_at from public.image_generations where request_id = tests.id('sync') $$,
  array[tests.moment('59.999999 seconds') + private.lease()], 'for its whole length from then, of all pictures that are under it'
);
select results_eq(
  $$ select distinct lease_expires_at from public.image_generations where request_id = tests.id('batch') $$,
  array[tests.moment('60 seconds')], 'and no other with it'
);
select is(tests.renew(tests.lease('sync')) ->> 'held', 'true', 'renewing it twice at once');
select is(
  (select count(*)::integer from public.image_generations
    where request_id = tests.id('sync') and lease_expires_at = tests.moment('119.999999 seconds')),
  2, 'renews it once'
);
create temp table lost as select lease_id from public.image_generations where request_id = tests.id('batch');
select tests.at('60 seconds');
select results_eq(
  'select distinct tests.renew(lease_id) from lost', array['{"held": false, "cancelRequested": false}'::jsonb],
  'at its end a lease is not renewed any more, though nobody has noticed yet'
);
select is(tests.states('s'), 'running 5', 'nor does asking for it write down that it has ended');
select is(public.expire_generations(), 3, 'which the sweeper does');
select results_eq(
  'select distinct tests.renew(lease_id) from lost', array['{"held": false, "cancelRequested": false}'::jsonb],
  'and after that it is nobody''s'
);
select is(tests.states('s'), 'expired 3, running 2', 'and brings nothing back');
select is(
  tests.renew(lease), '{"held": false, "cancelRequested": false}', 'a lease that never was is not held: ' || coalesce(lease::text, 'none')
)
from unnest(array[tests.id('no such lease'), null]) as lease;
select tests.at('119.999998 seconds');
select is(
  tests.complete('asha', 'sync') #>> '{balance,creditsRemaining}', '13', 'a picture under a renewed lease is posted until its new end'
);
select is(tests.renew(tests.lease('sync')) ->> 'held', 'false', 'what is settled has no lease');

-- Being told that the customer wants it no more -----------------------------------------------------------------------

select tests.at('0'), tests.reserve('asha', 's', 'unwanted', 2), tests.cancel('asha', 'unwanted');
select is(
  tests.renew(tests.lease('unwanted')), '{"held": true, "cancelRequested": true}',
  'a worker hears at his next sign of life that the picture is not wanted, and still holds it'
);
select is(
  tests.fail('asha', 'unwanted', 'cancelled', tests.lease('unwanted')) ->> 'failureCode', 'cancelled', 'and gives it back'
);

-- A part of a request -------------------------------------------------------------------------------------------------

select tests.session('parts', 'asha', 'pro', 1), tests.queue('asha', 'parts', 'three', 3), tests.claim();
create temp table part as
select batch_index, lease_id as lease from public.image_generations where request_id = tests.id('three');
select is(
  tests.complete('asha', 'three', 4, (select lease from part where batch_index = 0)) - 'generations' - 'balance',
  '{"outcome": "completed", "failureCode": null}', 'who settles under a lease, though he names every picture of the request'
);
select is(tests.states('parts'), 'completed 1, running 2', 'I7: settles what is under it, and no more');
select is(
  tests.fail('asha', 'three', 'engine_timeout', (select lease from part where batch_index = 1)) ->> 'failureCode', 'engine_timeout',
  'who fails under a lease'
);
select is(tests.states('parts'), 'completed 1, failed 1, running 1', 'I7: fails what is under it, and no more');
select is(
  (tests.balance('asha', 'parts') - 'planId' - 'resetsAt' - 'expiresAt' - 'status'),
  '{"creditsPerHour": 15, "creditsRemaining": 13, "creditsHeld": 1}', 'one is spent, one is free again, and one is held'
);
select is(
  tests.complete('asha', 'three', 0, (select lease from part where batch_index = 2)) ->> 'outcome', 'completed',
  'who completes under a lease without a picture'
);
select is(tests.states('parts'), 'completed 1, failed 2', 'gives back what was under it');
select tests.queue('asha', 'parts', 'early', 2), tests.claim(1);
select is(
  tests.fail('asha', 'early', 'engine_failed', tests.lease('early')) ->> 'outcome', 'running',
  'while another picture of the request waits, the request is under way'
);
select is(
  tests.fail('asha', 'early') - 'generations' - 'balance', '{"outcome": "failed", "failureCode": "engine_failed"}',
  'without a lease the whole of it is settled'
);

-- I7: an earlier claim ------------------------------------------------------------------------------------------------

select tests.session('fence', 'asha', 'pro', 1), tests.queue('asha', 'fence', 'twice'), tests.claim();
create temp table claim as select 1 as nth, tests.lease('twice') as lease;
select is(tests.requeue((select lease from claim where nth = 1)), 'queued', 'a picture is put back');
select is(
  tests.complete('asha', 'twice', 4, (select lease from claim where nth = 1)) ->> 'outcome', 'running',
  'I7: after that its worker settles nothing, while it waits'
);
select is(
  tests.fail('asha', 'twice', 'engine_failed', (select lease from claim where nth = 1)) ->> 'outcome', 'running', 'I7: nor fails it'
);
select is(tests.states('fence') || ', ' || tests.credits('asha', 'fence'), 'queued 1, 14', 'I7: it waits, and its credit is held');
select tests.at('1 second'), tests.claim();
insert into claim select 2, tests.lease('twice');
select isnt(
  (select lease from claim where nth = 1), (select lease from claim where nth = 2), 'the next claim is a lease of its own'
);
select is(
  tests.renew((select lease from claim where nth = 1)) ->> 'held', 'false', 'I7: the lease of an earlier claim is not renewed'
);
select is(tests.requeue((select lease from claim where nth = 1)), 'expired', 'I7: puts nothing back');
select is(
  tests.complete('asha', 'twice', 4, (select lease from claim where nth = 1)) #>> '{generations,0,status}', 'running',
  'I7: records nothing'
);
select is(
  tests.fail('asha', 'twice', 'engine_failed', (select lease from claim where nth = 1)) #>> '{generations,0,status}', 'running',
  'I7: and fails nothing'
);
select results_eq(
  $$ select status, lease_id, object_name, attempts::integer from public.image_generations where request_id = tests.id('twice') $$,
  $$ select 'running', lease, null::text, 2 from claim where nth = 2 $$, 'I7: the later worker''s picture is as he left it'
);
select is(
  tests.complete('asha', 'twice', 4, (select lease from claim where nth = 2)) ->> 'outcome', 'completed', 'I7: and his to settle'
);
select is(
  tests.fail('asha', 'twice', 'engine_failed', (select lease from claim where nth = 1)) ->> 'outcome', 'completed',
  'I7: whatever the earlier one says afterwards'
);
select is(tests.credits('asha', 'fence'), 14, 'I7: so it cost one credit');
select is(
  (select images_generated from public.user_sessions where id = tests.id('fence')), 1, 'I10: and was counted once'
);

-- I7: somebody else's lease -------------------------------------------------------------------------------------------

select tests.reserve('asha', 'fence', 'mine'), tests.reserve('asha', 'fence', 'other'), tests.reserve('ravi', 'his', 'mine');
create temp table his as
select lease_id as lease from public.image_generations where request_id = tests.id('mine') and user_id = tests.id('ravi');
select is(
  tests.fail('asha', 'mine', 'engine_failed', (select lease from his)) ->> 'outcome', 'running',
  'I7: the lease of another customer''s request of the same id'
);
select is(
  tests.complete('asha', 'mine', 4, tests.lease('other')) ->> 'outcome', 'running',
  'I7: or of another request of the same customer'
);
select is(
  tests.states('fence') || '; ' || tests.states('his'), 'completed 1, running 2; running 1', 'I7: settles neither the one nor the other'
);
select tests.cancel('asha', 'mine');
select is(
  tests.renew((select lease from his)) ->> 'cancelRequested', 'false', 'nor is one worker told what another''s customer wants'
);

-- A picture that fails under its lease gives the clock back -----------------------------------------------------------

select tests.session('first', 'asha', 'flash', 1), tests.queue('asha', 'first', 'f', 2), tests.claim();
select tests.fail('asha', 'f', 'engine_failed', tests.lease('f'));
select is(
  (select status from public.user_sessions where id = tests.id('first')), 'active',
  'rule 1: while one picture of the first batch is under way the clock that it started runs'
);
select tests.fail('asha', 'f', 'engine_failed', tests.lease('f'));
select is(
  (select status from public.user_sessions where id = tests.id('first')), 'ready', 'rule 1: and stops when the last of it has failed'
);

-- Nor does the end of the hours take the clock from a first picture that is drawn through it ---------------------------

select tests.at('0'), tests.session('through', 'asha', 'flash', 1), tests.reserve('asha', 'through', 'long');
create function tests.draw_on(until interval) returns text
language sql volatile
return (
  select string_agg(tests.at(n * interval '50 seconds') || (tests.renew(tests.lease('long')) ->> 'held'), '')
  from generate_series(1, extract(epoch from until)::integer / 50) as n
);
select tests.draw_on('1 hour 10 seconds');
select tests.at('1 hour 10 seconds');
select is(
  tests.reserve('asha', 'through', 'next') ->> 'outcome', 'session_expired', 'rule 1: while the first picture is drawn the hour is over'
);
select tests.fail('asha', 'long');
select is(
  tests.balance('asha', 'through') - 'planId',
  '{"status": "ready", "creditsPerHour": 8, "creditsRemaining": 8, "creditsHeld": 0, "resetsAt": null, "expiresAt": null}',
  'rule 1: and when it fails after all it has not begun'
);

select * from finish();
rollback;
