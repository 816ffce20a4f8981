/*
 * Actor: the customer, with rows of his own: what he sees, says, and may execute. That he writes nothing of the ledger is
 * rule 9, in 13-rule-9-read-only.sql.
 */
begin;
\ir fixtures.psql
select plan(62);

select tests.customer('asha'), tests.customer('ravi');
select tests.session('hers', 'asha', 'flash', 1), tests.session('his', 'ravi', 'flash', 1);
insert into public.conversations (id, user_id, session_id, title)
values (tests.id('talk'), tests.id('asha'), tests.id('hers'), 'Sunsets'),
  (tests.id('his talk'), tests.id('ravi'), tests.id('his'), 'Cars');
insert into public.chat_messages (conversation_id, role, content)
values (tests.id('talk'), 'user', 'a sunset'), (tests.id('his talk'), 'user', 'a car');
select tests.reserve('asha', 'hers', 'made', 1, 'a sunset', jsonb_build_object('conversation_id', tests.id('talk')));
select tests.complete('asha', 'made'), tests.reserve('ravi', 'his', 'his made'), tests.complete('ravi', 'his made');
insert into public.video_generations (user_id, session_id, prompt, status)
values (tests.id('asha'), tests.id('hers'), 'waves', 'failed'), (tests.id('ravi'), tests.id('his'), 'roads', 'failed');

-- Reading: his own rows and no other ----------------------------------------------------------------------------------

select tests.as_customer('asha');
select results_eq(
  'select plan_id from public.session_config order by plan_id', array['flash', 'flash-lite', 'pro'],
  'a customer sees the plans'
);
select results_eq(
  'select id from public.user_sessions', array[tests.id('hers')],
  'a customer sees his own sessions, no others'
);
select results_eq(
  'select id from public.conversations', array[tests.id('talk')],
  'a customer sees his own conversations, no others'
);
select results_eq(
  'select content from public.chat_messages', array['a sunset'],
  'a customer reads his own messages, no others'
);
select results_eq(
  'select request_id from public.image_generations', array[tests.id('made')],
  'a customer sees his own pictures, no others'
);
select results_eq(
  'select prompt from public.video_generations', array['waves'],
  'a customer sees his own videos, no others'
);
select results_eq(
  $$
    select plan.display_name, session.images_generated, talk.title, picture.resolution
    from public.user_sessions as session
      join public.session_config as plan using (plan_id)
      join public.conversations as talk on talk.session_id = session.id
      join public.image_generations as picture on picture.conversation_id = talk.id
  $$,
  $$ values ('Flash', 1, 'Sunsets', '512x512') $$,
  'a customer may join his rows along their keys'
);

-- Conversations: opening, naming, ending ------------------------------------------------------------------------------

select results_eq(
  $$ insert into public.conversations (id, user_id, session_id) values (tests.id('new'), tests.id('asha'), tests.id('hers')) returning title $$,
  array['New conversation'], 'a customer opens a conversation in a session of his own'
);
select lives_ok(
  $$ insert into public.conversations (user_id, title) values (tests.id('asha'), 'Loose talk') $$, 'or in none'
);
select throws_ok(
  $$ insert into public.conversations (user_id, session_id) values (tests.id('asha'), tests.id('his')) $$,
  '42501', 'new row violates row-level security policy for table "conversations"',
  'a customer cannot open a conversation in somebody else''s session'
);
select throws_ok(
  $$ insert into public.conversations (user_id) values (tests.id('ravi')) $$,
  '42501', 'new row violates row-level security policy for table "conversations"',
  'a customer cannot open a conversation in somebody else''s name'
);
select throws_ok(
  $$ insert into public.conversations (user_id, created_at) values (tests.id('asha'), 'epoch') $$,
  '42501', 'permission denied for table conversations', 'a customer cannot choose when he opened it'
);
select throws_ok(
  $$ insert into public.conversations (user_id, title) values (tests.id('asha'), '') $$,
  '23514', 'new row for relation "conversations" violates check constraint "conversations_title_check"',
  'a conversation has a title'
);
select throws_ok(
  $$ insert into public.conversations (user_id, title) values (tests.id('asha'), repeat('a', 201)) $$,
  '23514', 'new row for relation "conversations" violates check constraint "conversations_title_check"',
  'of at most 200 characters'
);
select results_eq(
  $$ update public.conversations set title = 'Dawns' where id = tests.id('talk') returning title $$, array['Dawns'],
  'a customer renames a conversation of his own'
);
select is_empty(
  $$ update public.conversations set title = 'Mine' where id = tests.id('his talk') returning id $$,
  'a customer cannot rename somebody else''s conversation'
);
select throws_ok(
  format('update public.conversations set %I = default', field), '42501', 'permission denied for table conversations',
  'a customer cannot change the ' || field || ' of a conversation'
)
from unnest(array['id', 'user_id', 'session_id', 'created_at', 'updated_at']) as field;
select is_empty(
  $$ delete from public.conversations where id = tests.id('his talk') returning id $$,
  'a customer cannot end somebody else''s conversation'
);

-- Messages: speaking for himself --------------------------------------------------------------------------------------

select lives_ok(
  $$ insert into public.chat_messages (conversation_id, role, content) values (tests.id('talk'), 'user', 'another') $$,
  'a customer speaks in a conversation of his own'
);
select throws_ok(
  $$ insert into public.chat_messages (conversation_id, role, content) values (tests.id('his talk'), 'user', 'hello') $$,
  '42501', 'new row violates row-level security policy for table "chat_messages"',
  'a customer cannot speak in somebody else''s conversation'
);
select throws_ok(
  format('insert into public.chat_messages (conversation_id, role, content) values (tests.id(%L), %L, %L)', 'talk', voice, 'obey'),
  '42501', 'new row violates row-level security policy for table "chat_messages"',
  'a customer cannot speak as ' || voice
)
from unnest(array['assistant', 'system']) as voice;
select throws_ok(
  format('insert into public.chat_messages (conversation_id, role, content) values (tests.id(%L), %L, %s)', 'talk', 'user', content),
  code, null, 'a message is neither nothing nor endless: ' || content
)
from (values ($$''$$, '23514'), ('null', '23502'), ($$repeat('a', 100001)$$, '23514')) as bad (content, code);
select throws_ok(
  $$ update public.chat_messages set content = 'never said' $$, '42501', 'permission denied for table chat_messages',
  'a customer cannot change what was said'
);
select throws_ok(
  'delete from public.chat_messages', '42501', 'permission denied for table chat_messages',
  'nor delete a single message'
);

-- Functions -----------------------------------------------------------------------------------------------------------

select is(
  public.session_balance(tests.id('hers')) ->> 'creditsRemaining', '7', 'a customer asks what is left of his session'
);
select is(public.session_balance(tests.id('his')), null, 'a customer learns nothing of somebody else''s session');
select is(public.session_balance(null), null, 'nor of no session at all');
select is(public.start_session(tests.id('hers')) ->> 'outcome', 'started', 'a customer starts his own session');
select is(public.start_session(tests.id('his')), '{"outcome": "session_not_found"}', 'a customer cannot start somebody else''s session');
select is(
  public.reserve_generation(tests.id('hers'), tests.id('mine'), 'a sunset') ->> 'outcome', 'reserved',
  'a customer reserves in his own session'
);
select throws_ok(
  'select ' || call, '42501', 'permission denied for function ' || split_part(split_part(call, '.', 2), '(', 1),
  'a customer cannot execute ' || split_part(call, '(', 1)
)
from unnest(array[
  $$public.complete_generation(tests.id('asha'), tests.id('mine'), tests.pictures('asha', 'mine'))$$,
  $$public.fail_generation(tests.id('asha'), tests.id('mine'), 'engine_failed')$$,
  'public.expire_generations()',
  $$public.claim_generations('{}', '{}')$$,
  $$public.renew_lease(gen_random_uuid())$$,
  $$public.requeue_generation(gen_random_uuid(), 1, 'engine_failed')$$,
  $$public.take_engine_turn('huggingface')$$,
  $$public.report_engine('huggingface', 'engine_failed')$$,
  $$public.address_key()$$
]) as call;
select throws_ok(
  'select ' || call, '42501', 'permission denied for schema private', 'a customer cannot reach ' || split_part(call, '(', 1)
)
from unnest(array[
  'private.clock()', $$private.settle_generation(tests.id('asha'), tests.id('mine'), '[]', 'x')$$,
  $$private.expire_session_holds(tests.id('hers'), 'infinity')$$,
  $$private.take_allowance('customer', 'x', 'epoch')$$, $$private.sealed_address('192.0.2.1', 'x')$$,
  $$private.refused_phrase_in('a sunset')$$, $$private.count_refusal(tests.id('asha'), 'x', 'epoch')$$,
  $$private.engine_sight('{}', '{}', 'epoch')$$, $$private.queue_position(tests.id('asha'), tests.id('mine'))$$,
  'private.wake_worker()', 'private.tick()', 'private.schedule()'
]) as call;

-- Ending a conversation keeps the pictures ----------------------------------------------------------------------------

select results_eq(
  $$ delete from public.conversations where id = tests.id('talk') returning title $$, array['Dawns'],
  'a customer ends a conversation of his own'
);
select results_eq(
  $$ select status, conversation_id from public.image_generations where request_id = tests.id('made') $$,
  $$ values ('completed', null::uuid) $$, 'and its pictures stay, outside of any conversation'
);
select is_empty(
  $$ select from public.chat_messages where conversation_id = tests.id('talk') $$,
  'but not its messages'
);
select is(
  public.session_balance(tests.id('hers')) ->> 'creditsRemaining', '6', 'nor does that give a credit back'
);

select * from finish();
rollback;
