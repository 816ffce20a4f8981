/*
 * What a customer's pages are told while they are open: once for each request and commit, with the balance that is
 * committed, on a topic that is his alone to hear. And that telling never stops or changes what it tells of.
 */
begin;
\ir fixtures.psql
select plan(49);

select tests.at('0'), tests.customer('asha'), tests.customer('ravi');
create temp table heard_before (id uuid primary key);
grant all on heard_before to public;

-- What would have been told if the transaction ended here: the payloads since it was last asked, in order.
create function tests.told() returns setof realtime.messages
language plpgsql volatile
as $$
declare
  message realtime.messages;
begin
  set constraints all immediate;
  set constraints all deferred;
  perform set_config('hub.told_request', '', true), set_config('hub.told_session', '', true);
  for message in
    select * from realtime.messages as said where not exists (select from heard_before where id = said.id) order by said.ctid
  loop
    insert into heard_before values (message.id);
    return next message;
  end loop;
end
$$;

-- The same in few words, such as 'generation running 3 held 1'.
create function tests.news() returns text
language sql volatile
return (
  select coalesce(string_agg(concat_ws(
    ' ', event, payload ->> 'status', payload ->> 'waitingFor', payload #>> '{balance,creditsRemaining}',
    'held', payload #>> '{balance,creditsHeld}'
  ), ', '), 'nothing')
  from tests.told()
);
grant execute on function tests.told(), tests.news() to public;

-- What is told, and when ------------------------------------------------------------------------------------------------

select tests.news();
select from private.grant_session(tests.id('asha'), 'flash', 1, 10000);
select is(tests.news(), 'session ready 8 held 0', 'hours that were bought are told of');
update public.user_sessions set id = tests.id('s') where user_id = tests.id('asha');
select tests.reserve('asha', 's', 'a');
select is(tests.news(), 'session active 7 held 1, generation running 7 held 1', 'a first picture, and the clock that it starts');
select tests.reserve('asha', 's', 'b', 3);
select bag_eq(
  $$ select topic, event, private, extension, payload - 'id' as payload from tests.told() $$,
  $$
    select 'customer:' || tests.id('asha') as topic, 'generation' as event, true as private, 'broadcast' as extension, jsonb_build_object(
      'requestId', tests.id('b'), 'conversationId', null, 'sessionId', tests.id('s'), 'status', 'running',
      'waitingFor', null, 'balance', tests.balance('asha', 's')
    ) as payload
  $$,
  'a batch is told of once, on the customer''s own private topic, with what session_balance says'
);
select tests.complete('asha', 'b', 2);
select is(tests.news(), 'generation completed 5 held 1', 'of which two are made and one is not: once again');
select tests.fail('asha', 'a');
select is(tests.news(), 'generation failed 6 held 0', 'a failure comes with the credit that is back');
select is((select count(*)::integer from tests.told()), 0, 'and nothing is told twice');
create function tests.pictures_of(request text) returns uuid[]
language sql stable
return (select array_agg(id) from public.image_generations where request_id = tests.id(request) and object_name is not null);
select tests.as_customer('asha'), public.delete_pictures(tests.pictures_of('b')), tests.as_owner();
select is(tests.news(), 'generation completed 6 held 0', 'that pictures are deleted is told of once, and gives no credit');
select tests.as_customer('asha'), public.delete_pictures(tests.pictures_of('b')), tests.as_owner();
select is(tests.news(), 'nothing', 'what was deleted before is no news');
select tests.as_customer('asha'), public.restore_pictures(tests.pictures_of('b')), tests.as_owner();
select is(tests.news(), 'generation completed 6 held 0', 'but that they are had back is');

select tests.queue('asha', 's', 'w');
select is(tests.news(), 'generation queued 5 held 1', 'what is queued is told of');
select tests.claim();
select is(tests.news(), 'generation running 5 held 1', 'and when it is begun');
select tests.renew(tests.lease('w'));
select is(tests.news(), 'nothing', 'a sign of life of its worker is no news');
select tests.requeue(tests.lease('w'), 30, 'model_loading');
select is(tests.news(), 'generation queued model_loading 5 held 1', 'but why it waits is');
select tests.cancel('asha', 'w');
select is(tests.news(), 'generation failed 6 held 0', 'and that it was taken back');
select tests.reserve('asha', 's', 'x');
select is(tests.news(), 'generation running 5 held 1', 'of what runs');
select tests.cancel('asha', 'x');
select is(tests.news(), 'generation running 5 held 1', 'it is told that it is to be taken back');
select tests.as_service();
select ok(public.report_wait(tests.lease('x'), 'model_loading', 20), 'and of what waits for its engine');
select tests.as_owner();
select is(tests.news(), 'generation running model_loading 5 held 1', 'what for');
select tests.at('61 seconds');
select public.expire_generations();
select is(tests.news(), 'generation expired 6 held 0', 'a hold that ends with its lease is told of');
select tests.complete('asha', 'x');
select is(tests.news(), 'generation expired 6 held 0', 'and so is the picture that comes late, for nothing');

select tests.reserve('asha', 's', 'two'), tests.reserve('asha', 's', 'three');
select is(
  tests.news(), 'generation running 4 held 2, generation running 4 held 2',
  'both of two requests in one commit say the balance that is committed'
);
select tests.fail('asha', 'two'), tests.fail('asha', 'three'), tests.news();

-- Sessions --------------------------------------------------------------------------------------------------------------

select tests.session('t', 'asha', 'flash-lite', 1), tests.news();
select tests.start('asha', 't');
select is(tests.news(), 'session active 3 held 0', 'a session that is started is told of');
select tests.start('asha', 't');
select is(tests.news(), 'nothing', 'once');
update public.user_sessions set hours_purchased = 3, expires_at = expires_at + interval '2 hours' where id = tests.id('t');
select is(tests.news(), 'session active 3 held 0', 'and when it is extended');
update public.user_sessions set status = 'ended' where id = tests.id('t');
select is(tests.news(), 'session ended 0 held 0', 'and when it is ended');
update public.user_sessions set tokens_used = 7 where id = tests.id('t');
select is(tests.news(), 'nothing', 'the chat''s tokens are no news');
select tests.session('u', 'asha', 'flash-lite', 1), tests.reserve('asha', 'u', 'first'), tests.news();
select tests.fail('asha', 'first');
select bag_eq(
  $$ select event, payload ->> 'status' from tests.told() $$,
  $$ values ('session', 'ready'), ('generation', 'failed') $$, 'a clock that stops, since its first picture never came'
);
delete from auth.users where id = tests.id('ravi');
select is(tests.news(), 'nothing', 'who leaves is told nothing');

-- Telling stops nothing -------------------------------------------------------------------------------------------------

select lives_ok($$ select tests.reserve('asha', 'u', 'calm') $$, 'a picture is asked for');
select tests.news();
select ok(not exists (
  select from pg_proc where proname in ('tell_of_generation', 'tell_of_session')
    and not coalesce(proconfig, '{}') @> array['lock_timeout=200ms']
), 'no lock is waited for longer than a moment');
create or replace function private.request_state(customer uuid, request uuid, moment timestamptz) returns jsonb
language plpgsql as $$ begin raise exception 'broken by a test'; end $$;
select lives_ok($$ select tests.complete('asha', 'calm') $$, 'I16: where telling fails');
set client_min_messages = error;
select lives_ok($$ set constraints all immediate $$, 'the transaction does not');
set constraints all deferred;
select is(tests.states('u'), 'completed 1, failed 1', 'and what it tells of is kept');
select is((select count(*)::integer from tests.told()), 0, 'and untold');
reset client_min_messages;

-- Who hears it ------------------------------------------------------------------------------------------------------------
-- Realtime asks as it does when a channel is joined: with the topic set, in the role of who joins.

create function tests.hears(topic text) returns boolean
language plpgsql volatile
as $$
begin
  perform set_config('realtime.topic', topic, true);
  return exists (select from realtime.messages as message where message.topic = hears.topic);
end
$$;
create function tests.speaks(topic text) returns text
language sql volatile
return format(
  'insert into realtime.messages (topic, extension, event, payload, private) values (%L, ''broadcast'', ''session'', ''{}'', true)',
  set_config('realtime.topic', topic, true)
);
grant execute on function tests.hears(text), tests.speaks(text) to public;
insert into realtime.messages (topic, extension, private) values
  ('customer:' || tests.id('maya'), 'broadcast', true), ('room', 'broadcast', true), ('customer:' || tests.id('asha'), 'presence', true);

select tests.as_customer('asha');
select ok(tests.hears('customer:' || tests.id('asha')), 'I16: a customer hears what is told to himself');
select ok(not tests.hears('customer:' || tests.id('maya')), 'and nothing that is told to another');
select ok(not tests.hears('customer:'), 'nor to nobody');
select ok(not tests.hears('room'), 'nor on a topic that is not the hub''s');
select is_empty(
  $$ select from realtime.messages where extension <> 'broadcast' $$, 'who else is on his topic is nobody''s to see'
);
select throws_ok(
  tests.speaks('customer:' || tests.id(nickname)), '42501', null, 'he cannot speak on the topic of ' || nickname
) from unnest(array['asha', 'maya']) as nickname;
select tests.as_anonymous();
select ok(not tests.hears('customer:' || tests.id(nickname)), 'who is not signed in hears nothing that is told to ' || nickname)
from unnest(array['asha', 'maya']) as nickname;
select throws_ok(tests.speaks('customer:' || tests.id('asha')), '42501', null, 'and cannot speak there');
select tests.as_owner();

-- A hub may have topics of its own, and rules for them that were written without a thought of these.
create policy "Everybody hears everything" on realtime.messages for select to anon, authenticated using (true);
create policy "Everybody says everything" on realtime.messages for insert to anon, authenticated with check (true);
select tests.as_customer('asha');
select ok(not tests.hears('customer:' || tests.id('maya')), 'whatever else a hub allows, another''s topic is not his to hear');
select throws_ok(tests.speaks('customer:' || tests.id('asha')), '42501', null, 'nor his own to speak on');
select ok(tests.hears('room'), 'and the hub''s own rules go on to hold');
select lives_ok(tests.speaks('room'), 'for both');
select tests.as_anonymous();
select ok(not tests.hears('customer:' || tests.id('asha')), 'nor does the anonymous hear it then');
select tests.as_owner();

select * from finish();
rollback;
