/*
 * Actor: the service, which is whoever holds the secret key. It reads everything, settles requests and reports
 * payments, and yet writes no table of the ledger itself: a bug in a function can lose a picture, but never the count.
 */
begin;
\ir fixtures.psql
select plan(93);

select tests.customer('asha'), tests.session('hers', 'asha', 'flash', 1);
insert into public.conversations (id, user_id, session_id, title)
values (tests.id('talk'), tests.id('asha'), tests.id('hers'), 'Sunsets');
select tests.reserve('asha', 'hers', 'r1'), tests.reserve('asha', 'hers', 'r2'), tests.reserve('asha', 'hers', 'r3');

select tests.as_service();

-- Reading -------------------------------------------------------------------------------------------------------------

select isnt_empty(
  'select from public.' || name || ' where ' || condition, 'the service reads ' || name || ' of anybody'
)
from (values
  ('session_config', 'true'), ('user_sessions', $$user_id = tests.id('asha')$$),
  ('conversations', $$user_id = tests.id('asha')$$), ('image_generations', $$user_id = tests.id('asha')$$)
) as target (name, condition);
select lives_ok('select from public.' || name, 'the service may read ' || name)
from unnest(array['chat_messages', 'video_generations']) as name;

-- Writing -------------------------------------------------------------------------------------------------------------

select lives_ok(
  format('insert into public.chat_messages (conversation_id, role, content) values (tests.id(%L), %L, %L)', 'talk', voice, 'Here it is.'),
  'the service speaks in a conversation as ' || voice
)
from unnest(array['assistant', 'system']) as voice;
select lives_ok(
  $$ update public.user_sessions set tokens_used = 5 where id = tests.id('hers') $$,
  'the service counts the tokens that the chat used'
);
select lives_ok(
  $$ insert into public.conversations (user_id, title) values (tests.id('asha'), 'Opened for her') $$,
  'the service opens a conversation for a customer'
);
select lives_ok(
  $$ delete from public.chat_messages where conversation_id = tests.id('talk') $$,
  'the service clears a conversation'
);
select throws_ok(
  format(verb, name), '42501', 'permission denied for table ' || name,
  format('I5: the service cannot %s %s', left(verb, position(' ' in verb) - 1), name)
)
from unnest(array[
    'session_config', 'user_sessions', 'conversations', 'chat_messages', 'image_generations', 'video_generations'
  ]) as name,
  unnest(array[
    'insert into public.%I default values', 'delete from public.%I', 'truncate public.%I cascade'
  ]) as verb
where name not in ('conversations', 'chat_messages') or verb like 'truncate%';
select throws_ok(
  format('update public.%I set %I = default', name, field), '42501', 'permission denied for table ' || name,
  format('I5: the service cannot update %s of %s', field, name)
)
from (values
  ('session_config', 'image_credits_per_hour'), ('session_config', 'price_per_hour_paise'),
  ('user_sessions', 'images_generated'), ('user_sessions', 'expires_at'), ('user_sessions', 'status'),
  ('image_generations', 'status'),
  ('image_generations', 'lease_expires_at'), ('image_generations', 'image_url'), ('video_generations', 'video_url')
) as target (name, field);

-- Functions -----------------------------------------------------------------------------------------------------------

select throws_ok(
  $$ select public.reserve_generation(tests.id('hers'), tests.id('r9'), 'a sunset') $$,
  '42501', 'permission denied for function reserve_generation', 'the service cannot spend a customer''s credits'
);
select throws_ok(
  $$ select public.start_session(tests.id('hers')) $$,
  '42501', 'permission denied for function start_session', 'the service starts no customer''s clock'
);
select throws_ok(
  $$ select public.session_balance(tests.id('hers')) $$,
  '42501', 'permission denied for function session_balance',
  'the service is no customer, so it has no balance to ask for'
);
select throws_ok(
  'select public.' || call, '42501', 'permission denied for function ' || split_part(call, '(', 1),
  'the service is no customer: it has no ' || split_part(call, '(', 1)
)
from unnest(array[$$generation_status(tests.id('r1'))$$, $$cancel_generation(tests.id('r1'))$$]) as call;
select throws_ok(
  format(verb, name), '42501', 'permission denied for schema private',
  format('the service cannot %s private.%s', left(verb, position(' ' in verb) - 1), name)
)
from unnest(array[
    'engine_standing', 'engine_budget', 'engine_turn', 'rate_limit', 'rate_bucket', 'seal_key', 'refused_phrase', 'refusal',
    'payment_evidence', 'payment_event', 'payment_alert', 'refund'
  ]) as name,
  unnest(array['select from private.%I', 'insert into private.%I default values', 'delete from private.%I']) as verb;
select throws_ok(
  'select ' || call, '42501', 'permission denied for schema private', 'the service cannot reach ' || split_part(call, '(', 1)
)
from unnest(array[
  'private.clock()', $$private.settle_generation(tests.id('asha'), tests.id('r1'), '[]', 'x')$$,
  $$private.expire_session_holds(tests.id('hers'), 'infinity')$$, $$private.stop_clock_without_picture(tests.id('hers'))$$
]) as call;
select is(
  public.complete_generation(tests.id('asha'), tests.id('r1'), tests.pictures('asha', 'r1')) ->> 'outcome', 'completed',
  'the service completes a request'
);
select is(
  public.fail_generation(tests.id('asha'), tests.id('r2'), 'engine_failed') ->> 'outcome', 'failed',
  'the service fails a request'
);
select is(public.expire_generations(), 0, 'the service expires what has lapsed, and nothing has');
select is(
  public.claim_generations('{easel:sketch}', '{easel}') -> 'generations', '[]', 'the service claims what waits, and nothing does'
);
select is(public.renew_lease(tests.lease('r3')) ->> 'held', 'true', 'the service renews a lease');
select is(
  public.requeue_generation(gen_random_uuid(), 1, 'engine_failed'), 'expired', 'the service puts back what it holds, and nothing else'
);
select hasnt_function('public', 'grant_session', 'the service grants no session: money does');

-- Settling somebody who is not there ----------------------------------------------------------------------------------

select is(
  public.complete_generation(tests.id('nobody'), tests.id('r3'), tests.pictures('asha', 'r3')),
  '{"outcome": "request_not_found"}', 'a request of another customer is not found'
);
select is(
  public.complete_generation(tests.id('asha'), tests.id('no such request'), '[]'),
  '{"outcome": "request_not_found"}', 'nor is a request that was never made'
);
select is(
  public.fail_generation(null, tests.id('r3'), 'engine_failed'), '{"outcome": "request_not_found"}', 'nor one of nobody'
);
select is(
  public.complete_generation(tests.id('asha'), null, '[]'), '{"outcome": "request_not_found"}', 'nor one without an id'
);
select throws_ok(
  $$ select public.complete_generation(tests.id('asha'), tests.id('r3'), '{"id": 1}') $$, '22023', null,
  'pictures that are no list are refused'
);
select throws_ok(
  $$ select public.fail_generation(tests.id('asha'), tests.id('r3'), null) $$, '23514',
  'new row for relation "image_generations" violates check constraint "image_generations_failed_check"',
  'a failure without a reason is refused'
);
select tests.as_owner();
select is(tests.states('hers'), 'completed 1, failed 1, running 1', 'and what was refused settled nothing');

select * from finish();
rollback;
