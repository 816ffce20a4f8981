/*
 * Who may do what with purchases and payments: the anonymous, a customer, a stranger, and the secret key. Customers open
 * and look at purchases of their own; the secret key says what the provider said; nobody writes a table.
 */
begin;
\ir fixtures.psql
\ir purchases.psql
select plan(78);

select tests.at('0'), tests.customer('asha'), tests.customer('ravi');
select tests.paid('asha', 'hers'), tests.ordered('asha', 'unpaid'), tests.paid('ravi', 'his');
create temp table before_all as select tests.books() as books;
create temp table call as
select * from (values
  ('authenticated', 'open_purchase', $$public.open_purchase(tests.id('new'), 'pro', 4)$$),
  ('authenticated', 'purchase_status', $$public.purchase_status(tests.bought('hers'))$$),
  ('service_role', 'record_order', $$public.record_order(tests.bought('unpaid'), 'razorpay', 'order x')$$),
  ('service_role', 'record_payment', $$public.record_payment('razorpay', 'order unpaid', 'pay x', 5000, 'INR', 'captured', 'webhook')$$),
  ('service_role', 'receive_payment_event', $$public.receive_payment_event('evt x', 'order.paid', 'epoch', 'x', '{}')$$),
  ('service_role', 'process_payment_events', 'public.process_payment_events()'),
  ('service_role', 'report_payment_alert', $$public.report_payment_alert('disputed')$$),
  ('service_role', 'begin_refund', $$public.begin_refund(tests.bought('hers'))$$),
  ('service_role', 'settle_refund', $$public.settle_refund(tests.id('x'), 'rfnd x', 'processed')$$),
  ('service_role', 'due_payments', 'public.due_payments()')
) as listed (role, name, statement);
grant select on call to public;

-- Functions, each actor by himself --------------------------------------------------------------------------------------

select tests.as_anonymous();
select throws_ok('select ' || statement, '42501', 'permission denied for function ' || name, 'the anonymous caller has no ' || name)
from call;
select tests.as_customer('ravi');
select throws_ok('select ' || statement, '42501', 'permission denied for function ' || name, 'a customer has no ' || name)
from call where role = 'service_role';
select tests.as_service();
select throws_ok('select ' || statement, '42501', 'permission denied for function ' || name, 'the service is no customer and has no ' || name)
from call where role = 'authenticated';
select tests.as_owner();
select is_empty(
  $$
    select role, proname from unnest(array['anon', 'authenticated', 'service_role']) as role, pg_proc
    where pronamespace = 'private'::regnamespace and has_function_privilege(role, oid, 'execute')
  $$,
  'nobody reaches what grants, gives back or takes back'
);
select is(tests.books(), before_all.books, 'and trying has changed nothing') from before_all;

-- Tables, each actor by himself -----------------------------------------------------------------------------------------

create temp table money as select unnest(array['payment_evidence', 'payment_event', 'payment_alert', 'refund']) as name;
grant select on money to public;
select tests.as_anonymous();
select throws_ok('select from public.purchase', '42501', 'permission denied for table purchase', 'the anonymous caller sees no purchase');
select throws_ok('select from private.' || name, '42501', 'permission denied for schema private', 'the anonymous caller sees no ' || name)
from money;
select throws_ok(
  format(verb, 'purchase'), '42501', 'permission denied for table purchase', format('nor does he %s a purchase', left(verb, 6))
)
from unnest(array['insert into public.%I default values', 'update public.%I set status = default', 'delete from public.%I']) as verb;

select tests.as_customer('asha');
select results_eq(
  'select request_id, status from public.purchase order by status', $$ values (tests.id('unpaid'), 'ordered'), (tests.id('hers'), 'paid') $$,
  'a customer sees her own purchases, and no other'
);
select throws_ok('select from private.' || name, '42501', 'permission denied for schema private', 'a customer sees no ' || name)
from money;
select throws_ok(statement, '42501', null, 'a customer cannot ' || what)
from (values
  ($$ update public.purchase set status = 'paid' where request_id = tests.id('unpaid') $$, 'say that she paid'),
  ($$ update public.purchase set amount_paise = 1 where request_id = tests.id('unpaid') $$, 'choose the price'),
  ($$ update public.purchase set hours = 4 where request_id = tests.id('hers') $$, 'add hours'),
  (
    $$ insert into public.purchase (user_id, request_id, request_digest, kind, plan_id, hours, amount_paise, created_at)
      values (tests.id('asha'), tests.id('mine'), 'x', 'session', 'pro', 4, 1, 'epoch') $$, 'write a purchase of her own'
  ),
  ('delete from public.purchase', 'delete a purchase'), ('truncate public.purchase', 'or all of them'),
  ($$ select private.grant_session(tests.id('asha'), 'pro', 4, 0) $$, 'grant herself a session'),
  ($$ select private.apply_payment('webhook', '{}') $$, 'say what the provider said'),
  ('select private.wake_payment_worker()', 'wake the worker as she likes'),
  ($$ select pg_catalog.nextval('private.payment_evidence_id_seq') $$, 'make a gap in the evidence')
) as attack (statement, what);
select is(
  public.purchase_status(tests.bought('hers')) #>> '{purchase,status}', 'paid', 'a customer asks where her purchase stands'
);

select tests.as_customer('ravi');
select is(
  public.purchase_status(id), '{"outcome": "purchase_not_found"}', 'a stranger learns nothing of ' || what
)
from (values
  (tests.bought('hers'), 'hers'), (tests.bought('unpaid'), 'what she has not paid'), (tests.id('none'), 'what does not exist'), (null, 'nothing at all')
) as asked (id, what);
select is_empty($$ select from public.purchase where user_id <> tests.id('ravi') $$, 'nor sees a row of it');
select tests.as_owner();
select is(
  tests.buy('ravi', 'longer', 'flash-lite', 1, 'hers no more'), '{"outcome": "session_not_found"}', 'nor extends a session that is not his'
);
select tests.as_customer('ravi');
select is(
  public.open_purchase(tests.id('longer'), 'flash-lite', 1, session.id), '{"outcome": "session_not_found"}',
  'whether or not it exists'
)
from (select tests.session_of('hers') as id) as session;
select is(
  public.open_purchase(tests.id('hers'), 'flash-lite', 1) #>> '{purchase,userId}', tests.id('ravi')::text,
  'and the id of her request is another request when he sends it'
);

-- A token without a person is no customer.
select tests.act('authenticated', '{"role": "authenticated"}');
select is(public.open_purchase(tests.id('x'), 'pro', 1), '{"outcome": "unauthorized"}', 'a token that names no person buys nothing');
select is(public.purchase_status(tests.bought('hers')), '{"outcome": "unauthorized"}', 'nor asks');
select is_empty('select from public.purchase', 'nor sees');

select tests.as_service();
select is((select count(*)::integer from public.purchase), 4, 'the service sees every purchase');
select throws_ok(
  statement, '42501', 'permission denied for table purchase', 'I5: the service cannot ' || split_part(statement, ' ', 1) || ' a purchase'
)
from unnest(array[
  'insert into public.purchase default values', $$update public.purchase set status = 'paid'$$, 'delete from public.purchase',
  'truncate public.purchase cascade'
]) as statement;
select throws_ok(
  format(verb, name), '42501', 'permission denied for schema private', format('I5: nor %s %s', left(verb, 6), name)
)
from money, unnest(array['select from private.%I', 'insert into private.%I default values', 'delete from private.%I', 'truncate private.%I']) as verb;

select * from finish();
rollback;
