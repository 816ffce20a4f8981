/*
 * Rule of credit 6 and invariant I11: a request carries an id made by the client. The same id again returns the same
 * result and costs nothing; the same id with other contents is refused.
 */
begin;
\ir fixtures.psql
select plan(43);

select tests.at('0'), tests.customer('asha'), tests.customer('ravi');
select tests.session('hers', 'asha', 'flash', 2), tests.session('other', 'asha', 'flash', 2), tests.session('his', 'ravi', 'flash', 1);
insert into public.conversations (id, user_id) values (tests.id('talk'), tests.id('asha'));

-- Rule 6: while it runs -----------------------------------------------------------------------------------------------

select tests.reserve('asha', 'hers', 'running', 2);
select is(
  tests.reserve('asha', 'hers', 'running', 2), '{"outcome": "request_in_progress", "retryAfter": 2}',
  'rule 6: I11: the same id while it runs is in progress, and says when to ask again'
);
select is(tests.credits('asha', 'hers'), 6, 'rule 6: and holds nothing more');
select is(tests.states('hers'), 'running 2', 'rule 6: nor takes a row');
select tests.at('59 seconds');
select is(
  tests.reserve('asha', 'hers', 'running', 2) ->> 'retryAfter', '1',
  'rule 6: a second before the lease ends one need wait a second'
);

-- Rule 6: completed ---------------------------------------------------------------------------------------------------

select tests.complete('asha', 'running', 2);
select is(
  tests.reserve('asha', 'hers', 'running', 2) ->> 'outcome', 'completed',
  'rule 6: I11: the same id of a completed request is completed'
);
select is(
  tests.reserve('asha', 'hers', 'running', 2) -> 'generations',
  tests.complete('asha', 'running', 2) -> 'generations', 'rule 6: I11: with the very pictures that the request made'
);
select results_eq(
  $$ select jsonb_array_length(tests.reserve('asha', 'hers', 'running', 2) -> 'generations') $$, array[2],
  'rule 6: all of them'
);
select matches(
  tests.reserve('asha', 'hers', 'running', 2) #>> '{generations,0,url}', '^https://hub.example/',
  'rule 6: and where they lie'
);
select is(tests.credits('asha', 'hers'), 6, 'rule 6: and costs nothing');
select results_eq(
  $$ select images_generated from public.user_sessions where id = tests.id('hers') $$, array[2],
  'rule 6: nor counts again'
);

-- Rule 6: failed ------------------------------------------------------------------------------------------------------

select tests.reserve('asha', 'hers', 'failed'), tests.fail('asha', 'failed', 'prompt_refused');
select is(
  tests.reserve('asha', 'hers', 'failed') - 'generations' - 'balance',
  '{"outcome": "failed", "failureCode": "prompt_refused"}',
  'rule 6: the same id of a failed request is the same failure'
);
select is(
  tests.states('hers') || ', ' || tests.credits('asha', 'hers'), 'completed 2, failed 1, 6',
  'rule 6: and is not tried again'
);
select is(
  tests.reserve('asha', 'hers', 'new try') ->> 'outcome', 'reserved', 'rule 6: a new id tries again with the same words'
);

-- Rule 6: expired -----------------------------------------------------------------------------------------------------

select tests.at('59 seconds'), tests.reserve('asha', 'hers', 'dead');
select tests.at('119 seconds');
select is(
  tests.reserve('asha', 'hers', 'dead') - 'generations' - 'balance',
  '{"outcome": "expired", "failureCode": null}', 'rule 6: the same id of a request whose worker died is expired'
);
select is(tests.credits('asha', 'hers'), 6, 'rule 6: and its credit is back');
select is(
  tests.reserve('asha', 'hers', 'dead') ->> 'outcome', 'expired', 'rule 6: however often one asks'
);

-- Rule 6: a batch partly made is its pictures -------------------------------------------------------------------------

select tests.reserve('asha', 'hers', 'partly', 3), tests.complete('asha', 'partly', 1);
select is(
  tests.reserve('asha', 'hers', 'partly', 3) ->> 'outcome', 'completed',
  'rule 6: a batch partly made answers with what it made'
);
select is(
  (select string_agg(picture ->> 'status', ', ') from jsonb_array_elements(tests.reserve('asha', 'hers', 'partly', 3) -> 'generations') as picture),
  'completed, failed, failed', 'rule 6: and with what it did not'
);

-- Rule 6: other contents are refused ----------------------------------------------------------------------------------

select is(
  tests.reserve('asha', session, 'running', batch, prompt, options::jsonb), '{"outcome": "request_id_reused"}',
  'rule 6: I11: the id of a completed request is refused with ' || what
)
from (values
  ('hers', 2, 'a sunrise', '{}', 'another prompt'),
  ('hers', 2, 'a sunset ', '{}', 'a space more'),
  ('hers', 2, 'A sunset', '{}', 'a capital letter'),
  ('hers', 3, 'a sunset', '{}', 'another batch'),
  ('hers', 2, 'a sunset', '{"negative_prompt": "people"}', 'a negative prompt'),
  ('hers', 2, 'a sunset', '{"negative_prompt": ""}', 'an empty negative prompt, which is not none'),
  ('hers', 2, 'a sunset', '{"width": 768}', 'another width'),
  ('hers', 2, 'a sunset', '{"height": 1024}', 'another height'),
  ('hers', 2, 'a sunset', '{"steps": 31}', 'other steps'),
  ('hers', 2, 'a sunset', '{"cfg_scale": 7.6}', 'another scale'),
  ('hers', 2, 'a sunset', '{"seed": 0}', 'a seed, where there was none'),
  ('other', 2, 'a sunset', '{}', 'another session of the same customer')
) as changed (session, batch, prompt, options, what);
select is(
  tests.reserve('asha', 'hers', 'running', 2, 'a sunset', jsonb_build_object('conversation_id', tests.id('talk'))),
  '{"outcome": "request_id_reused"}', 'rule 6: I11: the id of a completed request is refused with a conversation'
);
select is(
  tests.reserve('asha', 'hers', request, 1, 'other words'), '{"outcome": "request_id_reused"}',
  'rule 6: I11: the id of a request is refused with other contents when it is ' || request
)
from unnest(array['failed', 'dead']) as request;
select tests.reserve('asha', 'hers', 'still running');
select is(
  tests.reserve('asha', 'hers', 'still running', 1, 'other words'), '{"outcome": "request_id_reused"}',
  'rule 6: I11: and while it runs'
);
select is(
  tests.reserve('asha', 'hers', 'seeded', 1, 'a sunset', '{"seed": 7}') ->> 'outcome', 'reserved', 'rule 6: with a seed'
);
select is(
  tests.reserve('asha', 'hers', 'seeded', 1, 'a sunset', '{"seed": 7}') ->> 'outcome', 'request_in_progress',
  'rule 6: the seed is part of what is the same'
);
select is(
  tests.reserve('asha', 'hers', 'scaled', 1, 'a sunset', '{"cfg_scale": 7.50}') ->> 'outcome', 'reserved',
  'rule 6: with a scale of 7.50'
);
select is(
  tests.reserve('asha', 'hers', 'scaled', 1, 'a sunset', '{"cfg_scale": 7.5}') ->> 'outcome', 'request_in_progress',
  'rule 6: the same number written otherwise is the same contents'
);

-- Rule 6: whose id it is ----------------------------------------------------------------------------------------------

select is(
  tests.reserve('ravi', 'his', 'running', 2) ->> 'outcome', 'reserved',
  'rule 6: the same id by another customer is another request'
);
select is(
  tests.reserve('ravi', 'hers', 'running', 2), '{"outcome": "session_not_found"}',
  'rule 6: and gets him nothing of hers'
);

-- Rule 6: after the end -----------------------------------------------------------------------------------------------

select tests.at('3 hours');
select is(
  tests.reserve('asha', 'hers', 'running', 2) ->> 'outcome', 'completed',
  'rule 6: a picture once paid is answered after the session ended'
);
select is(
  tests.reserve('asha', 'hers', 'brand new') ->> 'outcome', 'session_expired', 'rule 6: where a new one is not'
);
select is(
  tests.reserve('asha', 'hers', null), '{"outcome": "invalid_request", "field": "requestId"}',
  'rule 6: a request without an id is refused'
);

select * from finish();
rollback;
