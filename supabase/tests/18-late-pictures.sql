/*
 * Pictures that come after their hold has ended. The hold is free and stays free; the picture, since it is there, is the
 * customer's: once, on its own row, and never on a row that was given up or taken back.
 */
begin;
\ir fixtures.psql
select plan(41);

select tests.at('0'), tests.customer('asha'), tests.customer('ravi');

-- Given for nothing ---------------------------------------------------------------------------------------------------

select tests.session('s', 'asha', 'flash-lite', 1), tests.reserve('asha', 's', 'kept'), tests.complete('asha', 'kept');
select tests.reserve('asha', 's', 'late', 2);
select tests.at('60 seconds'), public.expire_generations();
select is(tests.states('s') || ', ' || tests.credits('asha', 's'), 'completed 1, expired 2, 2', 'a hold has ended, and is free');
select tests.at('61 seconds');
create temp table answer as select tests.complete('asha', 'late') as given;
select is(
  (select given - 'generations' - 'balance' from answer), '{"outcome": "expired", "failureCode": null}',
  'its pictures come after all: what they were asked for is still expired'
);
select is(
  (select jsonb_agg(picture ->> 'url') from answer, jsonb_array_elements(given -> 'generations') as picture),
  (select jsonb_agg('https://hub.example/' || storage_key || '.png' order by batch_index) from public.image_generations
    where request_id = tests.id('late')),
  'but here they are'
);
select is((select given #>> '{balance,creditsRemaining}' from answer), '2', 'and cost nothing');
select is(tests.states('s'), 'completed 1, expired 2', 'I6: their rows stay expired');
select is((select images_generated from public.user_sessions where id = tests.id('s')), 1, 'I10: and are not counted');
select results_eq(
  $$ select distinct settled_at, lease_expires_at, lease_id, generation_time_ms from public.image_generations where request_id = tests.id('late') $$,
  $$ values (tests.moment('60 seconds'), null::timestamptz, null::uuid, 1500) $$, 'nor is the moment moved at which their hold ended'
);
select is(
  tests.reserve('asha', 's', 'two more', 2) ->> 'outcome', 'reserved', 'the credits that they did not cost buy two more'
);
select tests.complete('asha', 'two more');
select is(tests.credits('asha', 's'), 0, 'I9: and no third');
select is(
  tests.reserve('asha', 's', 'late', 2) ->> 'outcome', 'expired', 'who asks again under the same id'
);
select is(
  tests.reserve('asha', 's', 'late', 2) -> 'generations', (select given -> 'generations' from answer), 'gets the pictures'
);
select is(
  tests.status('asha', 'late') - 'generations' - 'balance',
  '{"outcome": "expired", "failureCode": null, "cancelling": false, "position": null, "estimatedStartAt": null, "waitingFor": null, "notBefore": null}',
  'who asks where it stands is told the same'
);
select is(tests.status('asha', 'late') -> 'generations', (select given -> 'generations' from answer), 'and gets them too');
select tests.as_customer('asha');
select is(
  (select count(*)::integer from public.image_generations where status = 'expired' and image_url is not null), 2,
  'and they are among the pictures that the customer sees'
);
select tests.as_owner();

-- Once ----------------------------------------------------------------------------------------------------------------

select is(tests.complete('asha', 'late') -> 'generations', (select given -> 'generations' from answer), 'sent again, they are the same');
select is((select images_generated from public.user_sessions where id = tests.id('s')), 3, 'I10: and still not counted');
select is(
  (
    select public.complete_generation(tests.id('asha'), tests.id('late'), replace(replace(
      tests.pictures('asha', 'late')::text, '.png', '.jpg'), 'sketch', 'other')::jsonb) -> 'generations'
  ), (select given -> 'generations' from answer), 'a picture once recorded is not replaced by another'
);
select throws_ok(
  $$
    update public.image_generations set object_name = replace(object_name, '.png', '.jpg')
    where request_id = tests.id('late') and batch_index = 0
  $$,
  '23000', null, 'nor does the owner of the table put another in its place'
);
select throws_ok(
  $$
    update public.image_generations set object_name = null, image_url = null, model_used = null
    where request_id = tests.id('late') and batch_index = 0
  $$,
  '23000', null, 'nor takes it away'
);
select lives_ok(
  $$ update public.image_generations set image_url = 'https://hub.example/moved.png' where request_id = tests.id('late') and batch_index = 0 $$,
  'though it may get another address'
);
select throws_ok(
  $$ update public.image_generations set status = 'completed' where request_id = tests.id('late') $$, '23000', null,
  'I6: and it never becomes one that was paid for'
);
select is(tests.fail('asha', 'late') ->> 'outcome', 'expired', 'I6: nor a failure');

-- In part, and as it is -----------------------------------------------------------------------------------------------

select tests.session('partly', 'asha', 'flash', 1), tests.reserve('asha', 'partly', 'one of two', 2);
select tests.at('10 minutes');
select is(
  (
    select public.complete_generation(tests.id('asha'), tests.id('one of two'), jsonb_set(jsonb_set(
      tests.pictures('asha', 'one of two', 1), '{0,width}', '4096'), '{0,height}', '1'))
  ) - 'generations' - 'balance', '{"outcome": "expired", "failureCode": null}', 'of two one comes too late, and the other never'
);
select results_eq(
  $$
    select status, object_name is not null, width, height, failure_code from public.image_generations
    where request_id = tests.id('one of two') order by batch_index
  $$,
  $$ values ('expired', true, 4096, 1, null::text), ('expired', false, 512, 512, null) $$,
  'the one is recorded with the size that it has, the other is what it was'
);
select is(
  tests.complete('asha', 'one of two', 2) #>> '{generations,1,url}' is not null, true, 'and is given when it comes as well'
);
select tests.reserve('asha', 'partly', 'broken');
select tests.at('20 minutes');
select throws_ok(
  format('select public.complete_generation(tests.id(%L), tests.id(%L), tests.pictures(%1$L, %2$L) #- %L)', 'asha', 'broken', path),
  '23514', 'new row for relation "image_generations" violates check constraint "image_generations_picture_check"',
  'a present without ' || what || ' is none'
)
from (values ('{0,objectName}', 'a name'), ('{0,imageUrl}', 'an address'), ('{0,model}', 'a model')) as broken (path, what);

-- Not on a row that was given up or taken back ------------------------------------------------------------------------

select tests.session('gone', 'asha', 'pro', 1), tests.reserve('asha', 'gone', 'failed'), tests.fail('asha', 'failed', 'engine_timeout');
select tests.queue('asha', 'gone', 'taken back'), tests.cancel('asha', 'taken back');
select tests.reserve('asha', 'gone', 'part given up', 2), tests.complete('asha', 'part given up', 1);
select tests.at('1 hour');
select is(
  tests.complete('asha', request) #>> array['generations', place, 'url'], null, 'no picture is given for what was ' || what
)
from (values
  ('failed', '0', 'given up'), ('taken back', '0', 'taken back'), ('part given up', '1', 'given up of a batch')
) as gone (request, place, what);
select is(tests.states('gone'), 'completed 1, failed 3', 'I6: whose rows stay failed');

-- Nor on anybody else's -----------------------------------------------------------------------------------------------

select tests.at('0'), tests.session('his', 'ravi', 'flash', 1), tests.session('hers', 'asha', 'flash', 1);
select tests.reserve('ravi', 'his', 'same id'), tests.reserve('asha', 'hers', 'same id'), tests.reserve('asha', 'hers', 'another');
select tests.at('60 seconds'), public.expire_generations();
select is(
  (
    select public.complete_generation(
      tests.id('asha'), tests.id('same id'), tests.pictures('ravi', 'same id') || tests.pictures('asha', 'another')
    ) #>> '{generations,0,url}'
  ), null, 'a picture of another customer''s row, or of another request'
);
select is(
  (select count(*)::integer from public.image_generations
    where session_id in (tests.id('his'), tests.id('hers')) and object_name is not null),
  0, 'is given to nobody'
);
select throws_ok(
  $$
    select public.complete_generation(tests.id('asha'), tests.id('same id'), jsonb_set(
      tests.pictures('asha', 'same id'), '{0,objectName}', (tests.pictures('ravi', 'same id') #> '{0,objectName}')))
  $$,
  '23514', 'new row for relation "image_generations" violates check constraint "image_generations_object_name_check"',
  'nor an object of another customer'
);

-- And the clock -------------------------------------------------------------------------------------------------------

select tests.at('0'), tests.session('dead start', 'asha', 'flash-lite', 1), tests.reserve('asha', 'dead start', 'first');
select tests.at('5 minutes'), tests.complete('asha', 'first');
select results_eq(
  $$ select status, started_at from public.user_sessions where id = tests.id('dead start') $$,
  $$ values ('ready', null::timestamptz) $$, 'rule 1: a first picture that came too late has started no clock'
);
select is(tests.credits('asha', 'dead start'), 3, 'rule 1: so the session is whole, and the picture a present');
select tests.at('0'), tests.session('over', 'asha', 'flash', 1), tests.start('asha', 'over'), tests.at('59 minutes 30 seconds');
select tests.reserve('asha', 'over', 'last');
select tests.at('3 hours');
select is(
  tests.complete('asha', 'last') #>> '{generations,0,url}' is not null, true, 'it is given though the session is over'
);
select is(
  tests.balance('asha', 'over') ->> 'status', 'ended', 'which it does not bring back'
);

-- What expired in the queue was never drawn; if somebody drew it all the same, it is a present too ---------------------

select tests.at('0'), tests.session('waited', 'asha', 'flash', 1), tests.queue('asha', 'waited', 'too long');
select tests.at('1 hour'), public.expire_generations();
select is(
  tests.complete('asha', 'too long') #>> '{generations,0,url}' is not null, true, 'a picture that waited too long and comes after all is given'
);
select is(
  (select images_generated from public.user_sessions where id = tests.id('waited')), 0, 'I10: and is not counted'
);

select * from finish();
rollback;
