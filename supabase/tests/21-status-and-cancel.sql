/*
 * The customer's own questions: where a request stands, and taking it back. Nobody learns of or touches a request that is
 * not his, nothing that is settled changes, and what is taken back costs nothing unless the picture is there.
 */
begin;
\ir fixtures.psql
select plan(62);

select tests.at('0'), tests.customer('asha'), tests.customer('ravi');
delete from private.engine_budget;
select tests.session('s', 'asha', 'pro', 2), tests.session('his', 'ravi', 'pro', 1);

-- Where it stands -----------------------------------------------------------------------------------------------------

select is(tests.status('asha', 'never asked'), '{"outcome": "request_not_found"}', 'a request that was never made is not found');
select tests.queue('ravi', 'his', 'before'), tests.at('1 second'), tests.queue('asha', 's', 'w', 2);
select is(
  tests.status('asha', 'w') - 'generations' - 'balance',
  jsonb_build_object(
    'outcome', 'queued', 'cancelling', false, 'failureCode', null, 'position', 2, 'estimatedStartAt', tests.moment('1 second'),
    'waitingFor', null, 'notBefore', null
  ), 'of what waits the place is told, and when it is begun'
);
select is(
  (select string_agg(picture ->> 'status', ', ') from jsonb_array_elements(tests.status('asha', 'w') -> 'generations') as picture),
  'queued, queued', 'and each of its pictures'
);
select is(tests.status('asha', 'w') -> 'balance', tests.balance('asha', 's'), 'and what is left');
insert into private.engine_budget (account, turns_per_hour, gap) values ('huggingface', 30, '2 seconds');
select is(
  (tests.status('asha', 'w', '{huggingface}') ->> 'estimatedStartAt')::timestamptz, tests.moment('3 seconds'),
  'when it is begun is reckoned with the budget of who draws it'
);
select is(
  (tests.status('asha', 'w', '{huggingface,easel}') ->> 'estimatedStartAt')::timestamptz, tests.moment('1 second'),
  'or without, where somebody else may draw it'
);
select is(
  tests.status('asha', 'w', array_fill('huggingface'::text, array[200000])) - 'generations' - 'balance',
  tests.status('asha', 'w', '{huggingface}') - 'generations' - 'balance', 'however often an account is named'
);
delete from private.engine_budget;
select tests.claim(2), tests.fail('ravi', 'before');
select is(
  tests.status('asha', 'w') - 'generations' - 'balance',
  '{"outcome": "running", "cancelling": false, "failureCode": null, "position": null, "estimatedStartAt": null, "waitingFor": null, "notBefore": null}',
  'of what is drawn in part it is told that it runs'
);
select tests.complete('asha', 'w', 1, tests.lease('w'));
select is(tests.status('asha', 'w') ->> 'outcome', 'running', 'while one picture is there and another waits it runs');
select tests.claim();
select is(tests.status('asha', 'w') ->> 'outcome', 'running', 'or is drawn');
select tests.fail('asha', 'w', 'engine_timeout', tests.lease('w'));
select is(
  tests.status('asha', 'w') - 'generations' - 'balance',
  '{"outcome": "completed", "cancelling": false, "failureCode": "engine_timeout", "position": null, "estimatedStartAt": null, "waitingFor": null, "notBefore": null}',
  'of what was made in part it is told that it is completed, and what the rest failed of'
);
select is(
  tests.status('asha', 'w') -> 'generations', tests.reserve('asha', 's', 'w', 2) -> 'generations', 'with the pictures that a replay answers'
);
select tests.reserve('asha', 's', 'f'), tests.fail('asha', 'f', 'prompt_refused');
select is(
  tests.status('asha', 'f') ->> 'outcome' || ', ' || (tests.status('asha', 'f') ->> 'failureCode'), 'failed, prompt_refused',
  'of what failed it is told why'
);
select tests.reserve('asha', 's', 'e'), tests.at('61 seconds');
select is(
  tests.status('asha', 'e') - 'generations' - 'balance',
  '{"outcome": "expired", "cancelling": false, "failureCode": null, "position": null, "estimatedStartAt": null, "waitingFor": null, "notBefore": null}',
  'of what has lost its lease it is told that it expired, though nobody has noticed'
);
select is(tests.status('asha', 'e', '{huggingface}') ->> 'estimatedStartAt', null, 'what does not wait is not begun');
select is(tests.states('s'), 'completed 1, failed 2, running 1', 'asking writes nothing down');
select is(tests.status('asha', 'e') #>> '{balance,creditsRemaining}', '14', 'and the balance is as if somebody had');
select is(tests.status('ravi', request), '{"outcome": "request_not_found"}', 'a stranger learns nothing of what is ' || request)
from unnest(array['w', 'f', 'e']) as request;
select tests.as_customer('asha');
select is(public.generation_status(null), '{"outcome": "request_not_found"}', 'a request without an id is not found');
select is(public.cancel_generation(null), '{"outcome": "request_not_found"}', 'nor taken back');
select tests.as_owner();

-- The same id of two customers.
select tests.reserve('asha', 's', 'same'), tests.queue('ravi', 'his', 'same');
select is(
  (tests.status('asha', 'same') ->> 'outcome') || ', ' || (tests.status('ravi', 'same') ->> 'outcome'), 'running, queued',
  'each is told of his own request'
);

-- Taking back what waits ----------------------------------------------------------------------------------------------

select is(
  tests.cancel('ravi', 'same') - 'generations',
  jsonb_build_object(
    'outcome', 'failed', 'cancelling', false, 'failureCode', 'cancelled', 'position', null, 'estimatedStartAt', null,
    'waitingFor', null, 'notBefore', null,
    'balance', tests.balance('ravi', 'his')
  ), 'what waits is taken back at once'
);
select is(tests.credits('ravi', 'his'), 15, 'rule 4: its credit is free again');
select results_eq(
  $$
    select status, failure_code, lease_expires_at, queue_turn, not_before, settled_at, cancel_requested_at
    from public.image_generations where request_id = tests.id('same') and user_id = tests.id('ravi')
  $$,
  $$ values ('failed', 'cancelled', null::timestamptz, null::bigint, null::timestamptz, tests.moment('61 seconds'), tests.moment('61 seconds')) $$,
  'and it says why it failed, and when'
);
select is(
  (select status from public.user_sessions where id = tests.id('his')), 'ready', 'rule 1: the clock that it started stands still again'
);
select is(tests.status('asha', 'same') ->> 'cancelling', 'false', 'another customer''s request of the same id is untouched');
select is(tests.claim() -> 'generations', '[]', 'what was taken back is not claimed');
select is(tests.cancel('ravi', 'same'), tests.cancel('ravi', 'same'), 'taking it back twice takes it back once');
select is(
  (select cancel_requested_at from public.image_generations where request_id = tests.id('same') and user_id = tests.id('ravi')),
  tests.moment('61 seconds'), 'at the first time'
);
select is(
  tests.queue('ravi', 'his', 'same') ->> 'outcome', 'failed', 'rule 6: and the same id is not tried again'
);
select tests.queue('asha', 's', 'both'), tests.queue('ravi', 'his', 'both'), tests.cancel('ravi', 'both');
select is(
  (tests.status('asha', 'both') ->> 'outcome') || ', ' || (tests.status('ravi', 'both') ->> 'outcome'), 'queued, failed',
  'who takes back what waits takes back his own'
);
select tests.cancel('asha', 'both'), tests.start('ravi', 'his');
select tests.queue('ravi', 'his', 'more', 3), tests.cancel('ravi', 'more');
select is(
  (select status from public.user_sessions where id = tests.id('his')), 'active', 'rule 1: a clock that the customer started runs on'
);
select is(tests.states('his') || ', ' || tests.credits('ravi', 'his'), 'failed 6, 15', 'of a batch that waits all is taken back');

-- A batch that is drawn in part.
select tests.queue('ravi', 'his', 'part', 4), tests.claim(2);
select tests.complete('ravi', 'part', 4, tests.lease('part'));
select is(
  tests.cancel('ravi', 'part') - 'generations' - 'balance',
  '{"outcome": "running", "cancelling": true, "failureCode": "cancelled", "position": null, "estimatedStartAt": null, "waitingFor": null, "notBefore": null}',
  'of a batch of which one is there, one is drawn and two wait'
);
select is(
  tests.states('his') || ', ' || tests.credits('ravi', 'his'), 'completed 1, failed 8, running 1, 13',
  'rule 4: the two are free, the one that is drawn is held, and the one that is there is paid for'
);
select is(tests.renew(tests.lease('part')) ->> 'cancelRequested', 'true', 'whose worker is told');
select tests.fail('ravi', 'part', 'cancelled', tests.lease('part'));
select is(
  tests.status('ravi', 'part') ->> 'outcome' || ', ' || (tests.status('ravi', 'part') ->> 'cancelling') || ', ' || tests.credits('ravi', 'his'),
  'completed, false, 14', 'and when it has stopped one picture is paid for'
);

-- Taking back what is drawn -------------------------------------------------------------------------------------------

select tests.fail('asha', 'same'), tests.fail('asha', 'e'), tests.session('t', 'asha', 'flash', 1), tests.reserve('asha', 't', 'drawn', 2);
select is(
  tests.cancel('asha', 'drawn') - 'generations' - 'balance',
  '{"outcome": "running", "cancelling": true, "failureCode": null, "position": null, "estimatedStartAt": null, "waitingFor": null, "notBefore": null}',
  'what is drawn runs on until its worker hears of it'
);
select is(
  tests.balance('asha', 't') - 'planId' - 'resetsAt' - 'expiresAt',
  '{"status": "active", "creditsPerHour": 8, "creditsRemaining": 6, "creditsHeld": 2}', 'rule 4: and its credits are held until then'
);
select results_eq(
  $$ select status, cancel_requested_at, lease_id is not null, settled_at from public.image_generations where request_id = tests.id('drawn') $$,
  $$ values ('running', tests.moment('61 seconds'), true, null::timestamptz), ('running', tests.moment('61 seconds'), true, null) $$,
  'it is marked, and that is all'
);
select tests.at('65 seconds'), tests.cancel('asha', 'drawn');
select is(
  (select max(cancel_requested_at) from public.image_generations where request_id = tests.id('drawn')), tests.moment('61 seconds'),
  'once'
);
select is(
  tests.fail('asha', 'drawn', 'cancelled') #>> '{balance,creditsRemaining}', '8', 'rule 4: when it has stopped without a picture they are free'
);
select is((select status from public.user_sessions where id = tests.id('t')), 'ready', 'rule 1: and the clock stands still again');
select tests.reserve('asha', 't', 'too late'), tests.cancel('asha', 'too late');
select is(
  tests.complete('asha', 'too late') ->> 'outcome' || ', ' || tests.credits('asha', 't'), 'completed, 7',
  'a picture that is there when its worker hears of it is the customer''s, and costs its credit'
);
select tests.reserve('asha', 't', 'dead'), tests.cancel('asha', 'dead'), tests.at('125 seconds');
select is(
  tests.status('asha', 'dead') - 'generations' - 'balance',
  '{"outcome": "expired", "cancelling": false, "failureCode": null, "position": null, "estimatedStartAt": null, "waitingFor": null, "notBefore": null}',
  'rule 7: where no worker hears of it the lease ends it'
);
select is(tests.credits('asha', 't'), 7, 'rule 7: and its credit is free');
select is(
  tests.cancel('asha', 'dead') ->> 'outcome', 'expired', 'I6: taking it back then changes nothing'
);
select is(
  (select status || coalesce(failure_code, '') from public.image_generations where request_id = tests.id('dead')), 'expired',
  'rule 7: but writes down that it has ended'
);

-- What is settled -----------------------------------------------------------------------------------------------------

select tests.reserve('asha', 't', 'done'), tests.complete('asha', 'done'), tests.reserve('asha', 't', 'failed'), tests.fail('asha', 'failed');
create temp table kept as select * from public.image_generations where session_id = tests.id('t');
create temp table balance as select tests.balance('asha', 't') as before;
select is(
  tests.cancel('asha', request) - 'generations' - 'balance', tests.status('asha', request) - 'generations' - 'balance',
  'I6: taking back what is ' || request || ' answers where it stands'
)
from unnest(array['done', 'failed', 'too late', 'dead']) as request;
select is_empty(
  $$ (select * from public.image_generations where session_id = tests.id('t') except select * from kept)
    union all (select * from kept except select * from public.image_generations where session_id = tests.id('t')) $$,
  'I6: and changes no row'
);
select is(tests.balance('asha', 't'), (select before from balance), 'nor what is left');

-- A stranger, and nobody ----------------------------------------------------------------------------------------------

select tests.queue('asha', 't', 'hers'), tests.reserve('asha', 't', 'hers too');
select is(tests.cancel('ravi', request), '{"outcome": "request_not_found"}', 'a stranger takes nothing back: ' || request)
from unnest(array['hers', 'hers too', 'done']) as request;
select is(
  (tests.status('asha', 'hers') ->> 'outcome') || ', ' || (tests.status('asha', 'hers too') ->> 'cancelling'), 'queued, false',
  'and what he tried did nothing'
);
select tests.act('authenticated', '{"role": "authenticated"}');
select is(public.generation_status(tests.id('hers')), '{"outcome": "unauthorized"}', 'nobody is told nothing');
select is(public.cancel_generation(tests.id('hers')), '{"outcome": "unauthorized"}', 'and takes nothing back');
select tests.as_owner();

select * from finish();
rollback;
