/*
 * The ledger's invariants I6 to I10 and I12 as ARCHITECTURE.md numbers them, tried from beneath: with the owner's own
 * rights, which no caller has, and by a long random story that checks all of them after every step. I11 is rule 6.
 */
begin;
\ir fixtures.psql
select plan(51);

select tests.at('0'), tests.customer('asha'), tests.customer('ravi');

-- I6: what is settled never changes its state again -------------------------------------------------------------------

select tests.session('s', 'asha', 'pro', 1), tests.session('other', 'asha', 'pro', 1), tests.session('his', 'ravi', 'pro', 1);
select tests.reserve('asha', 's', 'completed'), tests.reserve('asha', 's', 'failed'), tests.reserve('asha', 's', 'expired');
select tests.complete('asha', 'completed'), tests.fail('asha', 'failed'), tests.at('170 seconds'), public.expire_generations();
select throws_ok(
  format('update public.image_generations set status = %L where request_id = tests.id(%L)', target, state), '23000', null,
  format('I6: not even the owner of the table turns %s into %s', state, target)
)
from unnest(array['completed', 'failed', 'expired']) as state,
  unnest(array['queued', 'running', 'completed', 'failed', 'expired']) as target
where state <> target;
select tests.reserve('asha', 's', 'open');
select throws_ok(
  format('update public.image_generations set %I = %s where request_id = tests.id(%L)', field, content, 'open'), '23000', null,
  'I6: no generation changes its ' || field
)
from (values
  ('id', 'gen_random_uuid()'), ('user_id', $$tests.id('ravi')$$), ('session_id', $$tests.id('other')$$),
  ('request_id', $$tests.id('mine')$$), ('batch_index', '1'), ('hour_index', '1'), ('storage_key', 'gen_random_uuid()')
) as target (field, content);
select throws_ok(
  format('update public.image_generations set %s where request_id = tests.id(%L)', change, 'open'), '23514', null,
  'I6: no generation is ' || what
)
from (values
  ($$status = 'completed'$$, 'completed with its lease running on'),
  ($$status = 'completed', lease_expires_at = null, settled_at = now()$$, 'completed without a picture'),
  ($$status = 'failed', lease_expires_at = null, settled_at = now()$$, 'failed without a reason'),
  ($$lease_expires_at = null$$, 'running without a lease'),
  ($$settled_at = now()$$, 'running and settled'),
  ($$failure_code = 'engine_failed'$$, 'running and failed'),
  ($$image_url = 'https://hub.example/x.png'$$, 'running and made'),
  ($$status = 'paused'$$, 'in a state that nobody knows')
) as broken (change, what);

-- I7: a hold is settled at most once, whoever comes second ------------------------------------------------------------

select tests.session('once', 'asha', 'pro', 1);
select tests.reserve('asha', 'once', 'complete, then fail'), tests.complete('asha', 'complete, then fail');
select is(
  tests.fail('asha', 'complete, then fail') ->> 'outcome', 'completed',
  'I7: what is completed does not fail afterwards'
);
select tests.reserve('asha', 'once', 'fail, then complete'), tests.fail('asha', 'fail, then complete', 'engine_timeout');
select is(
  tests.complete('asha', 'fail, then complete') ->> 'outcome', 'failed',
  'I7: what has failed is not completed afterwards'
);
select tests.reserve('asha', 'once', 'complete twice', 2);
select is(
  tests.complete('asha', 'complete twice'), tests.complete('asha', 'complete twice'),
  'I7: completing twice answers the same'
);
select tests.reserve('asha', 'once', 'one, then both', 2), tests.complete('asha', 'one, then both', 1);
select is(
  (tests.complete('asha', 'one, then both', 2) #>> '{generations,1,status}'), 'failed', 'I7: a picture once given up is not posted later'
);
select tests.reserve('asha', 'once', 'fail twice'), tests.fail('asha', 'fail twice', 'engine_failed');
select is(
  tests.fail('asha', 'fail twice', 'prompt_refused') ->> 'failureCode', 'engine_failed',
  'I7: the first reason of a failure stays'
);
select tests.at('10 minutes');
select is(public.expire_generations(), 1, 'I7: the sweeper finds only what is still open, which is of another session');
select is(
  tests.states('once') || ', ' || tests.credits('asha', 'once'), 'completed 4, failed 3, 11',
  'I7: and every credit was settled once'
);
select is(
  (select images_generated from public.user_sessions where id = tests.id('once')), 4, 'I10: and every picture counted once'
);

-- I8: posted is at most held ------------------------------------------------------------------------------------------

select tests.at('0'), tests.session('held', 'asha', 'pro', 1), tests.session('elsewhere', 'asha', 'pro', 1);
select tests.reserve('asha', 'held', 'two', 2), tests.reserve('asha', 'elsewhere', 'not mine', 2), tests.reserve('ravi', 'his', 'two', 2);
select is(
  (
    select public.complete_generation(
      tests.id('asha'), tests.id('two'),
      tests.pictures('asha', 'two', 1) || tests.pictures('asha', 'two', 1) || tests.pictures('asha', 'not mine')
        || tests.pictures('ravi', 'two') || jsonb_build_array(jsonb_build_object('id', gen_random_uuid()))
    ) #>> '{balance,creditsRemaining}'
  ),
  '14', 'I8: of pictures sent twice, of another request, of another customer and of nobody, one is posted'
);
select is(
  tests.states('held') || '; ' || tests.states('elsewhere') || '; ' || tests.states('his'),
  'completed 1, failed 1; running 2; running 2', 'I8: and nothing else is touched'
);
select is(
  (select images_generated from public.user_sessions where id = tests.id('held')), 1, 'I8: I10: and it is counted once'
);
select throws_ok(
  format(
    'select public.complete_generation(tests.id(%L), tests.id(%L), jsonb_set(tests.pictures(%1$L, %2$L), %L, %L))',
    'asha', 'not mine', path, forged
  ),
  '23514', message, 'I8: a picture is not posted with ' || what
)
from (values
  ('{1,objectName}', to_jsonb(tests.id('ravi') || '/x.png'), 'image_generations_object_name_check', 'a name in another folder'),
  ('{1,objectName}', to_jsonb(tests.id('asha') || '/x.png'), 'image_generations_object_name_check', 'a name that was not given'),
  ('{1,objectName}', '"x.png"', 'image_generations_object_name_check', 'a name in no folder'),
  ('{1,objectName}', 'null', 'image_generations_picture_check', 'no name'),
  ('{1,imageUrl}', 'null', 'image_generations_picture_check', 'no address'),
  ('{1,model}', 'null', 'image_generations_picture_check', 'no model'),
  ('{1,generationTimeMs}', '-1', 'image_generations_generation_time_ms_check', 'a time below nothing')
) as bad (path, forged, constraint_name, what),
  lateral (
    select format('new row for relation "image_generations" violates check constraint "%s"', constraint_name)
  ) as expected (message);
select is(tests.states('elsewhere'), 'running 2', 'I8: and of a batch with one such picture nothing is posted');

-- I6 to I10, I12: a long random story ---------------------------------------------------------------------------------

/*
 * Five hundred steps on two sessions of two customers: requests of every size, drawn at once or put into the queue; claims,
 * signs of life, puttings back and takings back; completions in part, in whole, under a lease and too late; failures,
 * sweeps, and a clock that leaps. After each step the rows must keep every invariant; answers the first breach, or null.
 */
create temp table seen (status text, given boolean, tried_again boolean, taken_back boolean, unique (status, given, tried_again, taken_back));
create function tests.story(seed double precision) returns text
language plpgsql volatile
as $$
declare
  elapsed interval := '0';
  step integer;
  who text;
  request text;
  lease uuid;
  open_request uuid;
  settled_before jsonb;
  settled jsonb := '{}';
  pictures_before jsonb;
  pictures jsonb := '{}';
  ends_before jsonb;
  ends jsonb := '{}';
  breach text;
begin
  perform setseed(seed), tests.at('0');
  perform tests.session('story ' || name || seed, name, 'flash', 4) from unnest(array['asha', 'ravi']) as name;
  for step in 1..500 loop
    who := (array['asha', 'ravi'])[1 + floor(random() * 2)::integer];
    request := seed || ' ' || step - floor(random() * 8)::integer;
    select picture.lease_id into lease from public.image_generations as picture
    where picture.status = 'running' and picture.user_id = tests.id(who) order by random() limit 1;
    select picture.request_id into open_request from public.image_generations as picture
    where picture.status in ('queued', 'running') and picture.user_id = tests.id(who) order by random() limit 1;
    settled_before := settled;
    pictures_before := pictures;
    ends_before := ends;
    case floor(random() * 18)::integer
      when 0, 1 then perform tests.reserve(who, 'story ' || who || seed, request, 1 + floor(random() * 4)::integer);
      when 2, 3 then perform tests.queue(who, 'story ' || who || seed, request, 1 + floor(random() * 4)::integer);
      when 4, 5 then perform tests.complete(who, request, floor(random() * 5)::integer);
      when 6 then perform tests.complete(who, request, 4, coalesce(lease, tests.id('no lease')));
      when 7 then
        perform tests.complete(who, late) from (select seed || ' ' || n as late from generate_series(greatest(1, step - 60), step) as n) as asked
        where exists (
          select from public.image_generations where user_id = tests.id(who) and request_id = tests.id(late) and status = 'expired'
        ) limit 1;
      when 8 then perform tests.fail(who, request, 'engine_failed', case when random() < 0.5 then lease end);
      when 9 then perform public.expire_generations(floor(random() * 3)::integer);
      when 10, 11 then perform tests.claim(floor(random() * 4)::integer);
      when 12 then perform tests.renew(lease);
      when 13, 14 then perform tests.requeue(lease, floor(random() * 2)::integer * 20);
      when 15 then
        perform tests.as_customer(who);
        perform public.cancel_generation(open_request);
        perform tests.as_owner();
      else
        elapsed := elapsed + case when random() < 0.05 then 10 else 1 end * random() * interval '3 minutes';
        perform tests.at(elapsed);
    end case;
    select coalesce(jsonb_object_agg(id, jsonb_build_array(status, settled_at, failure_code))
        filter (where status in ('completed', 'failed', 'expired')), '{}'),
      coalesce(jsonb_object_agg(id, object_name) filter (where object_name is not null), '{}'),
      coalesce(jsonb_object_agg(id, lease_expires_at) filter (where status in ('queued', 'running')), '{}')
    into settled, pictures, ends from public.image_generations;
    insert into seen
    select distinct status, object_name is not null, attempts > 1, coalesce(failure_code, '') = 'cancelled'
    from public.image_generations
    where session_id in (tests.id('story asha' || story.seed), tests.id('story ravi' || story.seed))
    on conflict do nothing;
    breach := concat_ws('; ',
      case when not settled @> settled_before then 'I6: something settled has changed' end,
      case when not pictures @> pictures_before then 'I6: a picture is gone' end,
      (select 'I7: two requests under one lease' from public.image_generations where status = 'running'
        group by lease_id having count(distinct (user_id, request_id)) > 1 limit 1),
      (select 'I9: ' || session_id from public.image_generations as picture
        join public.user_sessions as session on session.id = picture.session_id
        join public.session_config as plan using (plan_id)
        where picture.status in ('queued', 'running', 'completed')
        group by session_id, picture.hour_index, plan.image_credits_per_hour
        having count(*) > plan.image_credits_per_hour limit 1),
      (select 'I10: ' || session.id from public.user_sessions as session
        where images_generated <> (
          select count(*) from public.image_generations as picture
          where picture.session_id = session.id and picture.status = 'completed') limit 1),
      (select 'I12: ' || id || ' is ' || status from public.image_generations
        where ends_before ? id::text and status in ('completed', 'failed', 'expired')
          and (status = 'expired') <> ((ends_before ->> id::text)::timestamptz <= private.clock()) limit 1),
      (select 'rule 5: the balance of ' || session.id from public.user_sessions as session
        join public.session_config as plan using (plan_id),
          lateral private.balance(session, private.clock()) as balance
        where session.id in (tests.id('story asha' || seed), tests.id('story ravi' || seed)) and session.status = 'active'
          and balance ->> 'status' = 'active'
          and (balance ->> 'creditsRemaining')::integer <> plan.image_credits_per_hour - (
            select count(*) from public.image_generations as picture
            where picture.session_id = session.id
              and (picture.status = 'completed' or picture.lease_expires_at > private.clock())
              and session.started_at + picture.hour_index * interval '1 hour'
                between private.clock() - interval '1 hour' + interval '1 microsecond' and private.clock()
          ) limit 1)
    );
    exit when breach <> '';
  end loop;
  return case when breach <> '' then 'step ' || step || ': ' || breach end;
end
$$;
select is(tests.story(seed), null, 'I6, I7, I9, I10, I12: five hundred random steps keep them, seed ' || seed)
from unnest(array[0.1, 0.2, 0.3]::double precision[]) as seed;
select set_eq(
  'select status, given from seen',
  $$ values ('completed', true), ('failed', false), ('expired', false), ('expired', true), ('running', false), ('queued', false) $$,
  'and the story was one: pictures waited, ran, were completed, failed, expired and came too late in it'
);
select ok(
  (select bool_or(tried_again) and bool_or(taken_back) from seen), 'and were put back and tried again, and taken back'
);

select * from finish();
rollback;
