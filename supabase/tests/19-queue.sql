/*
 * The queue: what a request is told that waits, whose turn it is, and who may take it from the queue and when. What
 * becomes of a picture that could not be drawn then is in 20-queue-again.sql.
 */
begin;
\ir fixtures.psql
select plan(89);

select tests.at('0'), tests.customer(name) from unnest(array['asha', 'ravi', 'mina']) as name;
-- Nobody's budget matters until a test says so.
delete from private.engine_budget;

-- Waiting takes the hold ----------------------------------------------------------------------------------------------

select tests.session('s', 'asha', 'flash', 2);
select is(
  tests.queue('asha', 's', 'first', 2) - 'balance',
  jsonb_build_object('outcome', 'queued', 'position', 1, 'estimatedStartAt', tests.moment('0')),
  'a request that may wait is told its place and when it is begun'
);
select is(
  tests.balance('asha', 's') - 'planId',
  jsonb_build_object(
    'status', 'active', 'creditsPerHour', 8, 'creditsRemaining', 6, 'creditsHeld', 2, 'resetsAt', tests.moment('1 hour'),
    'expiresAt', tests.moment('2 hours')
  ),
  'rule 4: its credits are held, and the clock runs'
);
select results_eq(
  $$
    select status, lease_expires_at, lease_id, queue_turn, not_before, attempts::integer, settled_at
    from public.image_generations where request_id = tests.id('first') order by batch_index
  $$,
  $$ values
    ('queued', tests.moment('1 hour'), null::uuid, 0::bigint, tests.moment('0'), 0, null::timestamptz),
    ('queued', tests.moment('1 hour'), null, 1, tests.moment('0'), 0, null)
  $$,
  'its pictures may wait an hour, and take their turns one after the other'
);
select is(
  tests.queue('asha', 's', 'too many', 4) ->> 'outcome' || ', ' || (tests.queue('asha', 's', 'far too many', 4) ->> 'outcome'),
  'queued, credits_exhausted', 'I9: what waits is held: no more is queued than there are credits'
);
select is(
  tests.queue('asha', 's', 'beyond', 5), '{"outcome": "invalid_request", "field": "batchCount"}', 'and all other rules are the same'
);
select is(tests.queue('ravi', 's', 'stranger'), '{"outcome": "session_not_found"}', 'a stranger queues nothing');
select is(
  tests.reserve('asha', 's', 'at once') ->> 'outcome', 'reserved', 'who does not ask to wait does not'
);

-- The same id again ---------------------------------------------------------------------------------------------------

select is(
  tests.queue('asha', 's', 'first', 2), jsonb_build_object(
    'outcome', 'queued', 'position', 1, 'estimatedStartAt', tests.moment('0'), 'balance', tests.balance('asha', 's')
  ), 'rule 6: I11: the same id while it waits has the same place'
);
select is(tests.states('s'), 'queued 6, running 1', 'rule 6: and holds nothing more');
select is(
  tests.reserve('asha', 's', 'first', 2), '{"outcome": "request_in_progress", "retryAfter": 2}',
  'rule 6: who cannot wait is told that it is in progress'
);
select is(
  tests.reserve('asha', 's', 'first', batch, prompt, options::jsonb), '{"outcome": "request_id_reused"}',
  'rule 6: I11: the id of a request that waits is refused with ' || what
)
from (values
  (1, 'a sunset', '{"respond_async": true}', 'another batch'), (2, 'a sunrise', '{"respond_async": true}', 'another prompt'),
  (2, 'a sunset', '{"respond_async": true, "seed": 1}', 'a seed'), (2, 'a sunrise', '{}', 'another prompt at once')
) as changed (batch, prompt, options, what);
select is(tests.claimed(tests.claim(1), 'first', 'too many'), 'first', 'the first picture is claimed');
select is(
  tests.queue('asha', 's', 'first', 2), '{"outcome": "request_in_progress", "retryAfter": 2}',
  'rule 6: once a part of it runs it waits no more'
);
select tests.complete('asha', 'first', 1);
select is(
  tests.queue('asha', 's', 'first', 2) - 'generations' - 'balance', '{"outcome": "completed", "failureCode": "engine_failed"}',
  'rule 6: and settled it is answered with its pictures'
);
select is(
  tests.reserve('asha', 's', 'first', 2) - 'balance', tests.queue('asha', 's', 'first', 2) - 'balance',
  'rule 6: whichever way one asks'
);

-- What a worker gets --------------------------------------------------------------------------------------------------

select tests.fail('asha', 'too many'), tests.fail('asha', 'at once');
select is(
  tests.claim(), '{"engines": {"passedOver": [], "budgeted": []}, "generations": [], "waitMs": null}',
  'where nothing waits nothing is claimed, and nothing is to be waited for'
);
select tests.reserve('asha', 's', 'work', 1, 'a rose', '{"respond_async": true, "width": 768, "seed": 7, "negative_prompt": "thorns"}');
select tests.at('30 seconds');
create temp table work as select tests.claim() as answer;
select is(
  (select answer #> '{generations,0}' from work),
  (
    select jsonb_build_object(
      'userId', tests.id('asha'), 'requestId', tests.id('work'), 'leaseId', lease_id, 'attempts', 1,
      'generation', jsonb_build_object(
        'id', id, 'status', 'running', 'storageKey', storage_key, 'seed', 7, 'prompt', 'a rose', 'negativePrompt', 'thorns',
        'width', 768, 'height', 512, 'steps', 30, 'cfgScale', 7.50, 'createdAt', tests.moment('0')
      )
    ) from public.image_generations where request_id = tests.id('work')
  ), 'a worker is told all that it needs to draw, store and settle'
);
select results_eq(
  $$
    select status, lease_id is not null, lease_expires_at, queue_turn, not_before, attempts::integer
    from public.image_generations where request_id = tests.id('work')
  $$,
  $$ values ('running', true, tests.moment('30 seconds') + private.lease(), 0::bigint, null::timestamptz, 1) $$,
  'and has it under a lease'
);
select is(tests.claim() -> 'generations', '[]', 'I7: what was claimed is not claimed again');
select is(
  tests.complete('asha', 'work', 1, tests.lease('work')) #>> '{balance,creditsRemaining}', '6', 'and costs its credit when it is drawn'
);

-- Places --------------------------------------------------------------------------------------------------------------

delete from auth.users where id = tests.id('asha');
select tests.at('0'), tests.customer('asha'), tests.session('a', 'asha', 'pro', 4), tests.session('r', 'ravi', 'pro', 4);
select is(
  (tests.queue('asha', 'a', 'a' || n) ->> 'position')::integer, n, 'places count up: ' || n
)
from generate_series(1, 6) as n;
select is((tests.status('asha', 'a6') ->> 'position')::integer, 6, 'and are told to who asks');
select tests.at('1 second');
select is((tests.queue('ravi', 'r', 'r1') ->> 'position')::integer, 2, 'who comes later waits behind one picture of each who came before');
select is((tests.status('asha', 'a1') ->> 'position')::integer, 1, 'which puts nobody back who was before him');
select is((tests.status('asha', 'a6') ->> 'position')::integer, 7, 'but somebody''s sixth');
select is(tests.claimed(tests.claim(1), 'a1'), 'a1', 'the first is claimed');
select is((tests.status('ravi', 'r1') ->> 'position')::integer, 1, 'and the next moves up');

-- When it is begun: four at a time, five seconds each until some were drawn, then at their pace.
select is(
  (tests.queue('asha', 'a', 'estimate', 2) ->> 'estimatedStartAt')::timestamptz, tests.moment('6 seconds'),
  'the seventh is begun when the first four are drawn'
);
select tests.complete('asha', 'a1');
select is(
  (tests.status('asha', 'estimate') ->> 'estimatedStartAt')::timestamptz, tests.moment('2.5 seconds'),
  'which takes as long as the newest pictures took'
);
select tests.cancel('asha', 'estimate');

-- Fair between customers ----------------------------------------------------------------------------------------------

delete from auth.users where id in (tests.id('asha'), tests.id('ravi'));
select tests.customer('asha'), tests.customer('ravi');
select tests.session('a' || n, 'asha', 'pro', 1) from generate_series(1, 3) as n;
select tests.at('0'), tests.session('r', 'ravi', 'pro', 1), tests.session('m', 'mina', 'pro', 1);
select tests.queue('asha', 'a' || 1 + n / 15, 'flood ' || n) from generate_series(0, 39) as n;
select tests.at('1 second');
select is((tests.queue('ravi', 'r', 'single') ->> 'position')::integer, 2, 'behind somebody''s forty one waits for one of them');
select is((tests.queue('ravi', 'r', 'second') ->> 'position')::integer, 4, 'and with a second picture for two');
select tests.at('2 seconds');
select is((tests.queue('mina', 'm', 'third') ->> 'position')::integer, 3, 'a third customer comes after the first of each');
select is(
  tests.claimed(tests.claim(7), variadic array(select 'flood ' || n from generate_series(0, 39) as n) || array['single', 'second', 'third']),
  'flood 0, single, third, flood 1, second, flood 2, flood 3', 'and so they are claimed'
);
select is(
  (tests.queue('mina', 'm', 'fourth') ->> 'position')::integer, 2, 'who comes when others are in their fifth round begins in that one'
);
select is(
  (tests.queue('asha', 'a3', 'forty-first') ->> 'position')::integer, 38, 'and who has many waiting waits behind all of them'
);

-- Three customers who come one after the other with many, few and one.
delete from auth.users where id in (tests.id('asha'), tests.id('ravi'), tests.id('mina'));
select tests.customer(name), tests.session(name, name, 'pro', 4) from unnest(array['asha', 'ravi', 'mina']) as name;
select tests.at('1 second'), tests.queue('asha', 'asha', 'a' || n) from generate_series(1, 4) as n;
select tests.at('2 seconds'), tests.queue('ravi', 'ravi', 'r' || n) from generate_series(1, 2) as n;
select tests.at('3 seconds'), tests.queue('mina', 'mina', 'm1');
select is(
  tests.waiting('a1', 'a2', 'a3', 'a4', 'r1', 'r2', 'm1'), 'a1, r1, m1, a2, r2, a3, a4', 'three customers take turns'
);
select is(
  (select string_agg(tests.claimed(tests.claim(2), 'a1', 'a2', 'a3', 'a4', 'r1', 'r2', 'm1'), '; ') from generate_series(1, 5)),
  'a1, r1; m1, a2; r2, a3; a4; none', 'however many are claimed at once'
);

-- Batches: each of their pictures is in a round of its own.
select tests.fail('asha', 'a' || n) from generate_series(1, 4) as n;
select tests.fail('ravi', 'r' || n), tests.fail('mina', 'm1') from generate_series(1, 2) as n;
select tests.at('0'), tests.queue('asha', 'asha', 'big', 4), tests.queue('asha', 'asha', 'bigger', 4);
select tests.at('1 second'), tests.queue('ravi', 'ravi', 'small', 2);
select is(
  tests.waiting('big', 'bigger', 'small'), 'big, small, big, small, big, big, bigger, bigger, bigger, bigger', 'batches take turns'
);
select is((tests.status('asha', 'bigger') ->> 'position')::integer, 7, 'and a batch has the place of its first picture that waits');
select tests.claim(1);
select is(
  (select batch_index::integer from public.image_generations where request_id = tests.id('big') and status = 'running'), 0,
  'of a batch the first picture is claimed first'
);
select is(tests.status('asha', 'big') ->> 'outcome', 'running', 'and then the batch is running');

-- A round is a round of those who wait: customers who came and went leave no debt.
select tests.cancel('asha', 'big'), tests.cancel('asha', 'bigger'), tests.cancel('ravi', 'small'), tests.fail('asha', 'big');
select tests.queue('asha', 'asha', 'new');
select is(
  (select queue_turn from public.image_generations where request_id = tests.id('new')), 0::bigint, 'in an empty queue everybody begins anew'
);
select tests.cancel('asha', 'new');

-- Not before its time -------------------------------------------------------------------------------------------------

select tests.at('0'), tests.queue('asha', 'asha', 'later'), tests.queue('ravi', 'ravi', 'now');
update public.image_generations set not_before = tests.moment('10 seconds') where request_id = tests.id('later');
select is(tests.claimed(tests.claim(), 'later', 'now'), 'now', 'what is not to be tried yet is passed over');
select is((tests.claim() ->> 'waitMs')::integer, 10000, 'and a worker told when to come back');
select tests.at('9.9995 seconds');
select is((tests.claim() ->> 'waitMs')::integer, 1, 'never too early');
select tests.at('10 seconds');
select is(tests.claimed(tests.claim(), 'later'), 'later', 'then it is claimed');
select tests.fail('asha', 'later'), tests.fail('ravi', 'now');

-- As many as are wanted, and as many as may be drawn at once ----------------------------------------------------------

select tests.at('0'), tests.queue('asha', 'asha', 'q' || n) from generate_series(1, 9) as n;
select is(
  jsonb_array_length(tests.claim(wanted) -> 'generations'), got, 'of nine that wait ' || got || ' are claimed where ' || wanted || ' are wanted'
)
from (values (0, 0), (-1, 0), (1, 1), (2, 2)) as claims (wanted, got);
select is(jsonb_array_length(tests.claim(4, running_max => 4) -> 'generations'), 1, 'while three are drawn and four may be, one is claimed');
select is(
  tests.claim(4, running_max => 4) -> 'generations', '[]', 'while four are drawn and four may be, none is'
);
select tests.reserve('ravi', 'ravi', 'waits for it');
select tests.complete('asha', 'q1');
select is(
  tests.claimed(tests.claim(4, running_max => 4), 'q5', 'q6'), 'q5', 'who waits for his answer takes none of the queue''s room'
);
select tests.at('60 seconds');
select is(
  tests.claimed(tests.claim(2, running_max => 4), 'q6', 'q7', 'q8', 'q9'), 'q6, q7', 'nor does anybody whose lease is over, noticed or not'
);
select tests.fail('asha', 'q' || n) from generate_series(1, 9) as n;

-- Only engines that are worth asking ----------------------------------------------------------------------------------

select tests.at(place * interval '1 second'), tests.queue(who, who, 'e' || place)
from unnest(array['asha', 'ravi', 'mina']) with ordinality as waiting (who, place);
select public.report_engine('huggingface:a', 'engine_unavailable', 90), public.report_engine('huggingface:b', 'engine_failed', 30);
select is(
  tests.claim(4, '{huggingface:a,huggingface:b}', '{huggingface,huggingface}'),
  jsonb_build_object(
    'engines', jsonb_build_object('passedOver', jsonb_build_array(
      jsonb_build_object('engine', 'huggingface:a', 'failureCode', 'engine_unavailable', 'retryAfter', 90),
      jsonb_build_object('engine', 'huggingface:b', 'failureCode', 'engine_failed', 'retryAfter', 30)
    ), 'budgeted', '[]'::jsonb),
    'generations', '[]'::jsonb, 'waitMs', 30000
  ), 'while every engine is passed over nothing is claimed, and a worker told when the first is back'
);
select is(tests.claim(4, '{}', '{}') -> 'generations', '[]', 'nor is anything claimed by who has no engine');
select is(
  tests.claimed(tests.claim(1, '{huggingface:a,huggingface:c}', '{huggingface,huggingface}'), 'e1', 'e2', 'e3'), 'e1',
  'while one of two is passed over the other draws'
);
select is(
  tests.claim(0, '{huggingface:a,huggingface:c}', '{huggingface,huggingface}') #>> '{engines,passedOver,0,engine}', 'huggingface:a',
  'and the worker knows which'
);
select public.report_engine('huggingface', 'engine_misconfigured', 600);
select is(
  (tests.claim(4, '{huggingface:c,huggingface:b}', '{huggingface,huggingface}') ->> 'waitMs')::integer, 600000,
  'while an account is passed over so are all its engines'
);
select is(
  tests.claimed(tests.claim(1, '{huggingface:c,easel:sketch}', '{huggingface,easel}'), 'e1', 'e2', 'e3'), 'e2', 'and those of others are not'
);
select tests.at('10 minutes 3 seconds');
select is(
  tests.claimed(tests.claim(1, '{huggingface:c}', '{huggingface}'), 'e1', 'e2', 'e3'), 'e3', 'until it is back'
);
select tests.cancel('asha', 'e1'), tests.fail('asha', 'e1'), tests.fail('ravi', 'e2'), tests.fail('mina', 'e3');

-- Only under budget ---------------------------------------------------------------------------------------------------

delete from private.engine_standing;
insert into private.engine_budget (account, turns_per_hour, gap) values ('huggingface', 2, '2 seconds');
select tests.at('0'), tests.queue('asha', 'asha', 'b' || n) from generate_series(1, 6) as n;
select is(
  (tests.claim(4, '{huggingface:a}', '{huggingface}') - 'generations'),
  '{"engines": {"passedOver": [], "budgeted": ["huggingface"]}, "waitMs": null}', 'an account with a turn left'
);
select is(
  (
    select count(*)::integer from public.image_generations
    where request_id in (select tests.id('b' || n) from generate_series(1, 6) as n) and status = 'running'
  ), 1, 'has one picture claimed for it, whoever wants four'
);
select is(public.take_engine_turn('huggingface', true), '{"granted": true}', 'which takes the turn');
select is(
  tests.claim(4, '{huggingface:a}', '{huggingface}') - 'engines', '{"generations": [], "waitMs": 2000}',
  'an account whose next turn is in two seconds has none, and the worker is told'
);
select tests.at('2 seconds');
select is(jsonb_array_length(tests.claim(4, '{huggingface:a}', '{huggingface}') -> 'generations'), 1, 'then it has the next');
select public.take_engine_turn('huggingface', true);
select tests.at('4 seconds');
select is(
  tests.claim(4, '{huggingface:a}', '{huggingface}') - 'engines', '{"generations": [], "waitMs": 3596000}',
  'an account whose hour is used up has none until the first turn is an hour old'
);
select is(
  jsonb_array_length(tests.claim(2, '{huggingface:a,easel:sketch}', '{huggingface,easel}') -> 'generations'), 2,
  'where another engine has no budget as many are claimed as are wanted'
);
select public.report_engine('easel:sketch', 'engine_failed', 10);
select is(
  tests.claim(4, '{huggingface:a,easel:sketch}', '{huggingface,easel}') ->> 'waitMs', '10000',
  'unless that one is passed over: then the first that is back or has a turn is waited for'
);
select is(
  (select attempts::integer from public.image_generations where request_id = tests.id('b6')), 0, 'and nothing is claimed'
);
select is(
  jsonb_array_length(tests.claim(4, '{easel:other}', '{easel}') -> 'generations'), 2, 'whoever has another engine takes the rest'
);
select tests.fail('asha', 'b' || n) from generate_series(1, 6) as n;

-- A queue that is too long --------------------------------------------------------------------------------------------

delete from private.engine_turn;
delete from private.engine_standing;
update private.engine_budget set turns_per_hour = 1;
select tests.at('0'), tests.session('long', 'ravi', 'flash', 1);
create function tests.queue_at_hugging_face(customer text, session text, request text, batch integer default 1) returns jsonb
language sql volatile
return tests.queue(customer, session, request, batch, '{"engines": "{huggingface:a}", "accounts": "{huggingface}"}');
select is(
  tests.queue_at_hugging_face('asha', 'asha', 'now', 2) ->> 'estimatedStartAt', to_jsonb(tests.moment('0')) #>> '{}',
  'with a turn an hour the first picture is begun now'
);
select is(
  tests.status('asha', 'now', '{huggingface}') ->> 'position', '1', 'the second in an hour, which is as long as one may wait'
);
create temp table refused as select tests.queue_at_hugging_face('asha', 'asha', 'refused') as answer;
select is(
  (select answer - 'balance' from refused), '{"outcome": "rate_limited", "retryAfter": 7200}',
  'the third in two, which is too long: it is refused, and told how long'
);
select is(
  (select answer #>> '{balance,creditsRemaining}' from refused), tests.credits('asha', 'asha')::text, 'and holds no credit'
);
select is_empty($$ select from public.image_generations where request_id = tests.id('refused') $$, 'nor leaves a row');
select is(
  tests.queue_at_hugging_face('ravi', 'long', 'in between') ->> 'outcome', 'queued',
  'who has none waiting comes before the second of the other, and is not refused'
);
select is(
  tests.queue_at_hugging_face('mina', 'mina', 'refused too') ->> 'outcome', 'rate_limited', 'but the next one is'
);
select is(
  (select status from public.user_sessions where id = tests.id('mina')), 'ready', 'rule 1: whose clock it does not start'
);
select is(
  tests.reserve('mina', 'mina', 'at once') ->> 'outcome', 'reserved', 'who does not wait is not told to'
);
select tests.at('7200 seconds');
select is(
  tests.queue_at_hugging_face('asha', 'asha', 'refused') ->> 'outcome', 'queued', 'after the time that one was told it is taken'
);

select * from finish();
rollback;
