/*
 * The inbox: every event is stored once and worked on by itself, one that cannot be applied holds up no other, and events
 * that nobody knows are passed over. Disputes, which take away what is left. And what the function tells the owner.
 */
begin;
\ir fixtures.psql
\ir purchases.psql
select plan(80);

select tests.at('0'), tests.customer('asha');

-- Stored, and nothing else ----------------------------------------------------------------------------------------------

select tests.ordered('asha', 'a');
select is(tests.receive('payment.captured', 'a', event_id => 'evt 1'), '{"outcome": "received"}', 'an event is received');
select is(tests.standing('a'), 'ordered', 'and nothing else happens before somebody works on it');
select results_eq(
  'select event_id, event, occurred_at, received_at, body_sha256, attempts, next_attempt_at, processed_at, outcome from private.payment_event',
  $$ values (
    'evt 1', 'payment.captured', timestamptz 'epoch', tests.moment('0'), repeat('0', 64), 0, tests.moment('0'), null::timestamptz, null::text
  ) $$, 'it lies in the inbox as it came'
);
select is(tests.receive('payment.failed', 'a', event_id => 'evt 1'), '{"outcome": "duplicate"}', 'delivered again it is the same');
select is((select event from private.payment_event), 'payment.captured', 'whatever it says then');
select tests.at('1 minute');
select is(tests.process(), '{"processed": 1, "failed": 0, "waiting": 0}', 'worked on it is applied');
select results_eq(
  'select attempts, processed_at, outcome from private.payment_event', $$ values (1, tests.moment('1 minute'), 'paid') $$, 'which is written to it'
);
select is(
  (select event_id || ' ' || body_sha256 from private.payment_evidence where source = 'webhook' and kind = 'payment_captured'), 'evt 1 ' || repeat('0', 64),
  'and it to what is on file'
);
select is(tests.receive('payment.captured', 'a', event_id => 'evt 1'), '{"outcome": "duplicate"}', 'delivered once more it is still the same');
select is(tests.process(), '{"processed": 0, "failed": 0, "waiting": 0}', 'and there is nothing to do');

-- Events of every kind --------------------------------------------------------------------------------------------------

select is(tests.event(event, 'a', event_id => 'x ' || event), 'ignored', event || ' is passed over')
from unnest(array[
  'payment.downtime.started', 'payment.created', 'subscription.charged', 'order.notification.delivered', 'invoice.paid', 'PAYMENT.CAPTURED', '', ' '
]) as event;
select tests.ordered('asha', 'b');
select is(tests.event('payment.captured', 'b', '{"orderId": null}', 'no order'), 'ignored', 'a payment that no order was made for is none of ours');
select is(tests.standing('b'), 'ordered', 'and pays nothing');
select is(tests.event('order.paid', 'z', '{"orderId": "order z", "paymentId": "pay z"}'), 'order_unknown', 'nor does one for somebody else''s order');
select is(tests.event('refund.processed', 'z', '{"orderId": null, "paymentId": "pay z"}'), 'order_unknown', 'nor is a refund of it ours');
select is(tests.event('payment.dispute.created', 'z', '{"orderId": null, "paymentId": "pay z"}'), 'order_unknown', 'nor a dispute');
select is(tests.event('refund.processed', 'b', '{"refundReceipt": "not a uuid", "orderId": null, "paymentId": null}', 'odd'), 'order_unknown', 'nor one whose receipt is another''s');
select is(tests.alerts(), 'order_unknown 1', 'but for money that came the owner is told');

-- One that cannot be applied --------------------------------------------------------------------------------------------

select tests.at('1 hour'), tests.ordered('asha', 'c'), tests.ordered('asha', 'd');
select tests.receive('payment.captured', 'c', '{"amountPaise": "many"}'), tests.receive('payment.captured', 'd');
select is(tests.process(), '{"processed": 1, "failed": 1, "waiting": 0}', 'an event that cannot be read holds up no other');
select is(array[tests.standing('c'), tests.standing('d')], array['ordered', 'paid'], 'and pays nothing');
select results_eq(
  $$ select processed_at, attempts, next_attempt_at, outcome like '22P02: %' from private.payment_event where event_id = 'evt payment.captured c' $$,
  $$ values (null::timestamptz, 1, tests.moment('1 hour 10 seconds'), true) $$, 'it is tried again in ten seconds'
);
select is_empty(
  $$ select from private.payment_evidence where purchase_id = tests.bought('c') and source = 'webhook' $$, 'and half of it is not done'
);
select tests.at('1 hour 9.999999 seconds');
select is(tests.process(), '{"processed": 0, "failed": 0, "waiting": 0}', 'not sooner');
create temp table tries (nth integer, wait interval, alerts text);
do $$
begin
  for turn in 2..14 loop
    perform set_config('tests.now', (select next_attempt_at::text from private.payment_event where processed_at is null), true);
    perform tests.process();
    insert into tries
    select turn, next_attempt_at - private.clock(), tests.alerts('c') from private.payment_event where processed_at is null;
  end loop;
end
$$;
select is((select string_agg(extract(epoch from wait)::integer::text, ' ' order by nth) from tries), '20 40 80 160 320 640 1280 2560 3600 3600 3600 3600 3600', 'later and later, up to an hour');
select is((select string_agg(alerts, ', ' order by nth) from tries where nth in (9, 10, 14)), 'none, event_stuck 1, event_stuck 5', 'and from the tenth time on the owner is told');
select is(
  (select detail from private.payment_alert where kind = 'event_stuck'), '{"eventId": "evt payment.captured c", "sqlstate": "22P02"}', 'which event it is'
);
update private.payment_event set facts = facts || '{"amountPaise": 5000}', next_attempt_at = private.clock() where processed_at is null;
select is(tests.process() ->> 'processed', '1', 'when it can be read it is applied');
select is(tests.given('c'), 'flash-lite, 1 h, ready', 'and was not lost');
select tests.receive('order.paid', 'x', facts, event_id => facts::text)
from (values
  ('{"orderId": "order b", "paymentId": null}'::jsonb), ('{"orderId": "order b", "paymentStatus": null, "paymentId": "pay b"}')
) as incomplete (facts);
select is(tests.process() ->> 'failed', '2', 'one that should tell of a payment and does not is never passed over');
select is(tests.standing('b'), 'ordered', 'and pays nothing');

-- So many at a time -----------------------------------------------------------------------------------------------------

delete from private.payment_event where processed_at is null;
select tests.at('50 hours'), tests.ordered('asha', 'n' || n), tests.receive('order.paid', 'n' || n) from generate_series(1, 7) as n;
select is(tests.process(3), '{"processed": 3, "failed": 0, "waiting": 4}', 'at most as many as were asked for, and how many are left is told');
select is(tests.process(0), '{"processed": 0, "failed": 0, "waiting": 4}', 'or none');
select is(tests.process(-1), '{"processed": 0, "failed": 0, "waiting": 4}', 'or fewer');
select is(tests.process(), '{"processed": 4, "failed": 0, "waiting": 0}', 'or all');
select is(
  (select string_agg(tests.standing('n' || n), ' ') from generate_series(1, 7) as n), 'paid paid paid paid paid paid paid', 'and each is granted'
);

-- Disputes --------------------------------------------------------------------------------------------------------------

select tests.at('60 hours'), tests.paid('asha', 'p', 'pro', 2);
select is(tests.event('payment.dispute.created', 'p', '{"disputePhase": "chargeback", "disputeStatus": "open"}'), 'disputed', 'a payment is disputed');
select is(array[tests.standing('p'), tests.given('p'), tests.alerts('p')], array['paid', 'pro, 2 h, ended', 'disputed 1'], 'which closes what it paid for');
select is((select disputed_at from public.purchase where request_id = tests.id('p')), tests.moment('60 hours'), 'from now');
select is(
  (select detail || jsonb_build_object('dispute', dispute_id) from private.payment_evidence where dispute_id = 'disp p'),
  '{"phase": "chargeback", "status": "open", "dispute": "disp p"}', 'which is on file'
);
select tests.at('61 hours');
select is(tests.event('payment.dispute.created', 'p', event_id => 'again'), 'disputed', 'told again');
select is((select disputed_at from public.purchase where request_id = tests.id('p')), tests.moment('60 hours'), 'it is disputed since it was');
select is(tests.event('payment.dispute.' || step, 'p'), 'noted', step || ' is noted')
from unnest(array['under_review', 'action_required', 'won', 'lost', 'closed']) as step;
select is(tests.given('p'), 'pro, 2 h, ended', 'and opens nothing');
select is(tests.refund('p'), '{"outcome": "session_started"}', 'what is disputed is not given back as well');
select is(tests.event('refund.processed', 'p'), 'refunded', 'unless the owner did, elsewhere');
select is(tests.given('p'), 'pro, 2 h, ended', 'which takes nothing twice');
-- A dispute while a refund is under way, which then fails.
select tests.paid('asha', 'q', 'pro', 1), tests.refund('q'), tests.event('payment.dispute.created', 'q');
select is(tests.settle('q', 'failed'), 'refund_failed', 'a refund of what was disputed meanwhile fails');
select is(array[tests.standing('q'), tests.given('q')], array['paid', 'pro, 1 h, ended'], 'and opens nothing');
-- Of a session that was made longer the hours of the disputed payment.
select tests.at('70 hours'), tests.customer('r'), tests.session('r', 'r', 'pro', 1), tests.start('r', 'r'), tests.paid('r', 'r+', 'pro', 2, 'r');
select is(tests.event('payment.dispute.created', 'r+'), 'disputed', 'hours that were added are disputed');
select is(
  (select format('%s h, %s, %s', hours_purchased, expires_at - started_at, status) from public.user_sessions where id = tests.id('r')),
  '1 h, 01:00:00, active', 'and go'
);
select tests.event('payment.dispute.created', 'r+', event_id => 'r again'), tests.event('refund.processed', 'r+');
select is(
  (select format('%s h, %s, %s', hours_purchased, expires_at - started_at, status) from public.user_sessions where id = tests.id('r')),
  '1 h, 01:00:00, active', 'once'
);
-- Pictures in a session that is closed under them.
select tests.session('s', 'r', 'pro', 1), tests.reserve('r', 's', 's1'), tests.queue('r', 's', 's2'), tests.reserve('r', 's', 's3');
select tests.buy('r', 's bought', 'pro', 1), tests.order('s bought'), tests.pay('s bought');
update public.user_sessions set status = 'ended' where id = tests.session_of('s bought');
select tests.paid('r', 'u', 'pro', 1);
create function tests.move(request text, nickname text) returns void
language plpgsql volatile
as $$
begin
  -- The guard keeps a purchase with its session; here a session is put in its place.
  alter table public.purchase disable trigger purchase_guard;
  update public.purchase set session_id = tests.id(nickname) where request_id = tests.id(request);
  alter table public.purchase enable trigger purchase_guard;
end
$$;
select tests.move('u', 's'), tests.event('payment.dispute.created', 'u');
select is(tests.states('s'), 'failed 1, running 2', 'what waited is cancelled, what is drawn goes on');
select is(tests.complete('r', 's1') ->> 'outcome', 'completed', 'one of them arrives');
select is(tests.fail('r', 's3') ->> 'outcome', 'failed', 'one does not');
select results_eq(
  $$ select status, images_generated from public.user_sessions where id = tests.id('s') $$, $$ values ('ended', 1) $$, 'and the session is as closed as it was'
);
select tests.session('v', 'r', 'pro', 1), tests.reserve('r', 'v', 'v1'), tests.paid('r', 'v bought', 'pro', 1);
select tests.move('v bought', 'v'), tests.event('payment.dispute.created', 'v bought');
select is(tests.fail('r', 'v1') ->> 'outcome', 'failed', 'where the only one does not');
select is(tests.balance('r', 'v') ->> 'status', 'ended', 'it is closed all the same');
select is(tests.start('r', 'v') ->> 'outcome', 'session_expired', 'and cannot be started');
select is(tests.reserve('r', 'v', 'v2') ->> 'outcome', 'session_expired', 'nor drawn in');
-- A dispute of something else, and one that comes before the payment is known.
select tests.paid('asha', 't', 'pro', 1);
select is(tests.event('payment.dispute.created', 't', '{"paymentId": "pay surplus"}'), 'disputed', 'a dispute about a payment too many');
select is(array[tests.given('t'), tests.alerts('t')], array['pro, 1 h, ready', 'disputed 1'], 'takes nothing away, but is told of');
select tests.ordered('asha', 'w', 'pro', 1);
select is(tests.event('payment.dispute.created', 'w'), 'disputed', 'a dispute about what is not known to be paid');
select is(tests.pay('w') ->> 'outcome', 'held', 'holds what comes');
select is(array[tests.given('w'), tests.alerts('w')], array[null, 'disputed 2'], 'and nothing is granted');

-- What the function tells the owner -------------------------------------------------------------------------------------

delete from private.payment_alert;
select tests.as_service();
select is(
  public.report_payment_alert('signature_invalid', tests.bought('t'), 'order ' || n, 'pay ' || n, jsonb_build_object('long', repeat('x', n * 3000))),
  '{"outcome": "reported"}', 'a signature that is none is told of'
)
from generate_series(1, 3) as n;
select public.report_payment_alert('signature_invalid'), public.report_payment_alert('signature_invalid', detail => null);
select public.report_payment_alert('order_differs', tests.bought('t'), 'order 1', repeat('p', 500));
select throws_ok(
  $$ select public.report_payment_alert('all is well') $$, '23514', null, 'there is nothing to tell but what is known'
);
select tests.as_owner();
select results_eq(
  'select kind, purchase_id, order_id, payment_id, times, char_length(detail::text) <= 4000 from private.payment_alert order by id',
  $$ values
    ('signature_invalid', tests.bought('t'), null, null, 3, true), ('signature_invalid', null, null, null, 2, true),
    ('order_differs', tests.bought('t'), 'order 1', repeat('p', 100), 1, true)
  $$,
  'in one row for each purchase, whatever a browser makes up'
);

select * from finish();
rollback;
