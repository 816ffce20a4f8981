/*
 * What nobody has told: when the provider is asked what became of a purchase or a refund, how often and for how long, and
 * who is woken to ask. A webhook that never came costs nobody his hours.
 */
begin;
\ir fixtures.psql
\ir purchases.psql
select plan(41);

create function tests.asked(part text) returns text
language sql volatile
return (
  select coalesce(string_agg(coalesce(
    (select request from unnest(array['a', 'b', 'c', 'd', 'r', 's']) as request where tests.bought(request)::text in (due ->> 'id', due ->> 'purchaseId')),
    '?'
  ), ', ' order by place), 'nothing')
  from jsonb_array_elements(tests.due() -> part) with ordinality as listed (due, place)
);

-- Purchases -------------------------------------------------------------------------------------------------------------

select tests.at('0'), tests.customer('asha'), tests.buy('asha', 'a', 'pro', 1);
select tests.at('1 minute'), tests.ordered('asha', 'b', 'pro', 1);
select is(tests.due(), '{"purchases": [], "refunds": []}', 'what was opened just now is left alone');
select tests.at('4 minutes 59.999999 seconds');
select is(tests.asked('purchases'), 'nothing', 'for five minutes');
select tests.at('5 minutes');
select is(tests.asked('purchases'), 'a', 'then it is asked for, also without an order, since its making may have been lost');
select is(tests.asked('purchases'), 'nothing', 'once, by whoever comes first');
select tests.at('6 minutes');
create temp table answer as select tests.due() as due;
select is(due #> '{purchases,0}', private.purchase_json(bought), 'and told with all that is known of it')
from answer, public.purchase as bought where bought.request_id = tests.id('b');
select results_eq(
  'select check_count, next_check_at from public.purchase order by created_at',
  $$ values (1, tests.moment('15 minutes')), (1, tests.moment('16 minutes')) $$, 'the next time is twice as long away'
);
update public.purchase set next_check_at = null, status = 'abandoned' where request_id = tests.id('a');
create temp table checks (nth integer, checked_at timestamptz, standing text);
do $$
begin
  for turn in 2..40 loop
    perform set_config('tests.now', next_check_at::text, true) from public.purchase where request_id = tests.id('b');
    exit when not exists (select from public.purchase where next_check_at is not null);
    perform tests.due();
    insert into checks values (turn, private.clock(), tests.standing('b'));
  end loop;
end
$$;
select is(
  (select string_agg((checked_at - tests.moment('1 minute'))::text, ' ' order by nth) from checks where nth <= 9),
  '00:15:00 00:35:00 01:15:00 02:35:00 05:15:00 10:35:00 16:35:00 22:35:00', 'again and again, half as often each time, down to every six hours'
);
select is((select count(*)::integer from checks), 25, 'twenty-six times in all');
select is((select max(checked_at) - tests.moment('1 minute') from checks), interval '5 days 4 hours 35 minutes' , 'until five days are over');
select is((select string_agg(distinct standing, ' ' order by standing) from checks where nth < 26), 'ordered', 'so long it waits');
select is((select standing from checks where nth = 26), 'abandoned', 'asked for a last time it is abandoned');
select is(tests.story('b'), 'customer opened, hub ordered, hub abandoned', 'which is on file');
select tests.at('30 days');
select is(tests.asked('purchases'), 'nothing', 'and nobody asks any more');
select is(tests.pay('b', source => 'reconciliation') ->> 'outcome', 'paid', 'but what is found out late is money');
select is(tests.order('a') #>> '{purchase,status}', 'abandoned', 'an order that is made late does not make it young again');
select is(tests.pay('a') ->> 'outcome', 'paid', 'but can be paid');

-- What is decided is not asked for.
select tests.paid('asha', 'c', 'pro', 1), tests.ordered('asha', 'd', 'pro', 1), tests.pay('d', facts => '{"amountPaise": 1}');
select tests.at('31 days');
select is(tests.asked('purchases'), 'nothing', 'neither what is paid nor what is held is asked for');
select tests.ordered('asha', 'many ' || n, 'pro', 1) from generate_series(1, 25) as n;
select tests.at('32 days');
select is(jsonb_array_length(tests.due(7) -> 'purchases'), 7, 'at most so many at a time');
select is(jsonb_array_length(tests.due() -> 'purchases'), 18, 'and then the others');
select is(tests.due(0) || tests.due(-1), '{"purchases": [], "refunds": []}', 'or none');

-- Refunds ---------------------------------------------------------------------------------------------------------------

select tests.at('40 days'), tests.paid('asha', 'r', 'pro', 1), tests.paid('asha', 's', 'pro', 1), tests.refund('r');
select tests.at('40 days 59.999999 seconds');
select is(tests.asked('refunds'), 'nothing', 'a refund is for whoever began it to ask for, for a minute');
select tests.at('40 days 1 minute'), tests.refund('s');
truncate answer;
insert into answer select tests.due();
select is(
  due #> '{refunds,0}', private.refund_json(repaid, bought), 'then it is asked for again, with its key'
)
from answer, private.refund as repaid join public.purchase as bought on bought.id = repaid.purchase_id
where repaid.id = tests.refund_id('r');
select is(jsonb_array_length(due -> 'refunds'), 1, 'and no other') from answer;
select is((select next_attempt_at from private.refund where id = tests.refund_id('r')), tests.moment('40 days 3 minutes'), 'and next in twice that time');
select is(tests.settle('r', 'pending'), 'refunding', 'while it is pending');
select tests.at('40 days 3 minutes');
select is(tests.asked('refunds'), 's, r', 'it goes on');
update private.refund set attempts = 30;
select tests.at('50 days'), tests.due();
select is((select max(next_attempt_at) from private.refund), tests.moment('50 days 6 hours'), 'down to every six hours');
select tests.settle('r', 'processed'), tests.settle('s', 'failed'), tests.at('60 days');
select is(tests.asked('refunds'), 'nothing', 'until it is settled, well or not');

-- Waking ----------------------------------------------------------------------------------------------------------------

create table tests.woken (channel text);
create or replace function private.wake(channel text, function_name text) returns void
language sql volatile set search_path = ''
as $$ insert into tests.woken values (channel || ' ' || function_name) $$;
grant insert on tests.woken to public;
create function tests.ticked() returns text
language plpgsql volatile
as $$
begin
  delete from tests.woken;
  perform private.tick();
  return coalesce((select string_agg(channel, ', ' order by channel) from tests.woken), 'nobody');
end
$$;
select tests.due(1000), tests.at('70 days'), tests.due(1000), tests.at('70 days 1 second');
select is(tests.ticked(), 'nobody', 'a tick in a hub in which nothing is due wakes nobody');
select tests.receive('order.paid', 'c', event_id => 'evt w');
select is((select string_agg(channel, ', ') from tests.woken), 'hub_payments payment-worker', 'an event wakes the worker of the payments');
select tests.receive('order.paid', 'c', event_id => 'evt w');
select is((select count(*)::integer from tests.woken), 1, 'the same again does not');
select is(tests.ticked(), 'hub_payments payment-worker', 'a tick wakes him while an event waits');
select tests.process();
select is(tests.ticked(), 'nobody', 'and not when none does');
select tests.receive('order.paid', 'c', '{"amountPaise": "many"}', 'evt bad'), tests.process();
select is(tests.ticked(), 'nobody', 'nor while one rests');
select tests.at('70 days 11 seconds');
select is(tests.ticked(), 'hub_payments payment-worker', 'until it is tried again');
delete from private.payment_event where processed_at is null;
select tests.ordered('asha', 'w', 'pro', 1), tests.at('70 days 5 minutes 10.999999 seconds');
select is(tests.ticked(), 'nobody', 'a purchase that is not due wakes nobody');
select tests.at('70 days 5 minutes 11 seconds');
select is(tests.ticked(), 'hub_payments payment-worker', 'one that is does');
select tests.due(), tests.pay('w');
select is(tests.ticked(), 'nobody', 'one that is paid does not');
select tests.refund('w');
select is(tests.ticked(), 'nobody', 'a refund that was begun just now does not');
select tests.at('70 days 6 minutes 11 seconds');
select is(tests.ticked(), 'hub_payments payment-worker', 'one of which nothing was heard does');
select tests.session('q', 'asha', 'pro', 1), tests.queue('asha', 'q', 'q1'), tests.due();
select is(tests.ticked(), 'hub_queue queue-worker', 'and what waits in the queue wakes its own');

select * from finish();
rollback;
