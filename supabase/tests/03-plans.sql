/*
 * The plans and what they cost, and what a grant of hours makes of them.
 */
begin;
\ir fixtures.psql
select plan(24);

-- Plans ---------------------------------------------------------------------------------------------------------------

select results_eq(
  $$
    select plan_id, price_per_hour_paise, image_credits_per_hour, video_credits_per_hour
    from public.session_config order by price_per_hour_paise
  $$,
  $$ values ('flash-lite', 5000, 3, 0), ('flash', 10000, 8, 1), ('pro', 20000, 15, 3) $$,
  'flash-lite costs ₹50 an hour with 3 pictures, flash ₹100 with 8 and a video, pro ₹200 with 15 and 3'
);
select throws_ok(
  format(
    'insert into public.session_config (plan_id, display_name, model_name, token_limit_per_hour, price_per_hour_paise, image_credits_per_hour) values (%L, %L, %L, %s, %s, %s)',
    plan, 'Plan', 'model', tokens, paise, credits
  ),
  code, null, case_name
)
from (values
  ('Flash', 1, 1, 1, '23514', 'a plan''s id is lower case'),
  ('', 1, 1, 1, '23514', 'a plan''s id is not empty'),
  ('free', 1, 0, 1, '23514', 'no plan is free'),
  ('refund', 1, -1, 1, '23514', 'no plan pays its customer'),
  ('mute', -1, 1, 1, '23514', 'no plan has fewer than no tokens'),
  ('debt', 1, 1, -1, '23514', 'no plan has fewer than no pictures'),
  ('flood', 1, 1, 1001, '23514', 'no plan has more than a thousand pictures an hour'),
  ('flash', 1, 1, 1, '23505', 'a plan exists once')
) as bad (plan, tokens, paise, credits, code, case_name);
select lives_ok(
  $$
    insert into public.session_config (plan_id, display_name, model_name, token_limit_per_hour, price_per_hour_paise)
    values ('words', 'Words', 'model', 100, 100)
  $$,
  'a plan without pictures is a plan'
);

-- Hours of a plan -----------------------------------------------------------------------------------------------------

select tests.customer('asha');
select tests.session('bought', 'asha', 'flash', 3);
select results_eq(
  $$
    select user_id, plan_id, model_name, hours_purchased, price_paid, status, images_generated, videos_generated,
      tokens_used, session_type
    from public.user_sessions where id = tests.id('bought')
  $$,
  $$ values (tests.id('asha'), 'flash', 'gemini-2.5-flash', 3, 300.00, 'ready', 0, 0, 0, 'chat') $$,
  'three hours of flash are granted as bought, priced in rupees, with nothing used'
);
select throws_ok(
  format('select private.grant_session(tests.id(%L), %L, %s, %s)', customer, 'flash', hours, paise), code, null, case_name
)
from (values
  ('asha', '0', '0', '23514', 'no session of no hours'),
  ('asha', '25', '0', '23514', 'no session of more than a day'),
  ('asha', '-1', '0', '23514', 'no session of fewer than no hours'),
  ('asha', 'null', '0', '23502', 'no session of unknown hours'),
  ('asha', '1', '-1', '23514', 'no session for less than nothing'),
  ('asha', '1', 'null', '23502', 'no session at an unknown price'),
  ('nobody', '1', '0', '23503', 'no session of a customer who does not exist')
) as bad (customer, hours, paise, code, case_name);
select is(
  (private.grant_session(tests.id('asha'), 'flash-heavy', 1, 5000)).id, null, 'a plan that does not exist grants nothing'
);
select results_eq(
  $$ select count(*) from public.user_sessions where user_id = tests.id('asha') $$, array[1::bigint],
  'and leaves no row behind'
);
select throws_ok(
  $$ delete from public.session_config where plan_id = 'flash' $$, '23503', null, 'a plan that somebody bought stays'
);

-- A plan without pictures ---------------------------------------------------------------------------------------------

select tests.session('words', 'asha', 'words', 1);
select is(tests.credits('asha', 'words'), 0, 'an hour of a plan without pictures holds none');
select is(
  tests.reserve('asha', 'words', 'w1') ->> 'outcome', 'not_in_plan', 'and a request for one says that the plan has none'
);
select is(
  (select status from public.user_sessions where id = tests.id('words')), 'ready', 'which does not start its clock'
);

select * from finish();
rollback;
