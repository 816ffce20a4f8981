/*
 * What all workers know of the engines: who is passed over, for how long and why, and how often an account may be asked.
 * Nobody is asked more often than his budget says, in any hour, and what waits in the queue is asked for first.
 */
begin;
\ir fixtures.psql
select plan(97);

select tests.at('0'), tests.customer('asha'), tests.session('s', 'asha', 'pro', 4);

create function tests.report(engine text, seconds integer default null, reason text default 'engine_failed') returns text
language plpgsql volatile
as $$
begin
  perform tests.as_service();
  perform public.report_engine(engine, reason, seconds);
  perform tests.as_owner();
  return 'reported ' || engine;
end
$$;

-- What is seen of engines a and b, of the account one, and c, of two: such as 'a engine_failed 30, c engine_failed 10'.
create function tests.sight() returns text
language sql volatile
return (
  select coalesce(string_agg(concat_ws(' ', seen ->> 'engine', seen ->> 'failureCode', seen ->> 'retryAfter'), ', ' order by place), 'none')
  from jsonb_array_elements(private.engine_sight('{a,b,c}', '{one,one,two}', private.clock()) -> 'passedOver')
    with ordinality as passed (seen, place)
);

create function tests.take(account text, for_queue boolean default false) returns text
language plpgsql volatile
as $$
declare
  answer jsonb;
begin
  perform tests.as_service();
  answer := public.take_engine_turn(account, for_queue);
  perform tests.as_owner();
  return case when (answer ->> 'granted')::boolean and answer - 'granted' = '{}' then 'granted' else 'wait ' || (answer ->> 'waitMs') end;
end
$$;

-- Passed over for so long ---------------------------------------------------------------------------------------------

select is(tests.sight(), 'none', 'an engine of which nothing is known is asked');
select tests.report('a', 30, 'engine_unavailable');
select is(tests.sight(), 'a engine_unavailable 30', 'one that is reported with seconds is passed over for so long');
select tests.at('29.000001 seconds');
select is(tests.sight(), 'a engine_unavailable 1', 'to its last moment');
select tests.at('30 seconds');
select is(tests.sight(), 'none', 'and then asked again');
select tests.report('a', 30), tests.report('a', 10, 'engine_timeout');
select is(tests.sight(), 'a engine_timeout 30', 'who is passed over longer than is reported now stays so, and the newest reason is told');
select tests.report('a', 50);
select is(tests.sight(), 'a engine_failed 50', 'or longer');
select tests.report('b', seconds) from unnest(array[0, -1, -2147483648]) as seconds;
select is(tests.sight(), 'a engine_failed 50', 'for no seconds, or fewer, nobody is passed over');
select tests.report('b', 2147483647);
select is(tests.sight(), 'a engine_failed 50, b engine_failed 86400', 'and for no longer than a day');
select tests.report('two', 20, 'engine_misconfigured');
select is(
  tests.sight(), 'a engine_failed 50, b engine_failed 86400, c engine_misconfigured 20', 'an account that is passed over takes its engines with it'
);
select tests.report('one', 60, 'engine_misconfigured');
select is(
  tests.sight(), 'a engine_misconfigured 60, b engine_failed 86400, c engine_misconfigured 20',
  'of an engine and its account the one that is passed over longer is told'
);
delete from private.engine_standing where engine in ('one', 'b');
select is(tests.sight(), 'a engine_failed 50, c engine_misconfigured 20', 'the owner has one asked again by deleting its row');
select is(
  private.engine_sight('{a,c}', '{one,two}', private.clock()) -> 'passedOver' -> 0,
  '{"engine": "a", "failureCode": "engine_failed", "retryAfter": 50}', 'and this is how it is told'
);
select is(
  private.engine_sight('{x,y}', '{three,four}', private.clock()), '{"passedOver": [], "budgeted": []}', 'of engines that one does not name one learns nothing'
);
select is(private.engine_sight(null, null, private.clock()), '{"passedOver": [], "budgeted": []}', 'nor of none');
select throws_ok(
  format('select tests.report(%s, 1)', engine), code, null, 'what is no engine is not reported: ' || left(engine, 20)
)
from (values ($$''$$, '23514'), ($$repeat('a', 301)$$, '23514'), ('null', '23502')) as bad (engine, code);
select tests.as_owner();

-- Five in a row -------------------------------------------------------------------------------------------------------

delete from private.engine_standing;
select tests.report('a') from generate_series(1, 4);
select is(tests.sight(), 'none', 'four failures in a row are chance');
select tests.report('a', null, 'engine_timeout');
select is(tests.sight(), 'a engine_timeout 15', 'five are not: for a quarter of a minute it is passed over');
select tests.at('45 seconds');
select is(tests.sight(), 'none', 'and then asked again');
select tests.report('a');
select is(tests.sight(), 'a engine_failed 15', 'once: if that fails too, it is passed over again');
select tests.at('105.000001 seconds'), tests.report('a') from generate_series(1, 4);
select is(tests.sight(), 'none', 'after more than a minute in which nobody failed the count begins anew');
select tests.at('165.000001 seconds'), tests.report('a');
select is(tests.sight(), 'a engine_failed 15', 'but not after a minute');
delete from private.engine_standing;
select tests.report('a'), tests.report('b') from generate_series(1, 4);
select is(tests.sight(), 'none', 'each engine is counted for itself');
select tests.report('one') from generate_series(1, 5);
select is(tests.sight(), 'a engine_failed 15, b engine_failed 15', 'and an account as well');
delete from private.engine_standing;
select tests.report('a', 5), tests.report('a'), tests.report('a'), tests.report('a');
select is(tests.sight(), 'a engine_failed 5', 'a failure with seconds is one of the five');
select tests.report('a');
select is(tests.sight(), 'a engine_failed 15', 'and the fifth without any counts');
select tests.report('a', 600);
select tests.report('a');
select is(tests.sight(), 'a engine_failed 600', 'which never brings it back sooner than was said');

-- A picture sets it back ----------------------------------------------------------------------------------------------

delete from private.engine_standing;
create function tests.draw(engine text) returns text
language plpgsql volatile
as $$
declare
  request constant text := 'drawn ' || gen_random_uuid();
begin
  perform tests.reserve('asha', 's', request);
  return public.complete_generation(
    tests.id('asha'), tests.id(request), jsonb_set(tests.pictures('asha', request), '{0,engine}', to_jsonb(engine))
  ) ->> 'outcome';
end
$$;
select tests.report('a') from generate_series(1, 4);
select is(tests.draw('a'), 'completed', 'a picture');
select tests.report('a');
select is(tests.sight(), 'none', 'sets the count of its engine back');
select tests.report('a') from generate_series(1, 4);
select is(tests.sight(), 'a engine_failed 15', 'to nothing');
select tests.draw('b');
select is(tests.sight(), 'a engine_failed 15', 'not that of another');
select tests.draw('a');
select is(tests.sight(), 'none', 'and an engine that draws is not passed over any longer');
select tests.report('a') from generate_series(1, 5);
select tests.report('one', 60), tests.draw('a');
select is(
  tests.sight(), 'a engine_failed 60, b engine_failed 60', 'and brings the engine back, though not its account, which is somebody else''s matter'
);
select tests.at('225.000001 seconds');
select is(tests.sight(), 'none', 'whose time alone brings it back');
select is(tests.draw('unheard of'), 'completed', 'of an engine that never failed nothing is remembered');
select is_empty($$ select from private.engine_standing where engine = 'unheard of' $$, 'not even that');

-- What a customer is told ---------------------------------------------------------------------------------------------

delete from private.engine_standing;
insert into private.engine_budget (account, turns_per_hour, gap) values ('one', null, '0'), ('three', null, '0');
create function tests.ask(request text, engines text, accounts text, respond_async boolean default false) returns jsonb
language sql volatile
return tests.reserve('asha', 's', request, 1, 'a sunset', jsonb_build_object(
  'engines', engines, 'accounts', accounts, 'respond_async', respond_async
));
select is(
  tests.ask('seen 1', '{a,c}', '{one,two}') -> 'engines', '{"passedOver": [], "budgeted": ["one"]}', 'a hold comes with what is known of the engines'
);
select tests.report('a', 20), tests.fail('asha', 'seen 1');
select is(
  tests.ask('seen 2', '{a,c}', '{one,two}') - 'generations' - 'balance' - 'userId' - 'leaseId',
  '{"outcome": "reserved", "engines": {"passedOver": [{"engine": "a", "failureCode": "engine_failed", "retryAfter": 20}], "budgeted": ["one"]}}',
  'where one of them is left it is held, and it is told who is not to be asked'
);
select tests.fail('asha', 'seen 2'), tests.report('c', 10, 'engine_unavailable');
select is(
  tests.ask('passed', '{a,c}', '{one,two}') - 'balance',
  '{
    "outcome": "engines_passed_over",
    "engines": {
      "passedOver": [
        {"engine": "a", "failureCode": "engine_failed", "retryAfter": 20},
        {"engine": "c", "failureCode": "engine_unavailable", "retryAfter": 10}
      ],
      "budgeted": ["one"]
    }
  }', 'where none is left it is refused, with the reasons'
);
select is(
  tests.ask('passed', '{a,c}', '{one,two}') -> 'balance', tests.balance('asha', 's'), 'and what is left'
);
select is_empty($$ select from public.image_generations where request_id = tests.id('passed') $$, 'rule 4: which takes no hold');
select is(
  tests.ask('passed', '{a,c}', '{one,two}', true) ->> 'outcome', 'queued', 'who can wait waits for the one that will be back'
);
select tests.cancel('asha', 'passed'), tests.report('a', 20, 'engine_misconfigured');
select is(
  tests.ask('partly', '{a,c}', '{one,two}', true) ->> 'outcome', 'queued', 'also where the other has to be mended by its owner'
);
select tests.cancel('asha', 'partly'), tests.report('c', 20, 'engine_misconfigured');
select is(
  tests.ask('wrong', '{a,c}', '{one,two}', true) ->> 'outcome', 'engines_passed_over', 'but nobody waits where both have'
);
select is_empty($$ select from public.image_generations where request_id = tests.id('wrong') $$, 'rule 4: nor takes a hold');
select is(tests.ask('unknown', '{}', '{}') ->> 'outcome', 'reserved', 'who names no engine is told of none');
select is(
  tests.ask('unknown', '{a,c}', '{one,two}') ->> 'outcome', 'request_in_progress', 'rule 6: engines are no part of what was asked for'
);
select tests.session('unstarted', 'asha', 'flash', 1), tests.report('one', 20, 'engine_misconfigured');
select tests.reserve('asha', 'unstarted', 'no start', 1, 'a sunset', '{"engines": "{a}", "accounts": "{one}"}');
select is(
  (select status from public.user_sessions where id = tests.id('unstarted')), 'ready', 'rule 1: a clock is not started for engines that nobody asks'
);
delete from private.engine_standing;

-- Budgets -------------------------------------------------------------------------------------------------------------

select results_eq(
  $$ select account, turns_per_hour, gap from private.engine_budget where account = 'huggingface' $$,
  $$ values ('huggingface', 30, interval '2 seconds') $$, 'a free key of Hugging Face has thirty turns an hour, two seconds apart'
);
select is(tests.take('nobody'), 'granted', 'who has no budget has no limit');
select is(tests.take('nobody'), 'granted', 'however often');
select is_empty($$ select from private.engine_turn where account = 'nobody' $$, 'nor is it written down');
select is(tests.take('three'), 'granted', 'nor has a budget of no number');
select is(tests.take('three'), 'granted', 'and no gap') from generate_series(1, 2);

select tests.at('0');
select is(tests.take('huggingface'), 'granted', 'the first turn is granted');
select is(tests.take('huggingface'), 'wait 2000', 'the second is two seconds away');
select tests.at('1.999999 seconds');
select is(tests.take('huggingface'), 'wait 1', 'to the last microsecond, rounded up');
select is(
  (select count(*)::integer from private.engine_turn where account = 'huggingface'), 1, 'what is not granted is not counted'
);
select tests.at('2 seconds');
select is(tests.take('huggingface'), 'granted', 'then it is granted');
select is(
  (select string_agg(tests.at(n * interval '2 seconds') || ' ' || tests.take('huggingface'), '; ') from generate_series(2, 29) as n) ~ 'wait', false,
  'and so are thirty, two seconds apart'
);
select tests.at('60 seconds');
select is(tests.take('huggingface'), 'wait 3540000', 'the thirty-first has to wait until the first is an hour old');
select tests.at('59 minutes 59.999999 seconds');
select is(tests.take('huggingface'), 'wait 1', 'to the microsecond');
select tests.at('1 hour');
select is(tests.take('huggingface'), 'granted', 'then it is granted');
select is(tests.take('huggingface'), 'wait 2000', 'and the next when the second is an hour old');
select is(
  (select count(*)::integer from private.engine_turn where account = 'huggingface'), 30, 'no more are kept than that takes'
);
select is(
  (
    select max((select count(*) from private.engine_turn as turn
      where turn.account = 'huggingface' and turn.taken_at > last.taken_at - interval '1 hour' and turn.taken_at <= last.taken_at))::integer
    from private.engine_turn as last where last.account = 'huggingface'
  ), 30, 'so that in no hour there are more than thirty'
);
-- Three hours of somebody who takes whatever he gets, at random moments.
create function tests.hours_of_taking(seed double precision) returns text
language plpgsql volatile
as $$
declare
  elapsed interval := '0';
  taken timestamptz[] := '{}';
  previous timestamptz;
  answer text;
begin
  perform setseed(seed);
  delete from private.engine_turn;
  while elapsed < interval '3 hours' loop
    perform tests.at(elapsed);
    answer := tests.take('huggingface', random() < 0.5);
    if answer = 'granted' then
      if tests.moment(elapsed) < previous + interval '2 seconds' then
        return 'two turns within two seconds at ' || elapsed;
      end if;
      previous := tests.moment(elapsed);
      taken := taken || previous;
      if (select count(*) from unnest(taken) as turn where turn > previous - interval '1 hour') > 30 then
        return 'more than thirty within an hour at ' || elapsed;
      end if;
    else
      -- Who comes back when he was told gets it, where nobody else came.
      perform tests.at(elapsed + substring(answer from '\d+')::integer * interval '1 millisecond');
      if (private.engine_turn_at(
        (select budget from private.engine_budget as budget where account = 'huggingface'), 1, private.clock()
      )) > private.clock() then
        return 'told to wait too short a time at ' || elapsed;
      end if;
    end if;
    elapsed := elapsed + random() * random() * interval '90 seconds';
  end loop;
  return case when cardinality(taken) between 85 and 90 then null else 'only ' || cardinality(taken) || ' turns' end;
end
$$;
select is(tests.hours_of_taking(seed), null, 'in three hours of asking at random the budget is kept, and used, seed ' || seed)
from unnest(array[0.1, 0.2]) as seed;
select matches(
  pg_get_functiondef('public.take_engine_turn(text, boolean)'::regprocedure),
  'for update;\s+if not found then[^;]+;\s+end if;\s+moment := private\.clock\(\)', 'the time of a turn is read after the lock on its budget'
);

-- The queue goes first ------------------------------------------------------------------------------------------------

delete from private.engine_turn;
select tests.at('0'), tests.session('q', 'asha', 'pro', 4);
select tests.queue('asha', 'q', 'waits ' || n) from generate_series(1, 2) as n;
select is(
  tests.take('huggingface'), 'wait 4000', 'while two pictures wait, who does not work for the queue is told to come after them'
);
select is(tests.take('huggingface', true), 'granted', 'who works for it gets the turn');
select tests.at('2 seconds'), tests.fail('asha', 'waits 1');
select is(tests.take('huggingface'), 'wait 2000', 'while one waits the next turn is its');
update public.image_generations set not_before = tests.moment('10 seconds') where request_id = tests.id('waits 2');
select is(tests.take('huggingface'), 'granted', 'unless it is not to be tried yet');
select tests.at('10 seconds');
select is(tests.take('huggingface'), 'wait 2000', 'once it is it goes first again');
select tests.at('1 hour');
select is(tests.take('huggingface'), 'granted', 'until it has waited too long');
insert into private.engine_budget (account, turns_per_hour) values ('nobody', 2);
delete from private.engine_turn;
select tests.queue('asha', 'q', 'later'), tests.at('1 hour 1 second');
select is(
  tests.take('nobody'), 'granted', 'of two turns the queue needs one, so the other is for whoever comes'
);
select is(tests.take('nobody'), 'wait 3600000', 'and the second is not');
select is(tests.take('nobody', true), 'granted', 'but the queue''s');
delete from private.engine_budget where account = 'nobody';
select is_empty($$ select from private.engine_turn where account = 'nobody' $$, 'a budget that is deleted takes its turns with it');

-- When the n-th turn is -----------------------------------------------------------------------------------------------

select tests.at('0');
delete from private.engine_turn;
create function tests.turn_at(nth integer) returns interval
language sql volatile
return private.engine_turn_at(
  (select budget from private.engine_budget as budget where account = 'huggingface'), nth, private.clock()
) - tests.moment('0');
select is(tests.turn_at(nth), expected, 'of an account that rests, turn ' || nth || ' is at ' || expected)
from (values
  (1, interval '0'), (2, '2 seconds'), (30, '58 seconds'), (31, '1 hour'), (60, '1 hour'), (61, '2 hours'), (1000, '33 hours')
) as turn (nth, expected);
insert into private.engine_turn (account, taken_at)
select 'huggingface', tests.moment(n * interval '1 minute') from generate_series(-40, -1) as n;
select is(tests.turn_at(nth), expected, 'of one that had a turn every minute, turn ' || nth || ' is at ' || expected)
from (values
  (1, interval '30 minutes'), (2, '31 minutes'), (30, '59 minutes'), (31, '1 hour 30 minutes'), (60, '1 hour 59 minutes')
) as turn (nth, expected);
delete from private.engine_turn;
insert into private.engine_turn (account, taken_at)
select 'huggingface', tests.moment('-10 hours') from generate_series(1, 30);
select is(tests.turn_at(nth), expected, 'of one that was used up ten hours ago, turn ' || nth || ' is at ' || expected)
from (values (1, interval '0'), (30, '58 seconds'), (31, '1 hour'), (61, '2 hours')) as turn (nth, expected);

select * from finish();
rollback;
