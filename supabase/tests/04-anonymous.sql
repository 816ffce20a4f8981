/*
 * Actor: the anonymous caller, who has the publishable key and no sign-in. He sees the price list and nothing else.
 */
begin;
\ir fixtures.psql
select plan(53);

select tests.customer('asha'), tests.session('hers', 'asha', 'flash', 1), tests.reserve('asha', 'hers', 'picture');

select tests.as_anonymous();

-- What he may ---------------------------------------------------------------------------------------------------------

select results_eq(
  'select plan_id from public.session_config order by plan_id', array['flash', 'flash-lite', 'pro'],
  'the anonymous caller sees the plans'
);

-- What he may not -----------------------------------------------------------------------------------------------------

select throws_ok(
  'select from public.' || name, '42501', 'permission denied for table ' || name,
  'the anonymous caller cannot select from ' || name
)
from unnest(array['user_sessions', 'conversations', 'chat_messages', 'image_generations', 'video_generations']) as name;
select throws_ok(
  format(verb, name), '42501', 'permission denied for table ' || name,
  format('the anonymous caller cannot %s %s', left(verb, position(' ' in verb) - 1), name)
)
from unnest(array[
    'session_config', 'user_sessions', 'conversations', 'chat_messages', 'image_generations', 'video_generations'
  ]) as name,
  unnest(array[
    'insert into public.%I default values', 'delete from public.%I', 'truncate public.%I cascade'
  ]) as verb;
select throws_ok(
  format('update public.%I set %I = default', name, field), '42501', 'permission denied for table ' || name,
  'the anonymous caller cannot update ' || name
)
from (values
  ('session_config', 'price_per_hour_paise'), ('user_sessions', 'images_generated'), ('conversations', 'title'),
  ('chat_messages', 'content'), ('image_generations', 'status'), ('video_generations', 'status')
) as target (name, field);
select throws_ok(
  'select ' || call, '42501', 'permission denied for function ' || split_part(split_part(call, '.', 2), '(', 1),
  'the anonymous caller cannot execute ' || split_part(call, '(', 1)
)
from unnest(array[
  $$public.reserve_generation(tests.id('hers'), tests.id('r'), 'a sunset')$$,
  $$public.session_balance(tests.id('hers'))$$,
  $$public.start_session(tests.id('hers'))$$,
  $$public.complete_generation(tests.id('asha'), tests.id('picture'), '[]')$$,
  $$public.fail_generation(tests.id('asha'), tests.id('picture'), 'engine_failed')$$,
  $$public.expire_generations()$$,
  $$public.generation_status(tests.id('picture'))$$,
  $$public.cancel_generation(tests.id('picture'))$$,
  $$public.claim_generations('{}', '{}')$$,
  $$public.renew_lease(tests.lease('picture'))$$,
  $$public.requeue_generation(tests.lease('picture'), 1, 'engine_failed')$$,
  $$public.take_engine_turn('huggingface')$$,
  $$public.report_engine('huggingface', 'engine_failed')$$,
  $$public.address_key()$$
]) as call;
select throws_ok(
  'select ' || call, '42501', 'permission denied for schema private',
  'the anonymous caller cannot reach ' || split_part(call, '(', 1)
)
from unnest(array[
  'private.clock()', $$private.settle_generation(tests.id('asha'), tests.id('picture'), '[]', 'x')$$
]) as call;

-- And what he tried changed nothing -----------------------------------------------------------------------------------

select tests.as_owner();
select is(tests.states('hers'), 'running 1', 'and what he tried changed nothing');
select is(
  (select count(*)::integer from public.user_sessions where user_id = tests.id('asha')), 1,
  'nor gave anybody hours'
);

-- A token without a person is no customer.
select tests.act('authenticated', '{"role": "authenticated"}');
select is(
  public.reserve_generation(tests.id('hers'), tests.id('r'), 'a sunset'), '{"outcome": "unauthorized"}',
  'a token that names no person reserves nothing'
);
select is(public.start_session(tests.id('hers')), '{"outcome": "unauthorized"}', 'nor starts one');
select is(public.generation_status(tests.id('picture')), '{"outcome": "unauthorized"}', 'nor learns where a request stands');
select is(public.cancel_generation(tests.id('picture')), '{"outcome": "unauthorized"}', 'nor takes one back');
select is_empty('select from public.user_sessions', 'a token that names no person sees no session');

select * from finish();
rollback;
