/*
 * Actor: the stranger, a signed-in customer who knows the ids of somebody else's session, conversation, picture and
 * request. Knowing an id gives him nothing, and costs its owner nothing.
 */
begin;
\ir fixtures.psql
select plan(57);

select tests.customer('asha'), tests.customer('ravi');
select tests.session('hers', 'asha', 'flash-lite', 1), tests.session('his', 'ravi', 'pro', 1);
select tests.session('unstarted', 'asha', 'flash', 1);
insert into public.conversations (id, user_id, session_id, title)
values (tests.id('talk'), tests.id('asha'), tests.id('hers'), 'Sunsets');
insert into public.chat_messages (id, conversation_id, role, content)
values (tests.id('word'), tests.id('talk'), 'user', 'a sunset');
select tests.reserve('asha', 'hers', 'done'), tests.complete('asha', 'done'), tests.reserve('asha', 'hers', 'held');
select tests.session('for later', 'asha', 'flash', 1), tests.queue('asha', 'for later', 'waits');
insert into public.video_generations (id, user_id, session_id, prompt, status)
values (tests.id('film'), tests.id('asha'), tests.id('hers'), 'waves', 'failed');

-- Rows that are hidden from him ---------------------------------------------------------------------------------------

select tests.as_customer('ravi');
select is_empty(query, 'a stranger does not find ' || what)
from (values
  ($$ select from public.user_sessions where id = tests.id('hers') $$, 'a session by its id'),
  ($$ select from public.user_sessions where user_id = tests.id('asha') $$, 'a session by its owner'),
  ($$ select from public.conversations where id = tests.id('talk') $$, 'a conversation by its id'),
  ($$ select from public.conversations where session_id = tests.id('hers') $$, 'a conversation by its session'),
  ($$ select from public.chat_messages where id = tests.id('word') $$, 'a message by its id'),
  ($$ select from public.chat_messages where conversation_id = tests.id('talk') $$, 'a message by its conversation'),
  ($$ select from public.image_generations where request_id = tests.id('done') $$, 'a picture by its request'),
  ($$ select from public.image_generations where session_id = tests.id('hers') $$, 'a picture by its session'),
  ($$ select from public.image_generations where user_id = tests.id('asha') $$, 'a picture by its owner'),
  ($$ select from public.video_generations where id = tests.id('film') $$, 'a video by its id'),
  ($$ select from public.image_generations where status = 'running' $$, 'holds that are not his own')
) as hidden (query, what);
select is_empty(query, 'a stranger cannot ' || what)
from (values
  ($$ update public.conversations set title = 'Taken' where id = tests.id('talk') returning id $$, 'rename a conversation'),
  ($$ delete from public.conversations where id = tests.id('talk') returning id $$, 'end a conversation')
) as hidden (query, what);
select throws_ok(statement, '42501', message, 'a stranger cannot ' || what)
from (values
  (
    $$ insert into public.conversations (user_id, session_id) values (tests.id('ravi'), tests.id('hers')) $$,
    'new row violates row-level security policy for table "conversations"', 'open a conversation in the session'
  ),
  (
    $$ insert into public.conversations (user_id) values (tests.id('asha')) $$,
    'new row violates row-level security policy for table "conversations"', 'open a conversation in its owner''s name'
  ),
  (
    $$ insert into public.chat_messages (conversation_id, role, content) values (tests.id('talk'), 'user', 'hello') $$,
    'new row violates row-level security policy for table "chat_messages"', 'speak in the conversation'
  ),
  (
    $$ update public.user_sessions set user_id = tests.id('ravi') where id = tests.id('hers') $$,
    'permission denied for table user_sessions', 'take the session over'
  ),
  (
    $$ update public.image_generations set user_id = tests.id('ravi') $$,
    'permission denied for table image_generations', 'take a picture over'
  ),
  ('delete from public.user_sessions', 'permission denied for table user_sessions', 'delete the session'),
  ('delete from public.image_generations', 'permission denied for table image_generations', 'delete a picture'),
  ('delete from public.chat_messages', 'permission denied for table chat_messages', 'delete a message'),
  ('delete from public.video_generations', 'permission denied for table video_generations', 'delete a video'),
  (
    $$ insert into public.image_generations (id) values (gen_random_uuid()) $$,
    'permission denied for table image_generations', 'slip a picture in'
  )
) as denied (statement, message, what);

-- Functions, called with ids that are not his -------------------------------------------------------------------------

select is(public.session_balance(tests.id('hers')), null, 'a stranger learns nothing of the balance');
select is(public.start_session(tests.id('unstarted')), '{"outcome": "session_not_found"}', 'a stranger starts no clock');
select is(
  public.generation_status(tests.id(request)), '{"outcome": "request_not_found"}',
  'a stranger does not learn where a request stands: ' || request
)
from unnest(array['done', 'held', 'waits', 'no such request']) as request;
select is(
  public.cancel_generation(tests.id(request)), '{"outcome": "request_not_found"}', 'nor takes one back: ' || request
)
from unnest(array['done', 'held', 'waits', 'no such request']) as request;
select is(
  public.reserve_generation(tests.id('hers'), tests.id('r1'), 'a sunset'), '{"outcome": "session_not_found"}',
  'a stranger cannot spend the session''s credits'
);
select is(
  public.reserve_generation(tests.id('no such session'), tests.id('r1'), 'a sunset'), '{"outcome": "session_not_found"}',
  'and is told the same as of a session that does not exist'
);
select is(
  public.reserve_generation(tests.id('hers'), tests.id('done'), 'a sunset'), '{"outcome": "session_not_found"}',
  'nor does the id of a request give him its picture'
);
select is(
  public.reserve_generation(tests.id('his'), tests.id('r2'), 'a sunset', conversation_id => tests.id('talk')),
  '{"field": "conversationId", "outcome": "invalid_request"}',
  'a stranger cannot put a picture into the conversation'
);
select is(
  public.reserve_generation(tests.id('his'), tests.id('r2'), 'a sunset', conversation_id => tests.id('no such talk')),
  '{"field": "conversationId", "outcome": "invalid_request"}',
  'and is told the same as of a conversation that does not exist'
);
select is(
  public.reserve_generation(tests.id('his'), tests.id('held'), 'his own words') ->> 'outcome', 'reserved',
  'the same id of a request is another request when another customer sends it'
);
select throws_ok(
  'select ' || call, '42501', 'permission denied for function ' || split_part(split_part(call, '.', 2), '(', 1),
  'a stranger cannot execute ' || split_part(call, '(', 1)
)
from unnest(array[
  $$public.complete_generation(tests.id('asha'), tests.id('held'), '[]')$$,
  $$public.fail_generation(tests.id('asha'), tests.id('held'), 'engine_failed')$$,
  'public.expire_generations()',
  $$public.claim_generations('{}', '{}')$$,
  $$public.renew_lease(tests.lease('held'))$$,
  $$public.requeue_generation(tests.lease('held'), 1, 'engine_failed')$$,
  $$public.take_engine_turn('huggingface')$$,
  $$public.report_engine('huggingface', 'engine_failed')$$,
  $$public.address_key()$$
]) as call;

-- And its owner lost nothing ------------------------------------------------------------------------------------------

select tests.as_owner();
select is(
  (select status from public.user_sessions where id = tests.id('unstarted')), 'ready', 'and the session that she has not started still waits'
);
select is(tests.credits('asha', 'hers'), 1, 'after all that its owner has the credit that she had');
select is(tests.states('hers'), 'completed 1, running 1', 'and the pictures');
select is(tests.states('for later'), 'queued 1', 'and the one that waits');
select is(tests.credits('asha', 'for later'), 7, 'and its credit');
select is_empty(
  $$ select from public.image_generations where user_id = tests.id('asha') and cancel_requested_at is not null $$,
  'and nothing of hers is marked as taken back'
);
select results_eq(
  $$ select title, session_id from public.conversations where user_id = tests.id('asha') $$,
  $$ values ('Sunsets', tests.id('hers')) $$, 'and the conversation'
);
select is(
  (tests.complete('asha', 'held') ->> 'outcome') || ', ' || tests.states('his'), 'completed, running 1',
  'and settling her request does not touch the stranger''s of the same id'
);
select results_eq(
  $$ select prompt from public.image_generations where request_id = tests.id('held') order by prompt $$,
  array['a sunset', 'his own words'], 'each of the two requests holds what its own customer asked for'
);

select * from finish();
rollback;
