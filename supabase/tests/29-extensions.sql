/*
 * Hours that are added to a session while it runs: how much longer it is, when they become a session of their own, and
 * that nothing of it is given twice. And starting a session by its owner.
 */
begin;
\ir fixtures.psql
\ir purchases.psql
select plan(45);

-- A session of a customer of his own, bought and started at the moment zero.
create function tests.running(nickname text, hours integer default 1, plan text default 'flash-lite') returns text
language plpgsql volatile
as $$
begin
  perform tests.at('0'), tests.customer(nickname), tests.paid(nickname, nickname, plan, hours);
  update public.purchase set session_id = null where request_id = tests.id(nickname);
  update public.user_sessions set id = tests.id(nickname) where user_id = tests.id(nickname);
  return tests.start(nickname, nickname) ->> 'outcome';
end
$$;

create function tests.hours(nickname text) returns text
language sql stable
return (
  select format('%s h to %s for %s, %s', hours_purchased, expires_at - tests.moment('0'), price_paid, status)
  from public.user_sessions where id = tests.id(nickname)
);

-- Longer ----------------------------------------------------------------------------------------------------------------

select tests.running('a', 2);
select tests.at('30 minutes'), tests.ordered('a', 'a+', 'flash-lite', 3, 'a');
select is(tests.hours('a'), '2 h to 02:00:00 for 100.00, active', 'hours that are ordered add nothing');
select is(
  tests.pay('a+') -> 'purchase' @> jsonb_build_object('status', 'paid', 'kind', 'extension', 'sessionId', tests.id('a')), true,
  'hours that are paid are added to the session'
);
select is(tests.hours('a'), '5 h to 05:00:00 for 250.00, active', 'at its end, with their price');
select is(tests.session_count('a'), 1, 'and are no session of their own');
select is(tests.story('a+'), 'customer opened, hub ordered, confirm payment_captured, confirm extended', 'which is on file');
select is(array[tests.pay('a+') ->> 'outcome', tests.event('order.paid', 'a+')], array['paid', 'paid'], 'told again');
select is(tests.hours('a'), '5 h to 05:00:00 for 250.00, active', 'they are added once');
select is(tests.balance('a', 'a') ->> 'expiresAt', to_jsonb(tests.moment('5 hours')) #>> '{}', 'and the customer is told of the new end');
select tests.at('4 hours 30 minutes');
select is(tests.reserve('a', 'a', 'in the fifth hour') ->> 'outcome', 'reserved', 'until which it serves');
select is(
  (select hour_index::integer from public.image_generations where request_id = tests.id('in the fifth hour')), 4, 'hour by hour'
);
select tests.at('5 hours');
select is(tests.reserve('a', 'a', 'over') ->> 'outcome', 'session_expired', 'and no longer');

-- The last hour has a next one now: its credits reset again.
select tests.running('b'), tests.reserve('b', 'b', 'b1', 3), tests.complete('b', 'b1'), tests.ordered('b', 'b+', 'flash-lite', 1, 'b');
select is(tests.balance('b', 'b') ->> 'resetsAt', null, 'in the last hour nothing resets');
select tests.pay('b+');
select is(tests.balance('b', 'b') ->> 'resetsAt', to_jsonb(tests.moment('1 hour')) #>> '{}', 'until another hour is bought');
select is(tests.credits('b', 'b'), 0, 'which adds nothing to the hour that runs');
select tests.at('1 hour');
select is(tests.credits('b', 'b'), 3, 'rule 2: and is whole when it comes');

-- Over meanwhile --------------------------------------------------------------------------------------------------------

select tests.running('c'), tests.ordered('c', 'c+', 'flash-lite', 2, 'c');
select tests.at('59 minutes 59.999999 seconds'), tests.pay('c+');
select is(tests.hours('c'), '3 h to 03:00:00 for 150.00, active', 'a microsecond before the end it is longer');
select tests.running('d'), tests.ordered('d', 'd+', 'flash-lite', 2, 'd');
select tests.at('1 hour');
select is(
  tests.pay('d+') -> 'purchase' @> '{"status": "paid", "kind": "session"}', true, 'at the end the hours become a session of their own'
);
select is(tests.hours('d'), '1 h to 01:00:00 for 50.00, active', 'the one that is over stays over');
select is(tests.given('d+'), 'flash-lite, 2 h, ready', 'and the new one waits to be started');
select isnt(tests.session_of('d+'), tests.id('d'), 'for it is another');
select is(
  (select price_paid from public.user_sessions where id = tests.session_of('d+')), 100.00, 'at the price of its hours'
);
select is(tests.story('d+'), 'customer opened, hub ordered, confirm payment_captured, confirm granted', 'which is on file');
select is(array[tests.pay('d+') ->> 'outcome', tests.event('payment.captured', 'd+')], array['paid', 'paid'], 'told again');
select is(tests.session_count('d'), 2, 'there is one');
select is(tests.buy('d', 'd+', 'flash-lite', 2, 'd') #>> '{purchase,kind}', 'session', 'the request again is told what it has become');
select is(tests.refund('d+') ->> 'outcome', 'refunding', 'and it can be given back like any other');

-- Two extensions at once, of which one is a day too long.
select tests.running('e', 4);
select tests.ordered('e', 'e' || n, 'flash-lite', 4, 'e') from generate_series(1, 6) as n;
select tests.pay('e' || n) from generate_series(1, 6) as n;
select is(tests.hours('e'), '24 h to 1 day for 1200.00, active', 'a session becomes a day long');
select is(tests.session_count('e'), 2, 'what is beyond becomes a session of its own');
select is(
  (select string_agg(kind, ', ' order by kind) from public.purchase where user_id = tests.id('e') and request_id <> tests.id('e')),
  'extension, extension, extension, extension, extension, session', 'and so says its purchase'
);

-- A session that is gone, ended, or ready again.
select tests.running('f'), tests.ordered('f', 'f+', 'flash-lite', 1, 'f');
delete from public.user_sessions where id = tests.id('f');
select is(tests.pay('f+') #>> '{purchase,kind}', 'session', 'hours for a session that is gone become one');
select is(tests.given('f+'), 'flash-lite, 1 h, ready', 'of their own');
select tests.running('g'), tests.ordered('g', 'g+', 'flash-lite', 1, 'g');
update public.user_sessions set status = 'ended' where id = tests.id('g');
select is(tests.pay('g+') #>> '{purchase,kind}', 'session', 'and so do hours for one that was closed');
select tests.at('0'), tests.customer('h'), tests.session('h', 'h', 'pro', 1), tests.reserve('h', 'h', 'h1'), tests.ordered('h', 'h+', 'pro', 2, 'h');
select tests.at('5 minutes');
select is(tests.pay('h+') #>> '{purchase,kind}', 'extension', 'a session whose first picture never came is ready again');
select is(
  (select format('%s h, %s, %s', hours_purchased, expires_at, status) from public.user_sessions where id = tests.id('h')),
  '3 h, , ready', 'and is longer, whenever it is started'
);
select is((tests.start('h', 'h') #>> '{balance,expiresAt}')::timestamptz, tests.moment('3 hours 5 minutes'), 'from then on');
select tests.at('0'), tests.customer('i'), tests.session('i', 'i', 'pro', 1), tests.reserve('i', 'i', 'i1'), tests.ordered('i', 'i+', 'pro', 1, 'i');
select tests.pay('i+'), tests.at('30 seconds'), tests.fail('i', 'i1');
select is(
  (select format('%s h, %s, %s', hours_purchased, expires_at, status) from public.user_sessions where id = tests.id('i')),
  '2 h, , ready', 'rule 1: the clock of a picture that failed stops in a longer session as well'
);

-- Starting --------------------------------------------------------------------------------------------------------------

select tests.at('0'), tests.customer('s'), tests.session('s', 's', 'flash', 2), tests.session('p', 's', 'flash', 1);
select is(
  tests.start('s', 's') - 'balance',
  jsonb_build_object('outcome', 'started', 'sessionId', tests.id('s'), 'startedAt', tests.moment('0')), 'a session is started'
);
select tests.at('20 minutes');
select is(
  tests.start('s', 's'),
  jsonb_build_object('outcome', 'started', 'sessionId', tests.id('s'), 'startedAt', tests.moment('0'), 'balance', tests.balance('s', 's')),
  'once: asked again it is told since when'
);
select tests.reserve('s', 'p', 'p1'), tests.at('20 minutes 30 seconds');
select is((tests.start('s', 'p') ->> 'startedAt')::timestamptz, tests.moment('20 minutes'), 'a clock that a picture started runs since then');
select tests.fail('s', 'p1');
select results_eq(
  $$ select status, started_by from public.user_sessions where id = tests.id('p') $$, $$ values ('active', 'customer') $$,
  'and runs on when that picture fails'
);
select is(tests.start('s', 'none'), '{"outcome": "session_not_found"}', 'a session that does not exist is not started');
select tests.at('2 hours');
select is(
  tests.start('s', 's'), jsonb_build_object('outcome', 'session_expired', 'expiresAt', tests.moment('2 hours')), 'nor one that is over'
);
select tests.at('0'), tests.session('first', 's', 'flash', 1), tests.at('59 minutes 30 seconds'), tests.session('last', 's', 'flash', 1);
select tests.reserve('s', 'last', 'l1'), tests.queue('s', 'last', 'l2'), tests.fail('s', 'l1');
select tests.at('1 hour 59 minutes 29 seconds'), tests.claim(), tests.at('1 hour 59 minutes 30 seconds');
create temp table before_start as select to_jsonb(session) as contents from public.user_sessions as session where id = tests.id('last');
select is(tests.start('s', 'last') ->> 'outcome', 'session_expired', 'nor one whose first picture is still drawn when its hour is over');
select is(
  (select to_jsonb(session) from public.user_sessions as session where id = tests.id('last')), contents, 'and nothing of it is written'
)
from before_start;
select tests.at('30 days'), tests.session('waits', 's', 'flash', 1), tests.at('60 days');
select is(tests.start('s', 'waits'), '{"outcome": "session_expired", "expiresAt": null}', 'nor one that waited for thirty days');

select * from finish();
rollback;
