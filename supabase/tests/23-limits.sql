/*
 * How often somebody may ask: so many at once, and one more each so and so many seconds, for each customer and for each
 * address that the edge function vouches for. Whoever is refused is told when to come back, and loses nothing.
 */
begin;
create temp table shipped as select * from private.rate_limit;
\ir fixtures.psql
select plan(63);

select tests.at('0'), tests.customer(name), tests.session(name, name, 'pro', 4) from unnest(array['asha', 'ravi', 'mina']) as name;

-- A request that is a customer's fifth or five hundredth, and holds nothing: of a session that is not his.
create function tests.ask(customer text, address text default null, seal text default null) returns text
language plpgsql volatile
as $$
declare
  answer constant jsonb := tests.reserve(customer, 'no such session', 'asked', 1, 'a sunset', jsonb_build_object(
    'client_address', address, 'address_seal', seal
  ));
begin
  return case answer ->> 'outcome'
    when 'session_not_found' then 'asked'
    when 'rate_limited' then 'wait ' || (answer ->> 'retryAfter')
    else answer::text
  end;
end
$$;

-- So many questions at once: how many of them were let through.
create function tests.burst(questions integer, customer text, address text default null, seal text default null) returns integer
language sql volatile
return (select count(*) filter (where tests.ask(customer, address, seal) = 'asked') from generate_series(1, questions));

-- As shipped ----------------------------------------------------------------------------------------------------------

select bag_eq(
  'select scope, per_minute, burst from shipped',
  $$ values ('customer', 30, 60), ('address', 120, 240), ('purchase', 10, 20), ('confirmation', 30, 60) $$,
  'a customer may send thirty requests a minute, open ten purchases and confirm thirty, an address four times as many, and each twice that at once'
);
select is(
  (select relpersistence::text from pg_class where oid = 'private.rate_bucket'::regclass), 'u', 'what is used up is not written to the log'
);
select is(tests.burst(500, 'asha'), 500, 'where there is no limit nobody is limited');
insert into private.rate_limit select * from shipped;
select is(tests.burst(100, 'asha'), 60, 'a customer sends sixty at once, and no more');
select is(tests.ask('asha'), 'wait 2', 'then one in two seconds');
select tests.at('1.999999 seconds');
select is(tests.ask('asha'), 'wait 1', 'not a microsecond sooner');
select tests.at('2 seconds');
select is(tests.ask('asha'), 'asked', 'then he may');
select is(tests.ask('asha'), 'wait 2', 'once');
select tests.at('3 seconds');
select is(tests.burst(1000, 'asha'), 0, 'who asks before he may');
select tests.at('4 seconds');
select is(tests.ask('asha'), 'asked', 'does not have to wait any longer for it');
select tests.at('14 seconds');
select is(tests.burst(10, 'asha'), 5, 'after ten seconds he has five');
select tests.at('2 minutes 14 seconds');
select is(tests.burst(100, 'asha'), 60, 'after two minutes all of them');
select tests.at('10 days');
select is(tests.burst(100, 'asha'), 60, 'and never more');
select is(tests.burst(100, 'ravi'), 60, 'each customer has his own');

-- What is told is true: who comes back when he was told is let through, who comes sooner may be not.
update private.rate_limit set per_minute = 7, burst = 3 where scope = 'customer';
select tests.at('20 days');
select is(tests.burst(5, 'asha'), 3, 'the owner may set it otherwise');
select is(tests.ask('asha'), 'wait 9', 'a seventh of a minute is nine seconds, rounded up');
select tests.at('20 days 8 seconds');
select is(tests.ask('asha'), 'wait 1', 'eight are too few');
select tests.at('20 days 9 seconds');
select is(tests.ask('asha'), 'asked', 'and nine enough');
select is(tests.ask('asha'), 'wait 9', 'the next comes a seventh of a minute after the last, not nine seconds');
select tests.at('20 days 17.142858 seconds');
select is(tests.ask('asha'), 'asked', 'which is here');
update private.rate_limit set per_minute = 60, burst = 1 where scope = 'customer';
select tests.at('30 days');
select is(tests.burst(9, 'asha'), 1, 'and with a burst of one there is one at a time');

-- What it costs to be refused, and what is not counted ----------------------------------------------------------------

select tests.at('40 days'), tests.session('s', 'asha', 'flash', 1), tests.ask('asha');
select is(
  tests.reserve('asha', 's', 'refused'), '{"outcome": "rate_limited", "retryAfter": 1}', 'a request too many is refused before anything is looked at'
);
select is_empty($$ select from public.image_generations where request_id = tests.id('refused') $$, 'rule 4: it holds nothing');
select is((select status from public.user_sessions where id = tests.id('s')), 'ready', 'rule 1: and starts no clock');
select is(
  tests.queue('asha', 's', 'refused') ->> 'outcome', 'rate_limited', 'who waits in the queue asks as well'
);
select tests.at('40 days 1 second');
select is(tests.reserve('asha', 's', 'refused') ->> 'outcome', 'reserved', 'rule 6: the same id a second later is served');
select is(
  tests.reserve('asha', 's', 'refused') ->> 'outcome', 'rate_limited', 'and asking again for what is under way is a request'
);
select tests.at('40 days 2 seconds');
select is(
  tests.reserve('asha', 's', 'bad', 5) ->> 'outcome', 'invalid_request', 'a request that cannot be read'
);
select is(tests.ask('asha'), 'asked', 'is none');
select is(
  (tests.status('asha', 'refused') ->> 'outcome') || ', ' || (tests.cancel('asha', 'refused') ->> 'outcome')
    || ', ' || (tests.balance('asha', 's') ->> 'status'),
  'running, running, active', 'who asks where it stands, takes it back, or asks what is left, is not limited'
);
select tests.act('authenticated', '{"role": "authenticated"}');
select is(
  public.reserve_generation(tests.id('s'), tests.id('x'), 'a sunset') ->> 'outcome', 'unauthorized', 'nobody'
);
select tests.as_owner();
select is_empty(
  $$ select from private.rate_bucket where bucket not in ('customer:' || tests.id('asha'), 'customer:' || tests.id('ravi')) $$,
  'has no allowance that he could use up'
);
select tests.at('50 days');
select is(
  (select count(*) filter (where private.take_allowance('customer', null, private.clock()) = 0)::integer from generate_series(1, 5)), 5,
  'nor has who is not known'
);
select is(private.take_allowance('planet', 'earth', private.clock()), 0, 'where there is no such limit nobody is limited');
select throws_ok(
  format('insert into private.rate_limit values (%L, %s, %s)', scope, per_minute, burst), '23514', null, 'there is no limit of ' || what
)
from (values
  ('planet', 1, 1, 'what is neither a customer nor an address'), ('customer', 0, 1, 'none a minute'), ('customer', 1, 0, 'none at once')
) as bad (scope, per_minute, burst, what);

-- The key of the seals ------------------------------------------------------------------------------------------------

delete from private.seal_key;
delete from private.rate_limit;
insert into private.rate_limit values ('address', 60, 2);
select is(private.sealed_address('192.0.2.1', seal), null, 'before there is a key nothing is sealed')
from (values (null), (''), (encode(sha256(E'\n192.0.2.1\n'), 'hex'))) as forged (seal);
select tests.as_service();
create temp table key as select public.address_key() as value;
select is(public.address_key(), (select value from key), 'a key is made when it is first asked for, and stays');
select tests.as_owner();
select matches((select value from key), '^[0-9a-f]{64}$', 'it is long');
create function tests.seal(address text) returns text
language sql stable
return (select encode(sha256(convert_to(value || E'\n' || address || E'\n' || value, 'UTF8')), 'hex') from key);

-- Addresses -----------------------------------------------------------------------------------------------------------

select tests.at('60 days');
select is(tests.burst(3, 'asha', '192.0.2.1', tests.seal('192.0.2.1')), 2, 'an address that the edge function vouches for is limited');
select is(tests.ask('asha', '192.0.2.1', tests.seal('192.0.2.1')), 'wait 1', 'and told how long');
select is(tests.ask('ravi', '192.0.2.1', tests.seal('192.0.2.1')), 'wait 1', 'whoever asks from there');
select is(tests.burst(3, 'ravi', '192.0.2.2', tests.seal('192.0.2.2')), 2, 'and no other address with it');
select tests.at('60 days 1 second');
select is(tests.ask('mina', '192.0.2.1', tests.seal('192.0.2.1')), 'asked', 'when its time has come it may');
select is(
  tests.burst(9, 'asha', address, seal), 9, 'an address is not counted with ' || what
)
from (values
  ('192.0.2.1', null, 'no seal'), ('192.0.2.1', '', 'an empty seal'), ('192.0.2.1', 'forged', 'a forged seal'),
  ('192.0.2.1', tests.seal('192.0.2.2'), 'the seal of another address'), (null, tests.seal('192.0.2.1'), 'a seal of which the address is missing'),
  ('192.0.2.1', encode(sha256(E'\n192.0.2.1\n'), 'hex'), 'the seal of no key'),
  ('192.0.2.1', upper(tests.seal('192.0.2.1')), 'a seal in other letters'),
  ('192.0.2.1 ', tests.seal('192.0.2.1'), 'the seal of an address that merely looks the same'),
  (null, null, 'nothing')
) as forged (address, seal, what);
-- So a customer who calls the ledger himself uses nobody's allowance up.
select is(tests.ask('mina', '192.0.2.1', tests.seal('192.0.2.1')), 'wait 1', 'and its allowance is where it was');
select results_eq(
  $$ select bucket from private.rate_bucket where bucket like 'address:%' order by 1 $$,
  $$ select 'address:' || tests.seal(address) from unnest(array['192.0.2.1', '192.0.2.2']) as address order by 1 $$,
  'an allowance is found by its seal'
);
select is(
  (
    select count(*)::integer from pg_class, lateral query_to_xml(
      format('select * from %s as row where row::text ~ %L', oid::regclass, '192\.0\.2\.'), true, false, '') as found
    where relnamespace in ('public'::regnamespace, 'private'::regnamespace) and relkind = 'r' and found::text ~ '<row>'
  ), 0, 'and no address is stored, in no table'
);
-- Both limits at once.
insert into private.rate_limit values ('customer', 10, 1);
select tests.at('70 days'), tests.ask('asha', '192.0.2.3', tests.seal('192.0.2.3'));
select is(tests.ask('asha', '192.0.2.3', tests.seal('192.0.2.3')), 'wait 6', 'who is limited twice is told the longer time');
select is(tests.ask('ravi', '192.0.2.3', tests.seal('192.0.2.3')), 'wait 1', 'and others from there the address'' time');
-- A new key makes the old seals worthless.
delete from private.seal_key;
delete from private.rate_limit where scope = 'customer';
select tests.as_service();
select isnt(public.address_key(), (select value from key), 'a key that the owner deletes is made anew');
select tests.as_owner();
select is(tests.burst(9, 'asha', '192.0.2.4', tests.seal('192.0.2.4')), 9, 'and what the old one sealed is nobody''s address');

select * from finish();
rollback;
