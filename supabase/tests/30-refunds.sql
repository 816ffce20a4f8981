/*
 * Money that goes back: of a session that was never started, all of it and once; the session is closed before anybody is
 * asked for the money, and is there again where it did not go back. What the owner gives back at the provider's own page
 * closes what it paid for as well.
 */
begin;
\ir fixtures.psql
\ir purchases.psql
select plan(105);

select tests.at('0'), tests.customer('asha');

-- A session that waits --------------------------------------------------------------------------------------------------

select tests.paid('asha', 'a', 'pro', 2), tests.at('1 hour');
create temp table begun as select tests.refund('a', 'changed her mind') as answer;
select is(
  answer #- '{refund,id}' #- '{purchase}', jsonb_build_object('outcome', 'refunding', 'refund', jsonb_build_object(
    'purchaseId', tests.bought('a'), 'provider', 'razorpay', 'paymentId', 'pay a', 'amountPaise', 40000, 'status', 'requested',
    'reason', 'changed her mind', 'providerRefundId', null, 'failureReason', null, 'attempts', 0
  )), 'a refund is begun, of all that was paid'
)
from begun;
select is(answer #>> '{purchase,status}', 'refunding', 'of a purchase that is on its way back') from begun;
select is(tests.given('a'), 'pro, 2 h, ended', 'whose session is closed already');
create function tests.try(session uuid) returns text
language plpgsql volatile
as $$
declare
  answers text[];
begin
  perform tests.as_customer('asha');
  answers := array[
    public.start_session(session) ->> 'outcome', public.reserve_generation(session, gen_random_uuid(), 'a sunset') ->> 'outcome',
    public.session_balance(session) ->> 'creditsRemaining', public.open_purchase(gen_random_uuid(), 'pro', 1, session) ->> 'outcome'
  ];
  perform tests.as_owner();
  return array_to_string(answers, ', ');
end
$$;
select is(
  tests.try(tests.session_of('a')), 'session_expired, session_expired, 0, session_expired', 'so that nobody starts it, draws in it, or makes it longer'
);
select is((tests.refund('a', 'again') -> 'refund') - 'attempts', (answer -> 'refund') - 'attempts', 'begun again it is the same refund') from begun;
select is(tests.settle('a', 'pending'), 'refunding', 'while the provider is at it');
select is((select status || ' ' || provider_refund_id from private.refund), 'pending rfnd a', 'its name is kept');
select tests.at('2 hours');
select is(tests.settle('a', 'processed'), 'refunded', 'until it says that it is done');
select results_eq(
  $$ select status, refunded_at from public.purchase where request_id = tests.id('a') $$, $$ values ('refunded', tests.moment('2 hours')) $$, 'then it is'
);
select results_eq(
  'select status, settled_at, next_attempt_at from private.refund', $$ values ('processed', tests.moment('2 hours'), null::timestamptz) $$, 'and nobody asks again'
);
create temp table done as select tests.books() as books;
select is(array[tests.settle('a', 'processed'), tests.settle('a', 'pending')], array['refunded', 'refunded'], 'told again');
select is(tests.refund('a') #>> '{refund,status}', 'processed', 'or begun again');
select is(tests.books(), done.books, 'it is as it was') from done;
select is(array[tests.event('refund.processed', 'a'), tests.event('refund.created', 'a')], array['refunded', 'refunded'], 'the events come later');
select is(array[tests.pay('a') ->> 'outcome', tests.event('order.paid', 'a')], array['paid', 'paid'], 'and those of the payment, once more');
select is(array[tests.given('a'), tests.standing('a'), tests.session_count('asha')::text], array['pro, 2 h, ended', 'refunded', '1'], 'none of which opens it again');
select is(
  tests.story('a'),
  'customer opened, hub ordered, confirm payment_captured, confirm granted, owner refund_requested, hub refund_pending, hub refund_processed, '
    'webhook refund_processed, webhook refund_pending, webhook payment_captured', 'all of which is on file'
);
select is(tests.alerts(), 'none', 'and nothing to look at');

-- What cannot be given back ---------------------------------------------------------------------------------------------

select tests.buy('asha', 'o', 'pro', 1);
select is(tests.refund('o'), '{"outcome": "purchase_not_paid"}', 'what was opened has not been paid');
select tests.order('o');
select is(tests.refund('o'), '{"outcome": "purchase_not_paid"}', 'nor what was ordered');
select tests.pay('o', 'failed');
select is(tests.refund('o'), '{"outcome": "purchase_not_paid"}', 'nor what failed');
select tests.as_service();
select is(public.begin_refund(purchase, session), '{"outcome": "purchase_not_found"}', 'nor is there a purchase of ' || what)
from (values
  (null, null, 'nothing'), (tests.id('none'), null, 'no purchase'), (null, tests.id('none'), 'no session'),
  (tests.bought('o'), tests.session_of('a'), 'another''s session')
) as missing (purchase, session, what);
select tests.as_owner();
select tests.paid('asha', 'b', 'pro', 1);
create function tests.start_of(request text) returns text
language plpgsql volatile
as $$
declare
  answer jsonb;
begin
  perform tests.as_customer('asha');
  answer := public.start_session(tests.session_of(request));
  perform tests.as_owner();
  return answer ->> 'outcome';
end
$$;
select tests.start_of('b');
select is(tests.refund('b'), '{"outcome": "session_started"}', 'a session that was started is not given back');
select is(tests.given('b'), 'pro, 1 h, active', 'and goes on');
create function tests.draw(request text, picture text, options jsonb default '{}') returns text
language plpgsql volatile
as $$
begin
  perform tests.as_customer('asha');
  perform public.reserve_generation(tests.session_of(request), tests.id(picture), 'a sunset', respond_async => (options ->> 'async')::boolean is true);
  perform tests.as_owner();
  return (select status from public.image_generations where request_id = tests.id(picture));
end
$$;
select tests.paid('asha', 'c', 'pro', 1), tests.draw('c', 'c1');
select is(tests.refund('c'), '{"outcome": "session_started"}', 'nor one in which something is drawn');
select tests.fail('asha', 'c1');
select is(tests.refund('c') ->> 'outcome', 'refunding', 'when that came to nothing it is');
select tests.paid('asha', 'd', 'pro', 1), tests.draw('d', 'd1', '{"async": true}');
select is(tests.refund('d'), '{"outcome": "session_started"}', 'nor one in which something waits');
select tests.at('3 hours 30 minutes');
select is(tests.refund('d') ->> 'outcome', 'refunding', 'when that has waited too long it is, though nobody has noticed');
select tests.paid('asha', 'e', 'pro', 1), tests.draw('e', 'e1'), tests.complete('asha', 'e1');
select is(tests.refund('e'), '{"outcome": "session_started"}', 'nor one with a picture');
select tests.at('0'), tests.paid('asha', 'f', 'flash', 1), tests.at('30 days');
select tests.try(tests.session_of('f'));
select is(tests.given('f'), 'flash, 1 h, ended', 'a session that nobody started in thirty days');
select is(tests.refund('f') ->> 'outcome', 'refunding', 'is given back whole');
select tests.as_service();
select is(public.begin_refund(session_id => tests.session_of('f')) ->> 'outcome', 'refunding', 'named by the session as well');
select tests.as_owner();
-- Hours that were added: neither they nor what they were added to.
select tests.at('60 days'), tests.paid('asha', 'g', 'pro', 1), tests.draw('g', 'g1');
create function tests.extend(request text, by text, hours integer) returns text
language plpgsql volatile
as $$
begin
  perform tests.as_customer('asha');
  perform public.open_purchase(tests.id(by), 'pro', hours, tests.session_of(request));
  perform tests.as_owner();
  perform tests.order(by);
  return tests.pay(by) #>> '{purchase,kind}';
end
$$;
select is(tests.extend('g', 'g+', 2), 'extension', 'hours are added while a first picture is drawn');
select tests.fail('asha', 'g1');
select is(tests.given('g'), 'pro, 3 h, ready', 'which fails');
select is(tests.refund('g'), '{"outcome": "session_started"}', 'a session that was made longer is not given back, for the other hours would go with it');
select is(tests.refund('g+'), '{"outcome": "session_started"}', 'nor are hours that were added');

-- A refund that fails ---------------------------------------------------------------------------------------------------

select tests.paid('asha', 'h', 'pro', 1), tests.refund('h');
create temp table first_try as select tests.refund_id('h') as id;
select is(tests.settle('h', 'failed', 'no balance'), 'refund_failed', 'a refund that fails');
select is(array[tests.standing('h'), tests.given('h')], array['paid', 'pro, 1 h, ready'], 'gives the session again');
select is(tests.alerts('h'), 'refund_failed 1', 'and the owner is told');
select is((select failure_reason from private.refund, first_try where refund.id = first_try.id), 'no balance', 'why');
select is(tests.settle('h', 'failed', 'no balance'), 'refund_failed', 'told again');
select is(tests.settle('h', 'pending'), 'refund_failed', 'or told late that it was begun');
select is(array[tests.standing('h'), tests.given('h')], array['paid', 'pro, 1 h, ready'], 'changes nothing');
select isnt((tests.refund('h') #>> '{refund,id}')::uuid, id, 'begun again it is another refund') from first_try;
select is(tests.given('h'), 'pro, 1 h, ended', 'and the session closed again');
-- The first one went through after all.
select is(tests.settle('h', 'processed', refund => id), 'refunded', 'where the first turns out to have gone through') from first_try;
select is(
  (select string_agg(status, ', ' order by requested_at, status) from private.refund where purchase_id = tests.bought('h')), 'failed, processed',
  'the second is what it was, and nobody is asked for more'
);
select is(tests.settle('h', 'failed', 'fully refunded'), 'refunded', 'and a refusal of the second opens nothing');
select is(array[tests.standing('h'), tests.given('h')], array['refunded', 'pro, 1 h, ended'], 'it is given back');
select tests.paid('asha', 'i', 'pro', 1), tests.refund('i'), tests.settle('i', 'failed'), tests.start_of('i');
select is(tests.settle('i', 'processed'), 'refunded', 'a refund that went through after it seemed to have failed');
select is(tests.given('i'), 'pro, 1 h, ended', 'closes the session, though it was started meanwhile');
select is(tests.refund('i') #>> '{refund,status}', 'processed', 'and is the refund');
select tests.as_service();
select is(public.settle_refund(id, 'x', 'processed'), '{"outcome": "refund_not_found"}', 'a refund that does not exist is not settled')
from unnest(array[tests.id('none'), null]) as id;
select tests.as_owner();

-- Where the provider's answer was lost, its event tells.
select tests.paid('asha', 't', 'pro', 1), tests.refund('t');
select is(
  tests.event('refund.created', 't', jsonb_build_object('refundReceipt', upper(tests.refund_id('t')::text), 'refundAmountPaise', null)),
  'refunding', 'a refund whose answer was lost is known by its receipt'
);
select is((select provider_refund_id || ' ' || status from private.refund where purchase_id = tests.bought('t')), 'rfnd t pending', 'and has its name');
select tests.paid('asha', 'u', 'pro', 1), tests.refund('u');
select is(tests.event('refund.processed', 'u'), 'refunded', 'or, where nobody kept that, by what it gives back');
select is((select provider_refund_id || ' ' || status from private.refund where purchase_id = tests.bought('u')), 'rfnd u processed', 'so that nobody asks for it again');

-- Money that is held ----------------------------------------------------------------------------------------------------

select tests.ordered('asha', 'j', 'pro', 1), tests.pay('j', facts => '{"amountPaise": 7}');
select is((tests.refund('j') #>> '{refund,amountPaise}')::integer, 7, 'of what is held goes back what came');
select is(tests.settle('j', 'failed'), 'refund_failed', 'and where that fails');
select is(tests.standing('j'), 'held', 'it is held again, not paid');
select tests.refund('j'), tests.settle('j', 'processed');
select is(tests.standing('j'), 'refunded', 'until it has gone back');
select is(tests.pay('j') ->> 'outcome', 'held', 'told of it again, nothing was ever granted');
select is(tests.pay('j', payment => 'pay j2') ->> 'outcome', 'surplus', 'and money that comes now comes for nothing');
select is((select count(*)::integer from public.user_sessions where id = tests.session_of('j')), 0, 'so there is no session');

-- At the provider's own page --------------------------------------------------------------------------------------------

select tests.paid('asha', 'k', 'pro', 2), tests.start_of('k');
select tests.draw('k', 'k1'), tests.draw('k', 'k2', '{"async": true}');
select is(tests.event('refund.created', 'k'), 'refunding', 'what is given back elsewhere is on its way back here');
select is(tests.given('k'), 'pro, 2 h, ended', 'and its session closed, also where it was started');
select is(
  (select string_agg(status || coalesce(' ' || failure_code, ''), ', ' order by status) from public.image_generations where session_id = tests.session_of('k')),
  'failed cancelled, running', 'what waited is cancelled, what is drawn is drawn'
);
select is(tests.complete('asha', 'k1') ->> 'outcome', 'completed', 'and settled');
select is((select images_generated from public.user_sessions where id = tests.session_of('k')), 1, 'and counted');
select tests.at('89 days');
select is_empty(
  $$ select from jsonb_array_elements(tests.due() -> 'refunds') as due where due ->> 'paymentId' = 'pay k' $$, 'nobody asks the provider for it'
);
select is(tests.event('refund.processed', 'k'), 'refunded', 'when it is through it is');
select is(array[tests.standing('k'), tests.given('k')], array['refunded', 'pro, 2 h, ended'], 'refunded');
select is(tests.alerts('k'), 'none', 'which the owner knows');
select tests.at('90 days'), tests.paid('asha', 'l', 'pro', 2);
select is(tests.event('refund.processed', 'l', '{"refundAmountPaise": 39999}'), 'noted', 'a part of it');
select is(array[tests.standing('l'), tests.given('l')], array['paid', 'pro, 2 h, ready'], 'closes nothing');
select is(tests.event('refund.processed', 'l', '{"refundAmountPaise": 1, "refundId": "rfnd l2"}', 'evt l2'), 'refunded', 'but all the parts together');
select is(tests.given('l'), 'pro, 2 h, ended', 'do');
select tests.paid('asha', 'm', 'pro', 2);
select tests.event('refund.processed', 'm', '{"refundAmountPaise": 20000}'), tests.event('refund.processed', 'm', '{"refundAmountPaise": 20000}', 'again');
select is(tests.given('m'), 'pro, 2 h, ready', 'one part told twice is one part');
select is(tests.event('refund.failed', 'm', '{"refundAmountPaise": 20000}'), 'noted', 'and one that fails');
select is(tests.event('refund.processed', 'm', '{"refundAmountPaise": 20000, "refundId": "rfnd m2"}', 'evt m2'), 'noted', 'is none');
select is(tests.given('m'), 'pro, 2 h, ready', 'so that nothing is closed');
select is(tests.pay('m', 'refunded') #>> '{purchase,status}', 'refunded', 'a payment that is seen to have gone back closes it as well');
select is(tests.given('m'), 'pro, 2 h, ended', 'whatever was heard before');
select tests.paid('asha', 'n', 'pro', 1), tests.draw('n', 'n1');
select tests.event('refund.created', 'n'), tests.fail('asha', 'n1');
select is(tests.given('n'), 'pro, 1 h, ended', 'a first picture that fails in a closed session does not open it');
select tests.at('100 days');
select is(tests.event('refund.failed', 'n'), 'refund_failed', 'a refund that fails there');
select is(array[tests.standing('n'), tests.given('n')], array['paid', 'pro, 1 h, ready'], 'gives the session again, whose clock stands');
select is(tests.draw('n', 'n2'), 'running', 'and which can be used');
select is(
  (select expires_at from public.user_sessions where id = tests.session_of('n')), tests.moment('100 days 1 hour'), 'whole'
);
-- Hours that were added and that which they were added to, each by itself.
select tests.at('200 days'), tests.paid('asha', 'q', 'pro', 1), tests.start_of('q'), tests.extend('q', 'q+', 2);
select is(tests.event('refund.created', 'q+'), 'refunding', 'hours that were added are given back');
select is(
  (select format('%s h to %s', hours_purchased, expires_at - tests.moment('200 days')) from public.user_sessions where id = tests.session_of('q')),
  '1 h to 01:00:00', 'and the session is as long as it was'
);
select is(tests.given('q'), 'pro, 1 h, active', 'and goes on');
select tests.event('refund.failed', 'q+');
select is(
  (select format('%s h to %s', hours_purchased, expires_at - tests.moment('200 days')) from public.user_sessions where id = tests.session_of('q')),
  '3 h to 03:00:00', 'where that fails they are there again'
);
select is(tests.event('refund.processed', 'q'), 'refunded', 'and what they were added to is given back');
select is(tests.given('q'), 'pro, 2 h, active', 'which leaves them');

-- Before it was known to be paid ----------------------------------------------------------------------------------------

select tests.ordered('asha', 'r', 'pro', 1);
select is(tests.event('refund.processed', 'r'), 'noted', 'a refund of what is not known to be paid');
select is(tests.event('payment.captured', 'r'), 'held', 'is known when the payment comes');
select is(array[tests.standing('r'), tests.given('r'), tests.alerts('r')], array['refunded', null, 'none'], 'which gives nothing');
select tests.ordered('asha', 's', 'pro', 1);
select is(tests.pay('s', 'refunded') ->> 'outcome', 'held', 'nor does a payment that has gone back already');
select is(array[tests.standing('s'), tests.given('s'), tests.alerts('s')], array['refunded', null, 'none'], 'whoever finds out');
select is(array[tests.event('order.paid', 's'), tests.pay('s') ->> 'outcome'], array['held', 'held'], 'also when its capture comes later');
select is(tests.standing('s'), 'refunded', 'it stays so');

select * from finish();
rollback;
