/*
 * Opening a purchase and its order: what is refused and in which order, the price of the day, one id one purchase, how
 * often a customer may, and which order counts.
 */
begin;
create temp table shipped as select * from private.rate_limit;
\ir fixtures.psql
\ir purchases.psql
select plan(83);

select tests.at('0'), tests.customer('asha'), tests.customer('ravi');

-- What is opened --------------------------------------------------------------------------------------------------------

select is(
  tests.buy('asha', 'first', 'flash', 3) #- '{purchase,id}',
  jsonb_build_object('outcome', 'purchase', 'purchase', jsonb_build_object(
    'requestId', tests.id('first'), 'userId', tests.id('asha'), 'kind', 'session', 'planId', 'flash', 'planName', 'Flash',
    'hours', 3, 'amountPaise', 30000, 'currency', 'INR', 'status', 'opened', 'provider', null, 'orderId', null,
    'paymentId', null, 'sessionId', null, 'lastFailure', null, 'createdAt', tests.moment('0')
  )), 'a purchase is opened at the price of its hours, and nobody has paid'
);
select is(tests.session_count('asha'), 0, 'it gives no session');
select is(tests.story('first'), 'customer opened', 'and is on file');
select is((select next_check_at from public.purchase), tests.moment('5 minutes'), 'to be looked after in five minutes');
select is(
  (tests.buy('asha', plan || hours, plan, hours) #>> '{purchase,amountPaise}')::integer, paise, format('%s hours of %s', hours, plan)
)
from (values ('flash-lite', 1, 5000), ('flash-lite', 4, 20000), ('flash', 2, 20000), ('pro', 1, 20000), ('pro', 4, 80000)) as price (plan, hours, paise);

-- One id, one purchase --------------------------------------------------------------------------------------------------

select is(tests.buy('asha', 'first', 'flash', 3), tests.buy('asha', 'first', 'flash', 3), 'the same request again is the same purchase');
select is((select count(*)::integer from public.purchase where request_id = tests.id('first')), 1, 'of which there is one');
select is(tests.story('first'), 'customer opened', 'and nothing new to tell');
select is(tests.buy('asha', 'first', plan, hours), '{"outcome": "request_id_reused"}', 'with ' || what || ' it is refused')
from (values ('flash-lite', 3, 'another plan'), ('flash', 2, 'other hours'), ('pro', 4, 'both')) as other (plan, hours, what);
update public.session_config set price_per_hour_paise = 99900, display_name = 'Flash 2' where plan_id = 'flash';
select is(
  tests.buy('asha', 'first', 'flash', 3) #>> '{purchase,amountPaise}', '30000', 'a price that changes later changes no purchase'
);
select is(tests.buy('asha', 'dearer', 'flash', 1) #>> '{purchase,amountPaise}', '99900', 'but the next one');
select is(
  tests.buy('ravi', 'first', 'flash', 1) #>> '{purchase,userId}', tests.id('ravi')::text, 'the same id of another customer is another purchase'
);
select tests.ordered('asha', 'done', 'pro', 1), tests.pay('done');
select is(tests.buy('asha', 'done', 'pro', 1) #>> '{purchase,status}', 'paid', 'asked again after it was paid it is paid');
select is(tests.session_count('asha'), 1, 'and gives nothing more');

-- What is refused -------------------------------------------------------------------------------------------------------

select tests.as_customer('asha');
select is(
  public.open_purchase(request, plan, hours), jsonb_build_object('outcome', 'invalid_request', 'field', field),
  format('no purchase of %s hours of %s under %s', hours, plan, request)
)
from (values
  (null, 'pro', 1, 'requestId'), (null, null, null, 'requestId'), (tests.id('x'), null, 1, 'planId'),
  (tests.id('x'), '', 1, 'planId'), (tests.id('x'), 'Pro', 1, 'planId'), (tests.id('x'), 'pro ', 1, 'planId'),
  (tests.id('x'), repeat('a', 33), 1, 'planId'), (tests.id('x'), E'pro\n', 1, 'planId'), (tests.id('x'), 'none', 1, 'planId'),
  (tests.id('x'), 'pro', null, 'hours'), (tests.id('x'), 'pro', 0, 'hours'), (tests.id('x'), 'pro', 5, 'hours'),
  (tests.id('x'), 'pro', -1, 'hours'), (tests.id('x'), 'pro', 2147483647, 'hours')
) as bad (request, plan, hours, field);
select is(
  public.open_purchase(tests.id('x'), 'pro', 1, tests.id('no session')), '{"outcome": "session_not_found"}', 'a session that does not exist is not extended'
);
select tests.as_owner();
select is_empty($$ select from public.purchase where request_id = tests.id('x') $$, 'and what is refused is not kept');

-- Extensions ------------------------------------------------------------------------------------------------------------

select tests.session('ready', 'asha', 'pro', 1), tests.session('his', 'ravi', 'pro', 1), tests.session('s', 'asha', 'pro', 4);
select tests.start('asha', 's'), tests.start('ravi', 'his');
select is(
  tests.buy('asha', 'more', 'pro', 2, 's') -> 'purchase' @> jsonb_build_object(
    'kind', 'extension', 'sessionId', tests.id('s'), 'amountPaise', 40000, 'status', 'opened'
  ), true, 'hours are opened for a session that runs'
);
select is((select hours_purchased from public.user_sessions where id = tests.id('s')), 4, 'which is not longer for that');
select is(tests.buy('asha', 'e1', 'pro', 1, 'his'), '{"outcome": "session_not_found"}', 'nobody extends somebody else''s session');
select is(
  tests.buy('asha', 'e1', 'flash', 1, 's'), '{"field": "planId", "outcome": "invalid_request"}', 'nor with hours of another plan'
);
select is(
  tests.buy('asha', 'e1', 'pro', 1, 'ready'), '{"field": "sessionId", "outcome": "invalid_request"}', 'nor a session whose clock does not run'
);
select is(
  tests.buy('asha', 'more', 'pro', 2), '{"outcome": "request_id_reused"}', 'the same id without the session is another request'
);
select is(
  tests.buy('asha', 'first', 'flash', 3, 's'), '{"outcome": "request_id_reused"}', 'and with one where there was none'
);
update public.user_sessions set hours_purchased = 21, expires_at = started_at + interval '21 hours' where id = tests.id('s');
select is(tests.buy('asha', 'day', 'pro', 3, 's') ->> 'outcome', 'purchase', 'a session may be a day long');
select is(tests.buy('asha', 'e1', 'pro', 4, 's'), '{"field": "hours", "outcome": "invalid_request"}', 'and no longer');
select tests.reserve('asha', 'ready', 'lost');
select is(tests.buy('asha', 'picture', 'pro', 1, 'ready') ->> 'outcome', 'purchase', 'a clock that a picture started runs as well');
select tests.at('5 minutes');
select is(
  tests.buy('asha', 'e1', 'pro', 1, 'ready') ->> 'field', 'sessionId', 'until that picture has not come, though nobody has written that down'
);
select tests.at('21 hours');
select is(
  tests.buy('asha', 'e1', 'pro', 1, 's'), jsonb_build_object('outcome', 'session_expired', 'expiresAt', tests.moment('21 hours')),
  'a session that is over is not extended, from the very moment'
);
select is(tests.buy('asha', 'more', 'pro', 2, 's') ->> 'outcome', 'purchase', 'but what was opened before stays what it is');
select is_empty($$ select from public.purchase where request_id = tests.id('e1') $$, 'and what is refused is not kept');

-- How often -------------------------------------------------------------------------------------------------------------

insert into private.rate_limit select * from shipped;
create function tests.burst(times integer, customer text) returns integer
language sql volatile
return (
  select count(*) filter (where tests.buy(customer, customer || ' ' || n, 'pro', 1) ->> 'outcome' = 'purchase')
  from generate_series(1, times) as n
);
select is(tests.burst(30, 'asha'), 20, 'a customer opens twenty purchases at once');
select is(tests.buy('asha', 'z', 'pro', 1), '{"outcome": "rate_limited", "retryAfter": 6}', 'then ten a minute, and is told when');
select is(tests.buy('asha', 'first', 'flash', 3) ->> 'outcome', 'rate_limited', 'which counts what was opened before as well');
select is(tests.buy('asha', 'z', 'none', 1) ->> 'outcome', 'rate_limited', 'and a plan that there is not');
select is(tests.buy('asha', 'z', 'pro', 5) ->> 'outcome', 'invalid_request', 'but not what cannot be read');
select is(tests.burst(1, 'ravi'), 1, 'nobody else is held up');
select isnt(
  tests.reserve('asha', 'no session', 'picture') ->> 'outcome', 'rate_limited', 'nor are pictures'
);
select is_empty($$ select from public.purchase where request_id = tests.id('z') $$, 'and what is refused is not kept');
select tests.at('21 hours 6 seconds');
select is(tests.buy('asha', 'z', 'pro', 1) ->> 'outcome', 'purchase', 'six seconds later there is one');
create function tests.looks(times integer, customer text, request text) returns integer
language plpgsql volatile
as $$
declare
  answers integer;
begin
  perform tests.as_customer(customer);
  select count(*) filter (where public.purchase_status(tests.bought(request)) ->> 'outcome' = 'purchase') into answers
  from generate_series(1, times);
  perform tests.as_owner();
  return answers;
end
$$;
select is(tests.looks(100, 'asha', 'first'), 60, 'a customer has his purchases looked at sixty times at once');
select is(tests.looks(1, 'asha', 'first'), 0, 'and then not, whatever he bought');
select tests.at('21 hours 8 seconds');
select is(tests.looks(2, 'asha', 'first'), 1, 'two seconds later once');
delete from private.rate_limit where scope <> 'address';
update private.rate_limit set burst = 1;
select tests.as_service();
create temp table key as select public.address_key() as value;
select tests.as_owner();
create function tests.from_address(customer text, request text, seal text) returns text
language plpgsql volatile
as $$
declare
  answer jsonb;
begin
  perform tests.as_customer(customer);
  answer := public.open_purchase(tests.id(request), 'pro', 1, null, '192.0.2.1', seal);
  perform tests.as_owner();
  return answer ->> 'outcome';
end
$$;
create temp table seal as
select encode(sha256(convert_to(value || E'\n192.0.2.1\n' || value, 'UTF8')), 'hex') as good from key;
grant select on seal to public;
select is(tests.from_address('asha', 'a1', good), 'purchase', 'an address that the function vouches for') from seal;
select is(tests.from_address('ravi', 'a2', good), 'rate_limited', 'has an allowance, whoever asks from there') from seal;
select is(tests.from_address('ravi', 'a3', 'forged'), 'purchase', 'and one that nobody vouches for has none');
select tests.as_owner();
delete from private.rate_limit;

-- The order -------------------------------------------------------------------------------------------------------------

select tests.buy('asha', 'o', 'pro', 1);
select is(
  tests.order('o') #- '{purchase,id}' -> 'purchase' @> '{"status": "ordered", "provider": "razorpay", "orderId": "order o"}', true,
  'the first order is the purchase''s'
);
select is((select ordered_at from public.purchase where request_id = tests.id('o')), tests.moment('21 hours 8 seconds'), 'since now');
select is(tests.order('o') ->> 'outcome', 'recorded', 'told again it is recorded');
select is(tests.order('o', 'order second') ->> 'outcome', 'order_differs', 'another that raced it is not');
select is(tests.order('o', 'order second') #>> '{purchase,orderId}', 'order o', 'and is told which one is');
select is(tests.story('o'), 'customer opened, hub ordered, hub order_surplus', 'but stays on file');
select is(tests.alerts(), 'none', 'which is nothing that the owner must look at');
select tests.buy('asha', 'o2', 'pro', 1);
select is(tests.order('o2', 'order o') ->> 'outcome', 'order_differs', 'one order is not the order of two purchases');
select is(tests.standing('o2'), 'opened', 'the second stays without');
select is(tests.alerts('o2'), 'order_differs 1', 'and the owner is told');
select tests.as_service();
select is(public.record_order(id, 'razorpay', 'order y'), '{"outcome": "purchase_not_found"}', 'there is no order for ' || what)
from (values (tests.id('none'), 'what does not exist'), (null, 'nothing')) as missing (id, what);
select throws_ok(
  format('select public.record_order(tests.bought(%L), %L, %L)', 'o2', provider, order_name), '23514', null, 'nor ' || what
)
from (values
  ('paypal', 'order y', 'one of a provider that nobody knows'), (null, 'order y', 'one of no provider'), ('razorpay', '', 'one without a name'),
  ('razorpay', repeat('x', 101), 'one whose name is endless')
) as bad (provider, order_name, what);
select is(
  public.record_order(tests.bought('o2'), 'demo', 'order o') ->> 'outcome', 'recorded', 'two providers may have orders of one name'
);
select tests.as_owner();
select is(tests.order('done', 'order late') #>> '{purchase,status}', 'paid', 'an order that comes after the payment changes nothing');

select * from finish();
rollback;
