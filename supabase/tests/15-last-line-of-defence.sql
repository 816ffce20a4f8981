/*
 * A caller of the function is not the edge function: whatever a customer sends to reserve_generation himself is bounded by
 * the table. Every bad value is refused, and after it nothing is held, no clock runs, and the session is whole.
 */
begin;
\ir fixtures.psql
select plan(102);

select tests.customer('asha'), tests.session('s', 'asha', 'pro', 1);

-- How a request is refused: by an outcome of the function or by an error of the table. Both hold nothing, and a rule may
-- move from the one to the other.
create function tests.refusal(request text, prompt text, options jsonb) returns text
language plpgsql volatile
as $$
begin
  return tests.reserve('asha', 's', request, 1, prompt, options) ->> 'outcome';
exception when others then
  return sqlstate;
end
$$;

-- Values that the table refuses ---------------------------------------------------------------------------------------

select throws_ok(
  format('select tests.reserve(%L, %L, %L, 1, %s, %L)', 'asha', 's', 'bad ' || what, prompt, '{}'), code,
  format(message, rule), 'a prompt is refused that is ' || what
)
from (values
  ($$''$$, '23514', 'check', 'image_generations_prompt_check', 'empty'),
  ('null', '23502', 'null', 'prompt', 'not there'),
  ($$E'a\u0001b'$$, '23514', 'check', 'image_generations_prompt_characters_check', 'of a control character'),
  ($$E'a\u001Fb'$$, '23514', 'check', 'image_generations_prompt_characters_check', 'of the last control character'),
  ($$E'a\u007Fb'$$, '23514', 'check', 'image_generations_prompt_characters_check', 'of a delete'),
  ($$E'a\u0085b'$$, '23514', 'check', 'image_generations_prompt_characters_check', 'of a control character beyond ASCII')
) as bad (prompt, code, kind, rule, what)
  join (values
    ('check', 'new row for relation "image_generations" violates check constraint "%s"'),
    ('null', 'null value in column "%s" of relation "image_generations" violates not-null constraint')
  ) as words (kind, message) using (kind);
select throws_ok(
  format('select tests.reserve(%L, %L, %L, 1, %L, %L)', 'asha', 's', 'bad ' || options, 'a sunset', options), code, null,
  'refused: ' || options
)
from (values
  ('{"width": 0}', '23514'), ('{"width": -512}', '23514'), ('{"width": 511}', '23514'), ('{"width": 640}', '23514'),
  ('{"width": 2048}', '23514'), ('{"width": 2147483647}', '23514'), ('{"width": 2147483648}', '22003'), ('{"width": null}', '23502'),
  ('{"width": 512.5}', '22P02'), ('{"width": "wide"}', '22P02'),
  ('{"height": 0}', '23514'), ('{"height": -1024}', '23514'), ('{"height": 513}', '23514'), ('{"height": 4096}', '23514'),
  ('{"height": null}', '23502'),
  ('{"steps": 9}', '23514'), ('{"steps": 51}', '23514'), ('{"steps": 0}', '23514'), ('{"steps": -30}', '23514'),
  ('{"steps": 2147483647}', '23514'), ('{"steps": null}', '23502'),
  ('{"cfg_scale": 0.99}', '23514'), ('{"cfg_scale": 20.01}', '23514'), ('{"cfg_scale": 0}', '23514'),
  ('{"cfg_scale": -7.5}', '23514'), ('{"cfg_scale": 100}', '22003'), ('{"cfg_scale": "NaN"}', '23514'),
  ('{"cfg_scale": "Infinity"}', '22003'), ('{"cfg_scale": null}', '23502'),
  ('{"seed": 9223372036854775808}', '22003'), ('{"seed": "red"}', '22P02'),
  ('{"conversation_id": "not a uuid"}', '22P02')
) as bad (options, code);
-- What is too long is refused before it is read: folding a text of many combining letters takes hours, and no
-- statement_timeout ends it.
select is(
  tests.reserve('asha', 's', 'long', 1, prompt), '{"outcome": "invalid_request", "field": "prompt"}', 'a prompt is refused that is ' || what
)
from (values
  (repeat('a', 2001), 'of 2,001 characters'), (repeat('अ', 2001), 'of 2,001 characters of three bytes each'),
  (repeat('a', 10000000), 'of ten megabytes'), ('a' || repeat(U&'\0301\0323', 2000000), 'of four million combining letters')
) as long (prompt, what);
select is(
  tests.reserve('asha', 's', 'long', 1, 'a sunset', jsonb_build_object('negative_prompt', repeat('a', length))),
  '{"outcome": "invalid_request", "field": "negativePrompt"}', 'refused: a negative prompt of ' || length || ' characters'
)
from unnest(array[1001, 10000000]) as length;
select throws_ok(
  $$ select tests.reserve('asha', 's', 'odd', 1, 'a sunset', jsonb_build_object('negative_prompt', E'a\u0085b')) $$,
  '23514', 'new row for relation "image_generations" violates check constraint "image_generations_negative_prompt_characters_check"',
  'refused: a negative prompt of a control character'
);
-- Nor is more asked about than a hub can have.
select is(
  tests.reserve('asha', 's', 'many', 1, 'a sunset', jsonb_build_object('engines', engines, 'accounts', accounts)),
  '{"outcome": "invalid_request", "field": "engines"}', 'refused: ' || what
)
from (values
  (array_fill('e'::text, array[17])::text, array_fill('a'::text, array[17])::text, 'seventeen engines'),
  ('{e,f}', '{a}', 'two engines of one account'), ('{}', '{a}', 'an account of no engine'), (null, '{a}', 'an account without engines'),
  ('{e}', null, 'an engine without accounts'), ('{{e,f},{g,h}}', '{a,b,c}', 'a table of engines'),
  (null, array_fill('huggingface'::text, array[200000])::text, 'two hundred thousand accounts')
) as many (engines, accounts, what);
-- A seed beyond the field's ends must not come round to another: it would be another picture than the one asked for.
select matches(
  tests.refusal('seed ' || seed, 'a sunset', jsonb_build_object('seed', seed)), '^(invalid_request|23514)$',
  'refused: a seed of ' || seed
)
from unnest(array[-1, -4294967296, -9223372036854775808, 4294967296, 9223372036854775807]) as seed;
select matches(
  tests.refusal('blank ' || what, prompt, '{}'), '^(invalid_request|23514)$',
  'refused: a prompt of nothing but ' || what
)
from (values ('blanks', '   '), ('tabs and lines', E'\t\n\r')) as blank (what, prompt);
select is(
  tests.reserve('asha', 'no session', 'bad'), '{"outcome": "session_not_found"}',
  'refused: a session that does not exist'
);
select tests.as_customer('asha');
select is(
  public.reserve_generation(null, tests.id('bad'), 'a sunset'), '{"outcome": "session_not_found"}',
  'refused: no session'
);
select tests.as_owner();

-- And after all that --------------------------------------------------------------------------------------------------

select is_empty(
  $$ select from public.image_generations where session_id = tests.id('s') $$,
  'after all that no row is held'
);
select is(tests.credits('asha', 's'), 15, 'and the session is whole');
select results_eq(
  $$ select status, started_at from public.user_sessions where id = tests.id('s') $$,
  $$ values ('ready', null::timestamptz) $$, 'and its clock does not run'
);

-- Values at their very ends, which are served -------------------------------------------------------------------------

select is(
  tests.reserve('asha', 's', 'good ' || place, 1, prompt, options::jsonb) ->> 'outcome', 'reserved', 'served: ' || left(prompt, 8) || ' ' || options
)
from (values
  (1, 'a', '{}'), (2, repeat('अ', 2000), '{}'), (3, '🌅', '{"negative_prompt": ""}'),
  (4, 'a', '{"width": 1024, "height": 768}'), (5, 'a', '{"steps": 10, "cfg_scale": 1}'), (6, 'a', '{"steps": 50, "cfg_scale": 20}'),
  (10, E'a\ttab,\na line\r\nand\u00A0a space', '{}'), (11, 'a', '{"engines": null, "accounts": null}'),
  (7, 'a', '{"seed": 0}'), (8, 'a', '{"seed": 4294967295}'), (9, $$a'; drop table x; --$$, '{}')
) as good (place, prompt, options);
select is(
  (select prompt from public.image_generations where request_id = tests.id('good 9')), $$a'; drop table x; --$$,
  'a prompt is words, whatever it looks like'
);
select is(
  (select seed from public.image_generations where request_id = tests.id('good 8')), 4294967295, 'the last seed is that seed'
);
select tests.reserve('asha', 's', 'round', 2, 'a sunset', '{"seed": 4294967295}');
select results_eq(
  $$ select seed from public.image_generations where request_id = tests.id('round') order by batch_index $$,
  array[4294967295, 0::bigint], 'a batch that begins at the last seed goes on with the first'
);
select results_eq(
  $$
    select width, height, steps, cfg_scale, resolution, negative_prompt, conversation_id, seed between 0 and 4294967295
    from public.image_generations where request_id = tests.id('good 1')
  $$,
  $$ values (512, 512, 30, 7.50, '512x512', null::text, null::uuid, true) $$,
  'what was not said has the defaults of the API'
);
select throws_ok(
  format('update public.image_generations set %s where request_id = tests.id(%L)', change, 'good 1'), '23514',
  format('new row for relation "image_generations" violates check constraint "image_generations_%s_check"', rule),
  'and the table keeps the limits of ' || rule || ' itself'
)
from (values
  ($$prompt = repeat('a', 2001)$$, 'prompt'), ($$negative_prompt = repeat('a', 1001)$$, 'negative_prompt'),
  ('attempts = -1', 'attempts'), ('lease_id = null', 'lease_id'), ($$status = 'queued', lease_id = null, not_before = now()$$, 'queue_turn'),
  ('not_before = now()', 'not_before'), ($$object_name = user_id || '/' || storage_key || '.png'$$, 'picture')
) as broken (change, rule);
select throws_ok(
  $$ update public.image_generations set resolution = '9x9' where request_id = tests.id('good 1') $$, '428C9', null,
  'the resolution is derived and cannot say otherwise'
);

-- What not even the owner of the table can write ----------------------------------------------------------------------

select throws_ok(
  format('update public.user_sessions set %s where id = tests.id(%L)', change, 's'), code, null, 'no session ' || what
)
from (values
  ('hours_purchased = 25', '23514', 'is longer than a day'), ('hours_purchased = 0', '23514', 'has no hour'),
  ('price_paid = -1', '23514', 'costs less than nothing'), ('images_generated = -1', '23514', 'has made fewer than no pictures'),
  ('videos_generated = -1', '23514', 'has made fewer than no videos'), ('tokens_used = -1', '23514', 'has used fewer than no tokens'),
  ($$status = 'paused'$$, '23514', 'is in a state that nobody knows'), ($$started_by = 'nobody'$$, '23514', 'is started by nobody'),
  ('expires_at = null', '23514', 'runs without an end'), ('started_at = null', '23514', 'ends without a start'),
  ('expires_at = started_at', '23514', 'ends when it starts'), ($$status = 'ready'$$, '23514', 'is ready while its clock runs'),
  ($$plan_id = 'none'$$, '23503', 'is of a plan that does not exist')
) as broken (change, code, what);
select throws_ok(
  $$
    insert into public.video_generations (user_id, session_id, prompt, status)
    values (tests.id('asha'), tests.id('s'), 'waves', 'completed')
  $$,
  '23514', 'new row for relation "video_generations" violates check constraint "video_generations_completed_check"',
  'no video is completed without a film'
);

-- A customer who leaves -----------------------------------------------------------------------------------------------

delete from auth.users where id = tests.id('asha');
select is_empty(
  $$
    select id from public.image_generations where user_id = tests.id('asha')
    union all select id from public.user_sessions where user_id = tests.id('asha')
  $$,
  'of a customer who leaves nothing stays'
);

select * from finish();
rollback;
