/*
 * What not even the owner of the tables can write by mistake: a purchase goes on as it must and keeps what was bought, what
 * was said about money is only ever added to, and no two orders, payments or refunds are one. And a customer who leaves.
 */
begin;
\ir fixtures.psql
\ir purchases.psql
select plan(68);

select tests.at('0'), tests.customer('asha'), tests.customer('ravi');

-- From state to state ---------------------------------------------------------------------------------------------------

-- A row in each state, made without the guard; then every step from each to each, with it.
create function tests.put(request text, state text) returns text
language plpgsql volatile
as $$
begin
  perform tests.ordered('asha', request);
  alter table public.purchase disable trigger purchase_guard;
  update public.purchase
  set status = state, order_id = case when state <> 'opened' then order_id end, provider = case when state <> 'opened' then provider end,
    ordered_at = case when state <> 'opened' then ordered_at end,
    payment_id = case when state in ('paid', 'held', 'refunding', 'refunded') then 'pay ' || request end,
    paid_at = case when state in ('paid', 'refunding', 'refunded') then tests.moment('0') end,
    refunded_at = case when state = 'refunded' then tests.moment('0') end,
    next_check_at = case when state in ('opened', 'ordered') then tests.moment('0') end
  where request_id = tests.id(request);
  alter table public.purchase enable trigger purchase_guard;
  return state;
end
$$;
create temp table state as
select unnest(array['opened', 'ordered', 'paid', 'held', 'abandoned', 'refunding', 'refunded']) as name;
select tests.put(name, name) from state;
create function tests.step(was text, becomes text) returns text
language plpgsql volatile
as $$
begin
  update public.purchase
  set status = becomes, order_id = coalesce(order_id, 'order ' || was || becomes), provider = 'razorpay', ordered_at = tests.moment('0'),
    payment_id = case when becomes in ('paid', 'held', 'refunding', 'refunded') then coalesce(payment_id, 'pay ' || was) end,
    paid_at = case when becomes = 'paid' or paid_at is not null and becomes <> 'held' then coalesce(paid_at, tests.moment('0')) end,
    refunded_at = case when becomes = 'refunded' then tests.moment('0') end,
    next_check_at = case when becomes in ('opened', 'ordered') then tests.moment('0') end
  where request_id = tests.id(was);
  raise exception 'it may' using errcode = 'P0002';
exception
  when no_data_found then
    return 'may';
  when integrity_constraint_violation or check_violation then
    return 'may not';
end
$$;
select is(
  (select string_agg(becomes.name, ', ' order by becomes.name) from state as becomes where becomes.name <> was.name and tests.step(was.name, becomes.name) = 'may'),
  may, 'what was ' || was.name || ' becomes ' || coalesce(may, 'nothing else')
)
from state as was
join (values
  ('opened', 'abandoned, ordered'), ('ordered', 'abandoned, held, paid'), ('paid', 'refunded, refunding'), ('held', 'paid, refunded, refunding'),
  ('abandoned', 'held, paid'), ('refunding', 'paid, refunded'), ('refunded', null)
) as rule (name, may) using (name)
order by was.name;
-- Of a refund that fails, where nothing had been granted.
select tests.ordered('asha', 'h'), tests.pay('h', facts => '{"amountPaise": 1}'), tests.refund('h');
select lives_ok(
  $$ update public.purchase set status = 'held' where request_id = tests.id('h') $$, 'what was held and was to be given back is held again'
);
select is(
  private.purchase_may(was.name, becomes.name) is not null, true, 'the guard has a word for ' || was.name || ' to ' || becomes.name
)
from state as was, state as becomes where was.name in ('refunded', 'abandoned') and becomes.name in ('paid', 'opened');

-- What was bought -------------------------------------------------------------------------------------------------------

select tests.paid('asha', 'p', 'pro', 2);
select throws_ok(
  format('update public.purchase set %s where request_id = tests.id(%L)', change, 'p'), code, null, 'a purchase that is paid keeps ' || what
)
from (values
  ('hours = 4', '23000', 'its hours'), ('amount_paise = 1', '23000', 'its price'), ($$plan_id = 'flash'$$, '23000', 'its plan'),
  ($$request_id = tests.id('x')$$, '23000', 'the id of its request'), ($$request_digest = 'x'$$, '23000', 'its digest'),
  ($$created_at = 'epoch'$$, '23000', 'its day'), ($$user_id = tests.id('ravi')$$, '23000', 'its customer'),
  ($$id = tests.id('x')$$, '23000', 'its id'), ($$order_id = 'order x'$$, '23000', 'its order'), ($$provider = 'demo'$$, '23000', 'its provider'),
  ($$payment_id = 'pay x'$$, '23000', 'its payment'), ($$kind = 'extension'$$, '23000', 'its kind'), ($$paid_at = 'epoch'$$, '23000', 'when it was paid'),
  ($$currency = 'USD'$$, '23000', 'its currency'), ($$payment_id = null$$, '23000', 'having a payment')
) as change (change, code, what);
select tests.session('other', 'asha', 'pro', 1);
select throws_ok(
  $$ update public.purchase set session_id = tests.id('other') where request_id = tests.id('p') $$, '23000', null, 'and its session'
);
update public.purchase set disputed_at = tests.moment('1 hour') where request_id = tests.id('p');
select throws_ok(
  $$ update public.purchase set disputed_at = null where request_id = tests.id('p') $$, '23000', null, 'and that it is disputed, once it is'
);
select throws_ok($$ delete from public.purchase where request_id = tests.id('p') $$, '23000', null, 'and stays');
select throws_ok('truncate public.purchase', '0A000', null, 'as all of them do');
select tests.ordered('asha', 'q');
select throws_ok(
  $$ update public.purchase set session_id = tests.id('other') where request_id = tests.id('q') $$, '23000', null, 'one that is not paid gets no session'
);
select throws_ok(
  format('update public.purchase set %s where request_id = tests.id(%L)', change, request), code, null, 'nor is a purchase ' || what
)
from (values
  ('q', $$status = 'paid', next_check_at = null$$, '23514', 'paid without a payment'),
  ('q', $$status = 'paid', next_check_at = null, payment_id = 'pay q'$$, '23514', 'paid at no time'),
  ('q', $$payment_id = 'pay q'$$, '23514', 'with a payment and not paid'), ('q', 'next_check_at = null', '23514', 'waiting, and forgotten'),
  ('p', $$status = 'refunded'$$, '23514', 'given back at no time'), ('p', $$next_check_at = 'epoch'$$, '23514', 'paid, and asked for'),
  ('q', 'check_count = -1', '23514', 'asked for fewer than no times'), ('q', $$last_failure = repeat('x', 501)$$, '23514', 'a long story'),
  ('q', $$status = 'lost'$$, '23000', 'in a state that nobody knows')
) as broken (request, change, code, what);
select throws_ok(
  format(
    'insert into public.purchase (user_id, request_id, request_digest, kind, plan_id, hours, amount_paise, currency, created_at, next_check_at, status)
    values (tests.id(%L), gen_random_uuid(), %L, %L, %L, %s, %s, %L, %L, %L, %L)', 'asha', 'x', kind, plan, hours, paise, currency, 'epoch', 'epoch', 'opened'
  ), code, null, 'no purchase of ' || what
)
from (values
  ('gift', 'pro', 1, 1, 'INR', '23514', 'another kind'), ('session', 'none', 1, 1, 'INR', '23503', 'no plan'), ('session', 'pro', 0, 1, 'INR', '23514', 'no hours'),
  ('session', 'pro', 5, 1, 'INR', '23514', 'five hours'), ('session', 'pro', 1, 0, 'INR', '23514', 'nothing'), ('session', 'pro', 1, -1, 'INR', '23514', 'a debt'),
  ('session', 'pro', 1, 1, 'USD', '23514', 'dollars')
) as bad (kind, plan, hours, paise, currency, code, what);
select tests.ordered('ravi', 'his');
select throws_ok(
  $$ update public.purchase set order_id = 'order q' where request_id = tests.id('o') or request_id = tests.id('opened') and status = 'opened' $$,
  '23514', null, 'an order is somebody''s'
);
select throws_ok(
  $$ update public.purchase set status = 'ordered', provider = 'razorpay', order_id = 'order q', ordered_at = 'epoch' where request_id = tests.id('opened') $$,
  '23505', null, 'and nobody else''s'
);
select throws_ok(
  $$ update public.purchase set status = 'held', next_check_at = null, payment_id = 'pay p' where request_id = tests.id('q') $$,
  '23505', null, 'and a payment is one purchase''s'
);
select tests.paid('asha', 'r', 'pro', 1), tests.refund('r');
select throws_ok(
  $$ insert into private.refund (purchase_id, amount_paise, requested_at) values (tests.bought('r'), 1, 'epoch') $$, '23505', null, 'of one purchase one refund is alive'
);

-- What was said ---------------------------------------------------------------------------------------------------------

create temp table said as select count(*) as rows, max(id) as newest from private.payment_evidence;
select throws_ok(statement, '23000', 'evidence is only ever added', 'I14: what was said ' || what)
from (values
  ('update private.payment_evidence set amount_paise = 0', 'is not said otherwise'), ('update private.payment_evidence set kind = kind where false', 'not even in vain'),
  ('delete from private.payment_evidence', 'is not taken back'), ('delete from private.payment_evidence where false', 'nor is nothing'),
  ('truncate private.payment_evidence', 'nor is all of it')
) as tampering (statement, what);
select is((select count(*) from private.payment_evidence), rows, 'it is all there') from said;
select throws_ok(
  format('insert into private.payment_evidence (recorded_at, source, kind, detail) values (%L, %L, %L, %L)', 'epoch', source, kind, detail), '23514', null, 'nobody says ' || what
)
from (values
  ('hearsay', 'x', '{}'::jsonb, 'what nobody is'), ('hub', '', '{}', 'nothing'), ('hub', 'x', jsonb_build_object('x', repeat('x', 4000)), 'without an end')
) as bad (source, kind, detail, what);

-- A customer who leaves -------------------------------------------------------------------------------------------------

create temp table hers as select id from public.purchase where user_id = tests.id('asha');
create temp table her_evidence as select count(*) as rows from private.payment_evidence where user_id = tests.id('asha');
delete from auth.users where id = tests.id('asha');
select is_empty($$ select from public.user_sessions where user_id = tests.id('asha') $$, 'of a customer who leaves no session stays');
select is(
  (select count(*) filter (where user_id is null and session_id is null)::integer from public.purchase where id in (select id from hers)),
  (select count(*)::integer from hers), 'but every purchase does, without a name'
);
select is((select count(*) from private.payment_evidence where user_id = tests.id('asha')), rows, 'and all that was said') from her_evidence;
select is(tests.settle('r', 'processed'), 'refunded', 'what was on its way back to her still goes');
select is(tests.event('refund.created', 'p'), 'refunding', 'and what the owner gives her back is noted');
select is(tests.event('payment.dispute.created', 'paid'), 'disputed', 'as is what she disputes');
select is(tests.refund('p') #>> '{refund,status}', 'pending', 'and asked for, it is known');

select * from finish();
rollback;
