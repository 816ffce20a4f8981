/*
 * I13. What a payment is worth: one that is captured and fits to the paisa gives one session, once; anything else gives none,
 * with the reason on file. In whatever order the customer, the events and our own questions bring it.
 */
begin;
\ir fixtures.psql
\ir purchases.psql
select plan(132);

select tests.at('0'), tests.customer('asha');

-- One payment, one session ----------------------------------------------------------------------------------------------

select tests.ordered('asha', 'p', 'flash', 2);
select tests.at('10 minutes');
create temp table answer as select tests.pay('p') as given;
select is(
  given -> 'purchase' @> jsonb_build_object('status', 'paid', 'paymentId', 'pay p', 'kind', 'session', 'sessionId', tests.session_of('p')),
  true, 'a captured payment pays'
)
from answer;
select results_eq(
  $$
    select user_id, plan_id, model_name, hours_purchased, price_paid, status, images_generated, started_at, created_at
    from public.user_sessions where id = tests.session_of('p')
  $$,
  $$ values (
    tests.id('asha'), 'flash', 'gemini-2.5-flash', 2, 200.00, 'ready', 0, null::timestamptz, tests.moment('10 minutes')
  ) $$,
  'for the hours that were bought, ready, at the price in rupees, from the moment at which the money was there'
);
select results_eq(
  $$ select paid_at, next_check_at, last_failure from public.purchase where request_id = tests.id('p') $$,
  $$ values (tests.moment('10 minutes'), null::timestamptz, null::text) $$, 'and nobody has to ask any more'
);
select is(tests.story('p'), 'customer opened, hub ordered, confirm payment_captured, confirm granted', 'all of which is on file');
select results_eq(
  $$
    select amount_paise, currency, order_id, payment_id, provider, user_id, detail ->> 'sessionId', recorded_at
    from private.payment_evidence where kind = 'granted'
  $$,
  $$ values (
    20000::bigint, 'INR', 'order p', 'pay p', 'razorpay', tests.id('asha'), tests.session_of('p')::text, tests.moment('10 minutes')
  ) $$,
  'to the paisa'
);
create temp table once as select tests.books() as books;
select is(tests.pay('p') ->> 'outcome', 'paid', 'told again it is paid');
select is(tests.books(), once.books, 'and nothing has changed') from once;
select is(tests.pay('p', source => 'reconciliation') ->> 'outcome', 'paid', 'told by another it is paid as well');
select is(tests.event('payment.captured', 'p'), 'paid', 'and by the event of the payment');
select is(tests.event('order.paid', 'p'), 'paid', 'and by that of the order');
select is(tests.session_count('asha'), 1, 'and there is one session');
select is(tests.alerts(), 'none', 'and nothing to look at');

-- Every order of events -------------------------------------------------------------------------------------------------
-- Words: a authorized, c captured, f failed, o order.paid, r asking the provider, b the browser's return; capitals are
-- the event once more, under another id. Whatever comes, one session is there at the end, from the first capture on.

create function tests.tell(request text, word text, nth integer) returns text
language plpgsql volatile
as $$
begin
  return case word
    when 'a' then tests.event('payment.authorized', request)
    when 'c' then tests.event('payment.captured', request)
    when 'C' then tests.event('payment.captured', request, event_id => 'again ' || request || nth)
    when 'f' then tests.event('payment.failed', request, '{"failureReason": "payment_timed_out"}')
    when 'F' then tests.event('payment.failed', request, '{"failureReason": "bank_down"}', 'again ' || request || nth)
    when 'o' then tests.event('order.paid', request)
    when 'O' then tests.event('order.paid', request, event_id => 'again ' || request || nth)
    when 'r' then tests.pay(request, source => 'reconciliation') ->> 'outcome'
    when 'b' then tests.pay(request) ->> 'outcome'
  end;
end
$$;
create temp table told (words text, outcomes text, standing text, given text, sessions integer, alerts text, granted integer);
do $$
declare
  words text;
  outcomes text;
  customer text;
begin
  foreach words in array array[
    'c', 'o', 'r', 'b', 'co', 'oc', 'ac', 'ca', 'fc', 'cf', 'acf', 'fac', 'caf', 'bc', 'cb', 'bcr', 'rcb', 'crb', 'brco', 'ocbr', 'fFc', 'fcF', 'ff',
    'a', 'f', 'aco', 'oca', 'cCoO', 'oOcC', 'bbbb', 'faocbr', 'rbcoaf', 'cacfco', 'fbfcfofrf', 'afaf'
  ] loop
    customer := 'of ' || words;
    perform tests.customer(customer), tests.ordered(customer, words, 'pro', 1);
    select string_agg(tests.tell(words, word, place::integer), ',' order by place) into outcomes
    from regexp_split_to_table(words, '') with ordinality as letter (word, place);
    insert into told values (
      words, outcomes, tests.standing(words), tests.given(words), tests.session_count(customer), tests.alerts(words),
      (select count(*) from private.payment_evidence where purchase_id = tests.bought(words) and kind = 'granted')
    );
  end loop;
end
$$;
select is(
  array[standing, given, sessions::text, alerts, granted::text],
  case when words ~ '[corb]' then array['paid', 'pro, 1 h, ready', '1', 'none', '1'] else array['ordered', null, '0', 'none', '0'] end,
  'told in the order ' || words || ' it is ' || case when words ~ '[corb]' then 'granted once' else 'not granted' end
)
from told order by words;
select is_empty(
  $$
    select words, outcomes from told,
      unnest(string_to_array(outcomes, ','), regexp_split_to_array(words, '')) as answer (outcome, word)
    where outcome <> case when word in ('a', 'f', 'F') then 'noted' else 'paid' end
  $$,
  'each word is answered by itself: captured is paid, anything else is noted'
);

-- A failure is never the end --------------------------------------------------------------------------------------------

select tests.ordered('asha', 'failed');
select is(
  tests.pay('failed', 'failed', facts => '{"failureReason": "insufficient_fund"}') #>> '{purchase,lastFailure}', 'insufficient_fund',
  'of a payment that failed it is told why'
);
select is(tests.standing('failed'), 'ordered', 'and the purchase waits for the next');
select is(tests.pay('failed', 'failed', 'pay second', facts => jsonb_build_object('failureReason', repeat('x', 900))) ->> 'outcome', 'noted', 'however much is told');
select is((select char_length(last_failure) from public.purchase where request_id = tests.id('failed')), 500, 'which has an end');
select is(tests.pay('failed', 'failed', 'pay third') #>> '{purchase,lastFailure}', 'payment_failed', 'or how little');
select is(tests.pay('failed', state, 'pay fourth') ->> 'outcome', 'noted', state || ' decides nothing')
from unnest(array['created', 'authorized', 'pending', 'unknown', '']) as state;
select is(tests.session_count('asha'), 1, 'none of it is a session');
select is(tests.pay('failed', payment => 'pay second') #>> '{purchase,lastFailure}', null, 'what failed and then succeeded has not failed');
select is(tests.session_count('asha'), 2, 'and is a session');
select is(tests.pay('failed', 'failed', 'pay second') #>> '{purchase,status}', 'paid', 'and a failure that comes late takes nothing back');
select is(
  (select count(*)::integer from private.payment_evidence where purchase_id = tests.bought('failed') and kind like 'payment\_%'), 10,
  'each of these is on file once'
);

-- What does not fit gives nothing ---------------------------------------------------------------------------------------

create temp table unfit as
select * from (values
  ('less', '{"amountPaise": 4999}'::jsonb, 'amount_differs', 'a paisa less'), ('more', '{"amountPaise": 5001}', 'amount_differs', 'a paisa more'),
  ('nothing', '{"amountPaise": 0}', 'amount_differs', 'nothing'), ('hundredfold', '{"amountPaise": 500000}', 'amount_differs', 'a hundred times as much'),
  ('dollars', '{"currency": "USD"}', 'currency_differs', 'another currency'), ('small letters', '{"currency": "inr"}', 'currency_differs', 'a currency that nobody knows')
) as listed (request, facts, fault, what);
select tests.customer('of ' || request), tests.ordered('of ' || request, request) from unfit;
select is(
  tests.pay(request, facts => facts) -> 'purchase' @> jsonb_build_object('status', 'held', 'lastFailure', fault, 'paymentId', 'pay ' || request),
  true, what || ' is held'
)
from unfit;
select is(
  array[tests.session_count('of ' || request)::text, tests.alerts(request), tests.story(request)],
  array['0', fault || ' 1', 'customer opened, hub ordered, confirm payment_captured'], what || ' gives nothing, and the owner is told why'
)
from unfit;
select is(tests.event('payment.captured', request, facts), 'held', 'the event says it again: ' || what) from unfit;
select is(tests.alerts(request), fault || ' 2', 'and is counted: ' || what) from unfit;
select is((select detail ->> 'amountPaise' from private.payment_alert where purchase_id = tests.bought('less')), '4999', 'with what came');
select is(tests.pay('less', payment => 'pay also less', facts => '{"amountPaise": 1}') #>> '{purchase,paymentId}', 'pay less', 'of two that do not fit the first is kept');
select is(tests.alerts('less'), 'amount_differs 2, amount_differs 1', 'and each is told of');
select is(tests.pay('less', payment => 'pay right') #>> '{purchase,status}', 'paid', 'one that fits is worth what it is');
select is((select payment_id from public.purchase where request_id = tests.id('less')), 'pay right', 'and is the one that counts');
select is(tests.session_count('of less'), 1, 'once');
select is(tests.pay('less', facts => '{"amountPaise": 4999}') ->> 'outcome', 'surplus', 'and the one that was held is too much');
select throws_ok(
  format($$ select tests.pay('failed', 'captured', facts => %L) $$, facts), code, null, 'what cannot be a payment is no payment: ' || facts
)
from (values ('{"amountPaise": 9223372036854775808}', '22003')) as bad (facts, code);

-- Orders that nobody knows ----------------------------------------------------------------------------------------------

select is(tests.pay('nobody', facts => facts), '{"outcome": "order_unknown"}', 'no purchase has ' || what)
from (values
  ('{"orderId": "order nobody", "amountPaise": 5000}'::jsonb, 'such an order'),
  ('{"orderId": "order p", "provider": "demo", "amountPaise": 5000}', 'that order of another provider'),
  ('{"orderId": "ORDER P", "amountPaise": 5000}', 'an order of that name in other letters')
) as unknown (facts, what);
select tests.as_service();
select is(
  public.record_payment('razorpay', null, 'pay x', 5000, 'INR', 'captured', 'webhook'), '{"outcome": "order_unknown"}', 'nor none'
);
select tests.as_owner();
select is(
  (select count(*)::integer from private.payment_alert where kind = 'order_unknown' and purchase_id is null), 4, 'money for nothing is told of'
);
select is(tests.pay('nobody', 'failed', facts => '{"amountPaise": 1}') ->> 'outcome', 'order_unknown', 'what failed');
select is(tests.pay('nobody', 'authorized', facts => '{"amountPaise": 1}') ->> 'outcome', 'order_unknown', 'or is only promised');
select is((select count(*)::integer from private.payment_alert where kind = 'order_unknown'), 4, 'is not');
select is(
  (select count(*)::integer from private.payment_evidence where order_id = 'order nobody' and purchase_id is null), 3, 'but on file'
);
select is(tests.pay('nobody', facts => '{"amountPaise": 5000}') ->> 'outcome', 'order_unknown', 'told twice');
select is((select times from private.payment_alert where order_id = 'order nobody'), 2, 'it is counted');
select is((select count(*)::integer from private.payment_evidence where order_id = 'order nobody'), 3, 'and on file once');

-- A payment too many ----------------------------------------------------------------------------------------------------

select tests.customer('twice'), tests.paid('twice', 'twice');
select is(
  tests.pay('twice', payment => 'pay again') #>> '{purchase,paymentId}', 'pay twice', 'of two payments the first has paid'
);
select is(tests.pay('twice', payment => 'pay again') ->> 'outcome', 'surplus', 'the second is too much');
select is(tests.event('payment.captured', 'twice', '{"paymentId": "pay again"}'), 'surplus', 'whoever tells of it');
select is(array[tests.session_count('twice')::text, tests.given('twice')], array['1', 'flash-lite, 1 h, ready'], 'and gives nothing');
select is(tests.alerts('twice'), 'surplus_payment 3', 'but the owner is told, in one row');
select is(tests.pay('twice', payment => 'pay third') ->> 'outcome', 'surplus', 'a third');
select is(tests.alerts('twice'), 'surplus_payment 3, surplus_payment 1', 'in another');
select is(tests.pay('twice', 'refunded', 'pay again') ->> 'outcome', 'surplus', 'what went back');
select is(tests.alerts('twice'), 'surplus_payment 3, surplus_payment 1', 'is nobody''s work');
select is(tests.standing('twice'), 'paid', 'and takes nothing with it');
update private.payment_alert set resolved_at = tests.moment('1 hour') where purchase_id = tests.bought('twice');
select tests.pay('twice', payment => 'pay third');
select is(tests.alerts('twice'), 'surplus_payment 1', 'what the owner has looked at is told of anew when it comes anew');
select tests.customer('thief'), tests.ordered('thief', 'stolen');
select is(tests.pay('stolen', payment => 'pay twice') ->> 'outcome', 'held', 'a payment that paid one purchase pays no other');
select is(array[tests.standing('stolen'), tests.session_count('thief')::text, tests.alerts('stolen')], array['ordered', '0', 'order_differs 1'], 'and gives nothing');
select is(tests.pay('stolen') ->> 'outcome', 'paid', 'one of its own does');

-- Late, and too late ----------------------------------------------------------------------------------------------------

select tests.at('1 hour'), tests.customer('late'), tests.ordered('late', 'late');
select tests.at('5 days 1 hour'), tests.due();
select is(tests.standing('late'), 'abandoned', 'after five days nobody asks any more');
select is(tests.pay('late', 'failed') #>> '{purchase,lastFailure}', 'payment_failed', 'what fails then is noted');
select tests.at('9 days');
select is(tests.event('payment.captured', 'late'), 'paid', 'and what is captured then is money');
select is(tests.given('late'), 'flash-lite, 1 h, ready', 'for which there is a session');
select is(
  (select created_at from public.user_sessions where id = tests.session_of('late')), tests.moment('9 days'), 'that waits thirty days from then on'
);
select tests.customer('gone'), tests.ordered('gone', 'gone');
delete from auth.users where id = tests.id('gone');
select is(tests.pay('gone') ->> 'outcome', 'held', 'the money of a customer who is gone is held');
select is(tests.alerts('gone'), 'customer_gone 1', 'and the owner told');
select is((select last_failure from public.purchase where request_id = tests.id('gone')), 'customer_gone', 'with the reason on file');
select tests.customer('forgetful'), tests.paid('forgetful', 'forgotten');
delete from auth.users where id = tests.id('forgetful');
select results_eq(
  $$ select user_id, session_id, status, payment_id from public.purchase where request_id = tests.id('forgotten') $$,
  $$ values (null::uuid, null::uuid, 'paid', 'pay forgotten') $$, 'of a customer who leaves the purchase stays'
);
select is(
  (select count(*)::integer from private.payment_evidence where user_id = tests.id('forgetful')), 4, 'and what was said of it, with his id'
);
select is(tests.pay('forgotten') ->> 'outcome', 'paid', 'and his payment has paid');

select * from finish();
rollback;
