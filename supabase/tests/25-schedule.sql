/*
 * What happens without a request: the tick, and what wakes the worker. pg_cron, pg_net and Vault are the platform's, and are
 * played here by schemas of their names that write down what they were asked.
 */
begin;
\ir fixtures.psql
-- Where the real ones are, they cannot be played; there only what they were told is looked at.
select to_regnamespace('cron') is null and to_regnamespace('net') is null and to_regnamespace('vault') is null as played \gset
\if :played
select plan(46);

select tests.at('0'), tests.customer('asha'), tests.session('s', 'asha', 'pro', 4);

-- Without any of them -------------------------------------------------------------------------------------------------

-- Whether the server has them to install is the server's matter; what is said is not.
create temp table offered as
select exists (select from pg_available_extensions where name = 'pg_cron') as cron,
  exists (select from pg_available_extensions where name = 'pg_net') as net;
select matches(
  private.schedule(), case when cron then '^pg_cron (calls|could not)' else '^pg_cron is not available here: leases end with the next request' end,
  'where there is no pg_cron the owner is told what then ends a lease'
)
from offered;
select matches(
  private.schedule(), case when net then 'pg_net (wakes|could not)' else 'pg_net is not available here: the worker of the queue has to be called' end,
  'and where there is no pg_net, who then wakes the worker'
)
from offered;
select lives_ok('select private.wake_worker()', 'waking the worker fails nobody where there is nothing to wake it with');
select is(tests.queue('asha', 's', 'w0') ->> 'outcome', 'queued', 'nor does queueing');

-- The schedule --------------------------------------------------------------------------------------------------------

create schema cron;
create table cron.asked (name text, schedule text, command text);
create table cron.job_run_details (runid bigint, end_time timestamptz);
insert into cron.job_run_details values (1, tests.moment('-3 days')), (2, tests.moment('-1 day')), (3, null);
create function cron.schedule(job_name text, schedule text, command text) returns bigint
language sql volatile
begin atomic
  insert into cron.asked values ($1, $2, $3);
  select 7::bigint;
end;
select is(
  private.schedule() like 'pg\_cron calls private.tick() every 10 seconds. pg\_net %', true, 'where there is pg_cron it is set up, and the owner told'
);
select results_eq(
  $$ select name, schedule, command from cron.asked where name = 'hub-tick' $$,
  $$ values ('hub-tick', '10 seconds', 'select private.tick()') $$, 'to tick every ten seconds'
);
select lives_ok((select command from cron.asked where name = 'hub-tick'), 'which is something that can be called');
select lives_ok((select command from cron.asked where name = 'hub-forget'), 'and so is what clears its history');
select results_eq(
  'select runid from cron.job_run_details order by runid', 'values (2::bigint), (3)', 'of what ended more than two days ago'
);
select private.schedule();
select is((select count(distinct name)::integer from cron.asked), 2, 'setting it up again is the same jobs again');
create or replace function cron.schedule(job_name text, schedule text, command text) returns bigint
language plpgsql volatile
as $$ begin raise exception 'pg_cron sleeps'; end $$;
select matches(
  private.schedule(), '^pg_cron could not be set up \(pg_cron sleeps\): enable it and call private\.schedule\(\)\. ',
  'where it cannot be set up the owner is told why'
);

-- Waking, as far as it is set up --------------------------------------------------------------------------------------

create schema net;
create table net.asked (url text, body jsonb, headers jsonb, timeout_milliseconds integer);
create function net.http_post(
  url text, body jsonb default '{}', params jsonb default '{}', headers jsonb default '{}', timeout_milliseconds integer default 2000
) returns bigint
language sql volatile
begin atomic
  insert into net.asked values ($1, $2, $4, $5);
  select 1::bigint;
end;
select matches(
  private.schedule(), ' pg_net wakes the worker of the queue once Vault holds hub_url and hub_secret_key\.$',
  'where there is pg_net the owner is told what it needs'
);
select lives_ok('select private.wake_worker()', 'without Vault waking fails nobody');
create schema vault;
create table vault.kept (name text, decrypted_secret text);
create view vault.decrypted_secrets as select * from vault.kept;
select private.wake_worker();
select is_empty('select from net.asked', 'while Vault holds neither the address nor the key nothing is sent');
insert into vault.kept values ('hub_url', 'https://ref.supabase.co/');
select private.wake_worker();
select is_empty('select from net.asked', 'nor without the key');
update vault.kept set name = 'hub_secret_key', decrypted_secret = 'sb_secret_test';
select private.wake_worker();
select is_empty('select from net.asked', 'nor without the address');
insert into vault.kept values ('hub_url', null), ('other', 'sb_secret_other');
select private.wake_worker();
select is_empty('select from net.asked', 'nor with an address that is none');
update vault.kept set decrypted_secret = 'https://ref.supabase.co/' where name = 'hub_url';
select private.wake_worker();
select results_eq(
  'select url, body, headers, timeout_milliseconds from net.asked',
  $$ values (
    'https://ref.supabase.co/functions/v1/queue-worker', '{}'::jsonb,
    '{"content-type": "application/json", "apikey": "sb_secret_test"}'::jsonb, 150000
  ) $$,
  'with both the worker is called, with the key where the platform wants it and nowhere else'
);
delete from net.asked;
update vault.kept set decrypted_secret = 'https://ref.supabase.co' where name = 'hub_url';
select private.wake_worker();
select is((select url from net.asked), 'https://ref.supabase.co/functions/v1/queue-worker', 'with or without a stroke at the end');
delete from net.asked;
select private.wake_payment_worker();
select is((select url from net.asked), 'https://ref.supabase.co/functions/v1/payment-worker', 'the worker of the payments has an address of his own');

-- Who wakes it --------------------------------------------------------------------------------------------------------

delete from net.asked;
select tests.queue('asha', 's', 'w1', 4);
select is((select count(*)::integer from net.asked), 1, 'a request that is put into the queue wakes the worker once');
select tests.queue('asha', 's', 'w1', 4), tests.reserve('asha', 's', 'w2'), tests.queue('asha', 's', 'w3', 5), tests.status('asha', 'w1');
select is((select count(*)::integer from net.asked), 1, 'asking again, or for what does not wait, does not');
create or replace function net.http_post(
  url text, body jsonb default '{}', params jsonb default '{}', headers jsonb default '{}', timeout_milliseconds integer default 2000
) returns bigint
language plpgsql volatile
as $$ begin raise exception 'pg_net is full'; end $$;
select is(tests.queue('asha', 's', 'w4') ->> 'outcome', 'queued', 'where the worker cannot be woken the request waits all the same');
select is(tests.states('s'), 'queued 6, running 1', 'and holds its credit');
drop view vault.decrypted_secrets;
create view vault.decrypted_secrets as select name, decrypted_secret, 1 / 0 as key_id from vault.kept;
select lives_ok('select private.wake_worker()', 'nor does anything fail where Vault cannot be read');
drop view vault.decrypted_secrets;
create view vault.decrypted_secrets as select * from vault.kept;
drop function net.http_post(text, jsonb, jsonb, jsonb, integer);
select lives_ok('select private.wake_worker()', 'nor where pg_net is not what it was');
create function net.http_post(
  url text, body jsonb default '{}', params jsonb default '{}', headers jsonb default '{}', timeout_milliseconds integer default 2000
) returns bigint
language sql volatile
begin atomic
  insert into net.asked values ($1, $2, $4, $5);
  select 1::bigint;
end;

-- The tick ------------------------------------------------------------------------------------------------------------

delete from net.asked;
select is(private.tick(), 0, 'a tick ends nothing that is alive');
select is((select count(*)::integer from net.asked), 1, 'and wakes the worker while something waits');
update public.image_generations set not_before = tests.moment('30 seconds') where status = 'queued';
select private.tick();
select is((select count(*)::integer from net.asked), 1, 'unless it is not to be tried yet');
select tests.at('29.999999 seconds'), private.tick();
select is((select count(*)::integer from net.asked), 1, 'not a microsecond before');
select tests.at('30 seconds'), private.tick();
select is((select count(*)::integer from net.asked), 2, 'but then');
select tests.claim(100);
delete from net.asked;
select private.tick();
select is_empty('select from net.asked', 'while everything that waited is drawn nobody is woken');
select tests.at('60 seconds');
select is(private.tick(), 1, 'a tick ends the hold whose lease is over');
select is(tests.states('s'), 'expired 1, running 6', 'and no other');
select tests.at('90 seconds');
select is(private.tick(), 6, 'those of the queue''s workers as well');
select is(tests.credits('asha', 's'), 15, 'rule 4: and their credits are free');
delete from net.asked;
select tests.queue('asha', 's', 'w5');
delete from net.asked;
select tests.at('61 minutes 30 seconds'), private.tick();
select is_empty('select from net.asked', 'what has waited too long wakes nobody');
select is(tests.states('s'), 'expired 8', 'but is ended');
select tests.at('62 minutes');
select is(private.tick(), 0, 'a tick in an empty hub');
select is_empty('select from net.asked', 'wakes nobody');

-- Allowances that are full again --------------------------------------------------------------------------------------

delete from private.rate_bucket;
insert into private.rate_bucket values
  ('customer:long ago', private.clock() - interval '1 hour 1 microsecond'), ('customer:an hour ago', private.clock() - interval '1 hour'),
  ('customer:lately', private.clock()), ('customer:later', private.clock() + interval '1 minute');
select private.tick();
select results_eq(
  'select bucket from private.rate_bucket order by full_at', array['customer:an hour ago', 'customer:lately', 'customer:later'],
  'a tick forgets allowances that have been full for an hour, and no others'
);

-- At most so many sessions a tick ------------------------------------------------------------------------------------

select tests.at('2 hours'), tests.session('t' || n, 'asha', 'flash', 1) from generate_series(1, 101) as n;
select tests.reserve('asha', 't' || n, 't' || n) from generate_series(1, 101) as n;
select tests.at('3 hours');
select is(private.tick(), 100, 'a tick has an end: a hundred sessions');
select is(private.tick(), 1, 'and the next takes the rest');

-- However long the queue is, a sweep asks for the time as often as it ends something.
select tests.session('l' || n, 'asha', 'pro', 1) from generate_series(1, 20) as n;
select tests.queue('asha', 'l' || n, 'l' || n, 4) from generate_series(1, 20) as n;
create sequence tests.asked;
create or replace function private.clock() returns timestamptz
language sql volatile set search_path = ''
return case when nextval('tests.asked') > 0 then tests.moment('3 hours') end;
select is(public.expire_generations(), 0, 'a sweep of a queue of which nothing is over');
select cmp_ok((select last_value from tests.asked), '<=', 2::bigint, 'asks for the time once or twice');

-- Who may not ---------------------------------------------------------------------------------------------------------

select is_empty(
  $$
    select role, name from unnest(array['anon', 'authenticated', 'service_role']) as role, unnest(array['tick', 'schedule', 'wake_worker', 'wake_payment_worker']) as name
    where has_function_privilege(role, format('private.%I()', name), 'execute')
  $$,
  'nobody but the hub itself ticks, schedules or wakes'
);

\else
select plan(3);
select results_eq(
  $$ select schedule, command from cron.job where jobname = 'hub-tick' $$, $$ values ('10 seconds', 'select private.tick()') $$,
  'pg_cron ticks every ten seconds'
);
select matches(
  private.schedule(), '^pg_cron calls private\.tick\(\) every 10 seconds\. pg_net wakes the worker', 'and says so, with what else is set up'
);
select lives_ok('select private.wake_worker()', 'and waking the worker fails nobody');
\endif

select * from finish();
rollback;
