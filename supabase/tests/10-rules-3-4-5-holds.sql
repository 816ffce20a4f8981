/*
 * Rules of credit 3, 4 and 5: what a picture costs, how its credit is held, posted or released, and that the rows of the
 * pictures are the only count there is.
 */
begin;
\ir fixtures.psql
select plan(51);

select tests.at('0'), tests.customer('asha');

-- Rule 3: a picture costs one credit, a batch of n costs n ------------------------------------------------------------

select tests.session('cost', 'asha', 'pro', 1);
select is(
  (tests.reserve('asha', 'cost', 'batch of ' || n, n) #>> '{balance,creditsRemaining}')::integer, left_over,
  'rule 3: a batch of ' || n || ' costs ' || n
)
from (values (1, 14), (2, 12), (3, 9), (4, 5)) as batch (n, left_over);
select is(
  (select count(*)::integer from public.image_generations where session_id = tests.id('cost')), 10,
  'rule 3: and takes as many rows'
);
select results_eq(
  $$
    select batch_index::integer, batch_count::integer, hour_index::integer, status
    from public.image_generations where request_id = tests.id('batch of 4') order by batch_index
  $$,
  $$ values (0, 4, 0, 'running'), (1, 4, 0, 'running'), (2, 4, 0, 'running'), (3, 4, 0, 'running') $$,
  'rule 3: one for each place of the batch'
);
select is(
  (tests.complete('asha', 'batch of 4') #>> '{balance,creditsRemaining}')::integer, 5,
  'rule 3: posting it costs nothing more'
);
select is(
  tests.reserve('asha', 'cost', 'batch of ' || n, n),
  '{"outcome": "invalid_request", "field": "batchCount"}', 'rule 3: there is no batch of ' || coalesce(n::text, 'no number')
)
from unnest(array[0, -1, 5, 2147483647, null]) as n;
select is(tests.credits('asha', 'cost'), 5, 'rule 3: and asking for one costs nothing');

select tests.session('three', 'asha', 'flash-lite', 2);
select is(
  tests.reserve('asha', 'three', 'four', 4) ->> 'outcome', 'not_in_plan',
  'rule 3: four at once are beyond a plan of three'
);
select tests.reserve('asha', 'three', 'one');
select is(
  tests.reserve('asha', 'three', 'three more', 3) ->> 'outcome', 'credits_exhausted',
  'rule 3: three at once are not served with two credits left'
);
select is(
  tests.states('three') || ', ' || tests.credits('asha', 'three'), 'running 1, 2',
  'rule 3: not even in part, nor is anything taken'
);
select is(
  tests.reserve('asha', 'three', 'two more', 2) ->> 'outcome', 'reserved', 'rule 3: two at once are'
);

-- Rule 4: held before the engine is called, posted when stored, released when anything fails --------------------------

select tests.session('holds', 'asha', 'flash-lite', 2);
select is(
  (tests.reserve('asha', 'holds', 'held', 2) -> 'balance') - 'expiresAt' - 'resetsAt',
  '{"planId": "flash-lite", "status": "active", "creditsPerHour": 3, "creditsRemaining": 1, "creditsHeld": 2}',
  'rule 4: a hold counts at once, before any picture is made'
);
select results_eq(
  $$ select images_generated from public.user_sessions where id = tests.id('holds') $$, array[0],
  'rule 4: but it is no picture yet'
);
select is(
  (tests.complete('asha', 'held') -> 'balance') - 'expiresAt' - 'resetsAt',
  '{"planId": "flash-lite", "status": "active", "creditsPerHour": 3, "creditsRemaining": 1, "creditsHeld": 0}',
  'rule 4: what is stored is posted, and nothing is held any more'
);
select results_eq(
  $$
    select status, object_name = user_id || '/' || storage_key || '.png', image_url is not null, model_used,
      generation_time_ms, lease_expires_at, failure_code
    from public.image_generations where request_id = tests.id('held') and batch_index = 0
  $$,
  $$ values ('completed', true, true, 'sketch', 1500, null::timestamptz, null::text) $$,
  'rule 4: the row says where the picture lies and how it was made'
);
select tests.reserve('asha', 'holds', 'lost');
select is(
  tests.reserve('asha', 'holds', 'one too many') ->> 'outcome', 'credits_exhausted',
  'rule 4: the last credit is held, so no other gets it'
);
select is(
  tests.fail('asha', 'lost', 'prompt_refused') ->> 'failureCode', 'prompt_refused', 'rule 4: what fails says why'
);
select is(tests.credits('asha', 'holds'), 1, 'rule 4: and its credit is free again');
select is(
  tests.reserve('asha', 'holds', 'another') ->> 'outcome', 'reserved', 'rule 4: for whatever is asked next'
);
-- A batch partly made returns the rest.
select tests.session('partly', 'asha', 'flash', 1), tests.reserve('asha', 'partly', 'four', 4);
select is(
  tests.complete('asha', 'four', 3) ->> 'outcome', 'completed',
  'rule 4: a batch of four of which three were made is a success'
);
select is(tests.states('partly'), 'completed 3, failed 1', 'rule 4: I8: three are posted and one is released');
select is(tests.credits('asha', 'partly'), 5, 'rule 4: I8: so it cost three');
select is(
  (select failure_code from public.image_generations where request_id = tests.id('four') and status = 'failed'),
  'engine_failed', 'rule 4: and the fourth says why it is not there'
);
select tests.session('none', 'asha', 'flash', 1), tests.reserve('asha', 'none', 'empty batch', 2);
select is(
  tests.complete('asha', 'empty batch', 0) ->> 'outcome', 'failed',
  'rule 4: a batch of which none was made is a failure'
);
select is(tests.credits('asha', 'none'), 8, 'rule 4: which costs nothing');
-- A hold belongs to the hour in which it was taken, even if the picture arrives in the next.
select tests.session('turn', 'asha', 'flash-lite', 2), tests.reserve('asha', 'turn', 'first'), tests.complete('asha', 'first');
select tests.at('59 minutes'), tests.reserve('asha', 'turn', 'late one'), tests.reserve('asha', 'turn', 'late two');
select tests.at('1 hour');
select is(tests.credits('asha', 'turn'), 3, 'rule 4: holds of the first hour take nothing from the second');
select is(
  tests.balance('asha', 'turn') ->> 'creditsHeld', '0', 'rule 4: nor are they shown in it'
);
select is(
  tests.complete('asha', 'late one') #>> '{balance,creditsRemaining}', '3',
  'rule 4: a picture that arrives in the second hour was paid in the first'
);
select is(
  tests.fail('asha', 'late two') #>> '{balance,creditsRemaining}', '3',
  'rule 4: and one that fails in it gives that hour nothing more'
);
select results_eq(
  $$ select distinct hour_index::integer from public.image_generations where session_id = tests.id('turn') $$, array[0],
  'rule 4: all of them belong to the hour in which they were asked for'
);
-- Refusals take no hold.
select is(
  tests.reserve('asha', 'turn', 'beyond', 4) ->> 'outcome', 'not_in_plan', 'rule 4: what is refused'
);
select is_empty(
  $$ select from public.image_generations where request_id = tests.id('beyond') $$, 'rule 4: leaves no row'
);

-- Rule 5: the rows are the count --------------------------------------------------------------------------------------

select tests.at('0'), tests.session('count', 'asha', 'flash', 1);
select tests.reserve('asha', 'count', 'c' || n) from generate_series(1, 8) as n;
select is(
  tests.reserve('asha', 'count', 'c9') ->> 'outcome', 'credits_exhausted',
  'rule 5: I9: eight running rows are an hour of eight'
);
select is(
  (tests.fail('asha', 'c1') #>> '{balance,creditsRemaining}')::integer, 1, 'rule 5: a failed row does not count'
);
select tests.complete('asha', 'c2'), tests.complete('asha', 'c3');
select is(tests.credits('asha', 'count'), 1, 'rule 5: a completed row counts as it did while it ran');
select tests.at('60 seconds');
select is(tests.credits('asha', 'count'), 6, 'rule 5: rows whose lease has run out do not count');
select is(tests.states('count'), 'completed 2, failed 1, running 5', 'rule 5: even while nobody has come by to say so');
select tests.queue('asha', 'count', 'c10');
select is(tests.states('count'), 'completed 2, expired 5, failed 1, queued 1', 'rule 5: the next request says so');
select is(
  tests.balance('asha', 'count') ->> 'creditsHeld', '1', 'rule 5: expired rows do not count either, and what waits is held'
);
select is(tests.credits('asha', 'count'), 5, 'rule 5: I9: a queued row counts like a running one');
select is(
  tests.complete('asha', 'c10') ->> 'outcome', 'completed', 'rule 5: and can be completed'
);
select is(
  (select images_generated from public.user_sessions where id = tests.id('count')), 3,
  'rule 5: I10: images_generated is what was completed, no more'
);
select is_empty(
  $$
    select session.id from public.user_sessions as session
    where session.images_generated <> (
      select count(*) from public.image_generations as picture
      where picture.session_id = session.id and picture.status = 'completed'
    )
  $$,
  'rule 5: I10: and so it is for every session there is'
);
update public.user_sessions set images_generated = 0 where id = tests.id('count');
select is(
  tests.credits('asha', 'count'), 5, 'rule 5: the counter kept for the original''s readers decides nothing'
);
select is(
  (select count(*)::integer from pg_attribute
    where attrelid in ('public.user_sessions'::regclass, 'public.session_config'::regclass)
      and attname ~ '(remaining|left|balance|credits_used|credits_held)' and not attisdropped),
  0, 'rule 5: no column keeps a second count'
);

select * from finish();
rollback;
