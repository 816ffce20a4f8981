/*
 * Why a picture waits and until when: told to its customer and to nobody else, true as long as it is told, and over with
 * the state that it belongs to.
 */
begin;
\ir fixtures.psql
select plan(40);

select tests.at('0'), tests.customer('asha'), tests.customer('ravi'), tests.session('s', 'asha', 'pro', 4);
delete from private.engine_budget;

-- What generation_status says of it, such as 'queued model_loading 30': the seconds are those until then.
create function tests.why(request text, customer text default 'asha') returns text
language sql volatile
return (
  select concat_ws(' ', status ->> 'outcome', status ->> 'waitingFor', extract(epoch from (status ->> 'notBefore')::timestamptz - private.clock())::integer)
  from tests.status(customer, request) as status
);
-- What the row says, such as 'queued model_loading'.
create function tests.row(request text) returns text
language sql stable
return (
  select string_agg(concat_ws(' ', status, wait_code, case when wait_until is not null then 'until' end), ', ' order by batch_index)
  from public.image_generations where request_id = tests.id(request)
);
create function tests.report(lease uuid, code text, seconds integer) returns boolean
language plpgsql volatile
as $$
declare
  answer boolean;
begin
  perform tests.as_service();
  answer := public.report_wait(lease, code, seconds);
  perform tests.as_owner();
  return answer;
end
$$;

-- In the queue ----------------------------------------------------------------------------------------------------------

select tests.queue('asha', 's', 'q');
select is(tests.why('q'), 'queued', 'what waits for its turn waits for nothing else');
select tests.claim();
select is(tests.why('q'), 'running', 'nor what is drawn');
select tests.requeue(tests.lease('q'), 30, 'model_loading');
select is(tests.why('q'), 'queued model_loading 30', 'what was put back says what for, and until when');
select is(tests.status('asha', 'q') ->> 'failureCode', null, 'which is no failure');
select tests.as_customer('asha');
select is(
  (select wait_code from public.image_generations where request_id = tests.id('q')), 'model_loading', 'his own row says it as well'
);
select tests.as_customer('ravi');
select is_empty($$ select wait_code from public.image_generations $$, 'which nobody else sees');
select tests.as_owner();
select is(tests.why('q', 'ravi'), 'request_not_found', 'nor is a stranger told');
select tests.at('31 seconds');
select is(tests.why('q'), 'queued model_loading -1', 'until it is claimed it has waited for that');
select tests.claim();
select is(tests.row('q'), 'running', 'with the claim that is over');
select is(tests.why('q'), 'running', 'and told no more');
select tests.requeue(tests.lease('q'), 5, 'rate_limited');
select is(tests.why('q'), 'queued rate_limited 5', 'the next time it may be something else');
select tests.at('36 seconds'), tests.claim();
select tests.complete('asha', 'q');
select is(tests.row('q'), 'completed', 'what is made waits for nothing');

select tests.queue('asha', 's', 'c'), tests.claim(), tests.requeue(tests.lease('c'), 30, 'engine_unavailable');
select is(tests.row('c'), 'queued engine_unavailable', 'of what waits');
select tests.cancel('asha', 'c');
select is(tests.row('c') || ', ' || tests.why('c'), 'failed, failed', 'and is taken back nothing is left');
select tests.queue('asha', 's', 'old'), tests.claim(), tests.requeue(tests.lease('old'), 30, 'engine_unavailable');
select tests.at('2 hours'), public.expire_generations();
select is(tests.row('old') || ', ' || tests.why('old'), 'expired, expired', 'nor of what waited too long');

-- While it is drawn -------------------------------------------------------------------------------------------------------

select tests.reserve('asha', 's', 'now');
select ok(tests.report(tests.lease('now'), 'model_loading', 20), 'a worker says that it waits');
select is(tests.why('now'), 'running model_loading 20', 'and its customer is told what for, and until when');
select is(tests.row('now'), 'running model_loading until', 'as his row is');
select tests.at('2 hours 10 seconds'), tests.renew(tests.lease('now'));
select is(tests.why('now'), 'running model_loading 10', 'a sign of life does not end it');
select tests.at('2 hours 20 seconds');
select is(tests.why('now'), 'running', 'when the time is over it is not told any more, whoever forgot to say so');
select tests.report(tests.lease('now'), 'rate_limited', 1000000);
select is(tests.why('now'), 'running rate_limited 3600', 'nobody waits for more than an hour');
select tests.report(tests.lease('now'), null, null);
select is(tests.row('now') || ', ' || tests.why('now'), 'running engine_unavailable until, running', 'nor for less than no time');
select tests.report(tests.lease('now'), 'model_loading', 20);
select tests.fail('asha', 'now', 'model_loading');
select is(tests.row('now'), 'failed', 'what failed waits for nothing');

select tests.reserve('asha', 's', 'b', 3), tests.report(tests.lease('b'), 'model_loading', 20);
select is(
  tests.row('b'), 'running model_loading until, running model_loading until, running model_loading until',
  'a batch under one lease waits as one'
);
select tests.complete('asha', 'b', 1, tests.lease('b'));
select is(tests.row('b'), 'completed, failed, failed', 'and is settled as one');
select tests.queue('asha', 's', 'w'), tests.claim(), tests.report(tests.lease('w'), 'model_loading', 20);
select tests.requeue(tests.lease('w'), 9, 'engine_unavailable');
select is(tests.row('w'), 'queued engine_unavailable', 'what is put back waits for what it was put back for');
select is(tests.why('w'), 'queued engine_unavailable 9', 'and for no longer');

-- Half of a batch ---------------------------------------------------------------------------------------------------------

select tests.at('2 hours 40 seconds'), tests.claim(), tests.complete('asha', 'w'), tests.queue('asha', 's', 'half', 2), tests.claim();
select tests.requeue(tests.lease('half'), 30, 'model_loading');
select is(tests.row('half'), 'queued model_loading, running', 'of a batch one waits and one is drawn');
select is(tests.why('half'), 'running', 'then it is drawn');
select tests.complete('asha', 'half', 4, tests.lease('half'));
select is(tests.why('half'), 'running model_loading 30', 'and when that is there, the other is waited for');

-- Who may say so ----------------------------------------------------------------------------------------------------------

select tests.reserve('asha', 's', 'late');
create temp table lease as select tests.lease('late') as id;
grant select on lease to public;
select ok(not tests.report(gen_random_uuid(), 'model_loading', 20), 'under a lease that is nobody''s nothing is reported');
select ok(not tests.report(null, 'model_loading', 20), 'nor under none');
select tests.at('2 hours 101 seconds');
select ok(not tests.report((select id from lease), 'model_loading', 20), 'I12: nor under one that has run out');
select is(tests.row('late'), 'running', 'and nothing is written');
select tests.as_customer('asha');
select throws_ok(
  $$ select public.report_wait((select id from lease), 'model_loading', 20) $$, '42501', null, 'a customer reports nothing'
);
select tests.as_anonymous();
select throws_ok(
  $$ select public.report_wait((select id from lease), 'model_loading', 20) $$, '42501', null, 'nor does anybody else'
);
select tests.as_owner();
select throws_ok(
  format('update public.image_generations set wait_code = %L, wait_until = %L where request_id = tests.id(%L)', 'x', until, request),
  '23514', null, 'what is ' || status || ' cannot ' || what
)
from (values
  ('completed', 'wait', 'q', null), ('failed', 'wait', 'c', null), ('expired', 'wait', 'old', null),
  ('running', 'wait without an end', 'late', null)
) as wrong (status, what, request, until);

select * from finish();
rollback;
