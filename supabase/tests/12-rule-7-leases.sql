/*
 * Rule of credit 7 and invariant I12: a worker that dies leaves a hold; it is released when its lease runs out, by the
 * sweeper or by whoever comes next, never early, and what arrives after that is given and not charged. Renewing is in
 * 17-leases.sql, what else may come too late in 18-late-pictures.sql.
 */
begin;
\ir fixtures.psql
select plan(40);

select tests.at('0'), tests.customer('asha'), tests.customer('ravi');

-- Rule 7: the next request releases -----------------------------------------------------------------------------------

select tests.session('lazy', 'asha', 'flash-lite', 1);
select tests.reserve('asha', 'lazy', 'kept'), tests.complete('asha', 'kept');
select tests.reserve('asha', 'lazy', 'dead one'), tests.reserve('asha', 'lazy', 'dead two');
select tests.at('59.999999 seconds');
select is(
  tests.reserve('asha', 'lazy', 'too soon') ->> 'outcome', 'credits_exhausted',
  'rule 7: a microsecond before its end a lease still holds'
);
select is(tests.states('lazy'), 'completed 1, running 2', 'rule 7: and nothing has been released');
select tests.at('60 seconds');
select is(tests.credits('asha', 'lazy'), 2, 'rule 7: when the lease has run out the balance shows the credit at once');
select is(
  tests.reserve('asha', 'lazy', 'next') #>> '{balance,creditsRemaining}', '1',
  'rule 7: and the next request gets it, without any sweeper'
);
select is(tests.states('lazy'), 'completed 1, expired 2, running 1', 'rule 7: which records what has lapsed');
select results_eq(
  $$
    select lease_expires_at, settled_at, failure_code from public.image_generations
    where request_id = tests.id('dead one')
  $$,
  $$ values (null::timestamptz, tests.moment('60 seconds'), null::text) $$,
  'rule 7: I12: with the time at which it was recorded'
);

-- What one transaction repaired is kept even where it refuses.
select tests.at('120 seconds');
select is(
  tests.reserve('asha', 'lazy', 'too many', 4) ->> 'outcome', 'not_in_plan', 'rule 7: a request that is refused'
);
select is(tests.states('lazy'), 'completed 1, expired 3', 'rule 7: has yet released what had lapsed');

-- Rule 7: a completion that comes too late is not charged -------------------------------------------------------------

select tests.at('0'), tests.session('late', 'asha', 'flash', 2), tests.reserve('asha', 'late', 'early');
select tests.reserve('asha', 'late', 'in time'), tests.reserve('asha', 'late', 'too late', 2), tests.complete('asha', 'early');
select tests.at('59.999999 seconds');
select is(
  tests.complete('asha', 'in time') ->> 'outcome', 'completed',
  'rule 7: I12: a picture that arrives a microsecond before the end of its lease is posted'
);
select tests.at('60 seconds');
select is(
  tests.complete('asha', 'too late') ->> 'outcome', 'expired',
  'rule 7: I12: one that arrives at its end is too late, though no sweeper came by'
);
select is(tests.credits('asha', 'late'), 6, 'rule 7: and not charged');
select is(
  (select images_generated from public.user_sessions where id = tests.id('late')), 2, 'rule 7: I10: nor counted'
);
select results_eq(
  $$
    select status, image_url is not null, object_name is not null, model_used, generation_time_ms, settled_at
    from public.image_generations where request_id = tests.id('too late') order by batch_index
  $$,
  $$ values
    ('expired', true, true, 'sketch', 1500, tests.moment('60 seconds')),
    ('expired', true, true, 'sketch', 1500, tests.moment('60 seconds'))
  $$,
  'rule 7: but recorded all the same: it is the customer''s, free of charge'
);
select is(
  (
    select jsonb_agg(picture -> 'url' = to_jsonb(image_url))
    from jsonb_array_elements(tests.complete('asha', 'too late') -> 'generations') as picture
    join public.image_generations on id = (picture ->> 'id')::uuid
  ), '[true, true]', 'rule 7: and the answer says where it lies'
);
select is(
  tests.complete('asha', 'too late') ->> 'outcome', 'expired', 'rule 7: I6: however often it is sent'
);
select is(
  tests.fail('asha', 'too late') ->> 'outcome', 'expired', 'rule 7: I6: nor does it become a failure'
);
select is(tests.credits('asha', 'late'), 6, 'rule 7: I7: nor is its credit released twice');

-- Rule 7: the sweeper -------------------------------------------------------------------------------------------------

select tests.at('0'), tests.session('swept', 'asha', 'flash', 1), tests.session('also swept', 'ravi', 'flash', 1);
select tests.reserve('asha', 'swept', 's1', 2), tests.reserve('ravi', 'also swept', 's2');
select tests.at('1 second'), tests.reserve('asha', 'swept', 's3');
select tests.at('59.999999 seconds');
select is(public.expire_generations(), 0, 'rule 7: I12: the sweeper is never early');
select tests.at('60 seconds');
select is(public.expire_generations(), 3, 'rule 7: the sweeper releases what has lapsed, of every customer');
select is(tests.states('swept'), 'expired 2, running 1', 'rule 7: and leaves what has not');
select is(public.expire_generations(), 0, 'rule 7: I7: what was released once is not released again');
select tests.at('61 seconds');
select is(public.expire_generations(), 1, 'rule 7: until the next has lapsed');
select is(
  (select min(settled_at) from public.image_generations where request_id = tests.id('s3')), tests.moment('61 seconds'),
  'rule 7: recorded with the time of the sweep'
);
-- At most so many sessions a call, the oldest first.
select tests.at('0'), tests.session('bound ' || n, 'asha', 'flash', 1) from generate_series(1, 3) as n;
select tests.at(n * interval '1 second'), tests.reserve('asha', 'bound ' || n, 'b' || n) from generate_series(1, 3) as n;
select tests.at('10 minutes');
select is(public.expire_generations(2), 2, 'rule 7: the sweeper takes at most so many sessions a call');
select is(
  tests.states('bound 1') || ', ' || tests.states('bound 2') || ', ' || tests.states('bound 3'), 'expired 1, expired 1, running 1',
  'rule 7: those that have waited longest'
);
select is(public.expire_generations(0), 0, 'rule 7: and none when told none');
select is(public.expire_generations(), 1, 'rule 7: the rest the next time');

-- Rule 7: a dead first picture stops the clock that it started --------------------------------------------------------

select tests.at('0'), tests.session('dead start', 'asha', 'flash-lite', 1);
select tests.reserve('asha', 'dead start', 'never came');
select tests.at('60 seconds');
select is(
  tests.balance('asha', 'dead start') - 'planId' - 'creditsPerHour',
  '{"status": "ready", "creditsRemaining": 3, "creditsHeld": 0, "resetsAt": null, "expiresAt": null}',
  'rule 7: the balance shows a session whose first picture died as ready, though nobody has come by'
);
select tests.at('2 hours');
select is(tests.credits('asha', 'dead start'), 3, 'rule 7: and hours later it is whole');
select is(
  tests.reserve('asha', 'dead start', 'second try') ->> 'outcome', 'reserved', 'rule 7: the next request starts it anew'
);
select is(
  (select expires_at from public.user_sessions where id = tests.id('dead start')), tests.moment('3 hours'), 'rule 7: with its full hour ahead'
);
select tests.at('0'), tests.session('swept start', 'asha', 'flash-lite', 1);
select tests.reserve('asha', 'swept start', 'never came either');
select tests.at('60 seconds'), public.expire_generations();
select results_eq(
  $$ select status, started_at from public.user_sessions where id = tests.id('swept start') $$,
  $$ values ('ready', null::timestamptz) $$, 'rule 7: the sweeper stops that clock as well'
);
select tests.at('0'), tests.session('two first', 'asha', 'flash-lite', 1);
select tests.reserve('asha', 'two first', 'f1'), tests.at('30 seconds'), tests.reserve('asha', 'two first', 'f2');
select tests.at('60 seconds'), public.expire_generations();
select is(
  (select started_at from public.user_sessions where id = tests.id('two first')), tests.moment('0'),
  'rule 7: but not while another picture of the session is on its way'
);
select is(
  tests.complete('asha', 'f2') ->> 'outcome', 'completed', 'rule 7: whose arrival'
);
select is(
  (select started_at from public.user_sessions where id = tests.id('two first')), tests.moment('0'), 'rule 7: earns the clock'
);

-- Rule 7: a lease is as long as a worker may be silent ----------------------------------------------------------------

select tests.at('0'), tests.session('alive', 'asha', 'flash', 1), tests.reserve('asha', 'alive', 'slow');
select is(
  (
    select bool_and((tests.at(n * interval '59 seconds') is not null) and (tests.renew(tests.lease('slow')) ->> 'held')::boolean)
    from generate_series(1, 5) as n
  ), true, 'rule 7: no live worker loses its hold, though it draws for five minutes'
);
select is(
  tests.complete('asha', 'slow') #>> '{balance,creditsRemaining}', '7', 'rule 7: and its picture is posted'
);
select ok(
  private.lease() >= interval '30 seconds',
  'rule 7: a worker that is heard of every few seconds may miss some of them'
);
select ok(private.lease() <= interval '2 minutes', 'rule 7: and no dead one keeps a hold for long');
select ok(
  private.queue_patience() between 10 * private.lease() and interval '1 hour',
  'rule 7: what waits in the queue waits far longer, and not beyond an hour'
);

select * from finish();
rollback;
