/*
 * What the model test puts into its database: one function that does an operation, and looks at what it has written.
 *
 * Owns: the schema ledger_model, the clock that it sets, the notes of every row that is written, and the invariants I6 to
 * I12 as questions to the database itself. It knows nothing of the model. It replaces private.clock() for good: the
 * database is thrown away afterwards.
 */

create schema ledger_model;

-- Time is what the test says, and the real time for whoever else is connected.
create or replace function private.clock() returns timestamptz
language sql volatile
return coalesce(nullif(current_setting('ledger_model.now', true), '')::timestamptz, clock_timestamp());

alter table public.user_sessions alter column created_at set default private.clock();

-- Pictures are numbered as they are made, so that the same seed leaves the same one first where only their ids decide.
create sequence ledger_model.picture;
create function ledger_model.next_picture() returns uuid
language sql volatile
return ('f0000000-0000-4000-8000-' || lpad(to_hex(nextval('ledger_model.picture')), 12, '0'))::uuid;
alter table public.image_generations alter column id set default ledger_model.next_picture();

-- What is written ------------------------------------------------------------------------------------------------------
-- Notes are settings of the transaction: what was written, in which sessions, and what should not have been.

create function ledger_model.add_to(note text, separator text, item text) returns void
language plpgsql volatile
as $$
begin
  perform set_config(note, concat(nullif(current_setting(note, true) || separator, separator), item), true);
end
$$;

-- A session that was written.
create function ledger_model.note_session() returns trigger
language plpgsql volatile
as $$
begin
  perform ledger_model.add_to('ledger_model.written', ',', '{"table": "user_sessions", "new": ' || row_to_json(new) || '}');
  perform ledger_model.add_to('ledger_model.sessions', ',', new.id::text);
  if new.user_id::text <> nullif(current_setting('ledger_model.customer'), '') then
    perform ledger_model.add_to('ledger_model.wrong', ';', 'a session of another customer has changed');
  end if;
  return null;
end
$$;

-- A picture that was written: not everything may become of what it was.
create function ledger_model.note_picture() returns trigger
language plpgsql volatile
as $$
declare
  drawn constant text[] := '{object_name,image_url,model_used,width,height,resolution,generation_time_ms}';
  moment constant timestamptz := private.clock();
  was_held constant boolean := coalesce(old.status in ('queued', 'running'), false);
  is_held constant boolean := coalesce(new.status in ('queued', 'running'), false);
  wrong constant text := case
    when new is null then 'I6: a picture was deleted'
    when old is null and not is_held then 'I7: a picture begins as ' || new.status
    when not was_held and to_jsonb(new) - drawn <> to_jsonb(old) - drawn then
      'I6: a picture that was ' || old.status || ' has changed'
    when not was_held and new <> old and (old.status <> 'expired' or old.object_name is not null) then
      'I6: the picture of a row that was ' || old.status || ' has changed'
    when was_held and new.status = 'expired' and old.lease_expires_at > moment then
      'I12: a hold was released before its lease had run out'
    when was_held and new.status = 'completed' and old.lease_expires_at <= moment then
      'I12: a picture was charged after its lease had run out'
    when was_held and is_held and old.lease_expires_at <= moment and new.lease_expires_at > moment then
      'I12: a hold was brought back after its end'
    when is_held and new.lease_expires_at is null or not is_held and new.lease_expires_at is not null
      or (new.status = 'running') <> (new.lease_id is not null) then
      'I7: a picture that is ' || new.status || ' and its lease do not fit together'
    when new.hour_index <> old.hour_index then 'I9: a credit has moved to another hour'
    when new.user_id::text <> nullif(current_setting('ledger_model.customer'), '') then
      'a picture of another customer has changed'
  end;
begin
  perform ledger_model.add_to('ledger_model.written', ',', '{"table": "image_generations", "new": ' || row_to_json(new) || '}');
  perform ledger_model.add_to('ledger_model.sessions', ',', coalesce(new.session_id, old.session_id)::text);
  if wrong is not null then
    perform ledger_model.add_to('ledger_model.wrong', ';', wrong);
  end if;
  return null;
end
$$;

create trigger ledger_model_note after insert or update or delete on public.user_sessions
  for each row execute function ledger_model.note_session();
create trigger ledger_model_note after insert or update or delete on public.image_generations
  for each row execute function ledger_model.note_picture();

-- What always holds ----------------------------------------------------------------------------------------------------

-- Of one session: what of I9 and I10 does not hold. Each question is asked of one session, so that its plan is kept.
create function ledger_model.wrong_session(session_id uuid) returns text[]
language plpgsql stable
as $$
declare
  session public.user_sessions;
  credits_per_hour integer;
  credits_used integer;
  made integer;
begin
  select * into session from public.user_sessions as found where found.id = wrong_session.session_id;
  select plan.image_credits_per_hour into credits_per_hour from public.session_config as plan where plan.plan_id = session.plan_id;
  select max(used.credits) into credits_used from (
    select count(*) as credits from public.image_generations as generation
    where generation.session_id = wrong_session.session_id and generation.status in ('queued', 'running', 'completed')
    group by generation.hour_index
  ) as used;
  select count(*) into made from public.image_generations as generation
  where generation.session_id = wrong_session.session_id and generation.status = 'completed';
  return array_remove(array[
    case when credits_used > credits_per_hour then
      format('I9: an hour of session %s has %s credits in use, of %s', session_id, credits_used, credits_per_hour) end,
    case when session.images_generated <> made then
      format('I10: session %s counts %s pictures and has %s', session_id, session.images_generated, made) end
  ], null);
end
$$;

-- Of one request: it is one batch of one content, in one session, all of it held at once.
create function ledger_model.wrong_request(customer uuid, request uuid) returns text[]
language plpgsql stable
as $$
declare
  broken boolean;
begin
  select count(*) > 0 and (
    min(generation.request_digest) <> max(generation.request_digest) or min(generation.created_at) <> max(generation.created_at)
    or count(*) <> min(generation.batch_count) or max(generation.batch_index) <> count(*) - 1
    or min(generation.session_id::text) <> max(generation.session_id::text)
  ) into broken
  from public.image_generations as generation
  where generation.user_id = customer and generation.request_id = request;
  return case when broken then array[format('I11: request %s of %s is not one batch of one content', request, customer)] else '{}' end;
end
$$;

-- What does not hold after an operation, of all that it touched.
create function ledger_model.wrong_after(operation text, arg jsonb, answer jsonb, moment timestamptz) returns text[]
language plpgsql stable
as $$
declare
  -- These end what has lapsed in the session they work on before they do anything.
  sweeps constant boolean := operation in ('reserve', 'start', 'complete', 'fail', 'cancel', 'requeue');
  touched constant text[] := string_to_array(current_setting('ledger_model.sessions'), ',');
  customer constant uuid := arg ->> 'user_id';
  request constant uuid := arg ->> 'request_id';
  wrong text[] := string_to_array(current_setting('ledger_model.wrong'), ';');
  checked uuid[] := '{}';
  session uuid;
begin
  foreach session in array touched::uuid[] loop
    continue when session = any (checked);
    checked := checked || session;
    wrong := wrong || ledger_model.wrong_session(session);
    if sweeps and exists (
      select from public.image_generations as generation
      where generation.session_id = session and generation.status in ('queued', 'running')
        and generation.lease_expires_at <= moment
    ) then
      wrong := wrong || 'I12: a hold has outlived its lease'::text;
    end if;
  end loop;
  if operation = 'reserve' then
    wrong := wrong || ledger_model.wrong_request(customer, request);
  elsif operation in ('complete', 'fail') and arg ->> 'lease_id' is null and exists (
    select from public.image_generations as generation
    where generation.user_id = customer and generation.request_id = request and generation.status in ('queued', 'running')
  ) then
    wrong := wrong || 'I8: a request was settled, and a part of it is still held'::text;
  elsif operation = 'expire' and arg -> 'session_count_max' = 'null' and (answer #>> '{}')::integer < 100 and exists (
    select from public.image_generations as generation
    where generation.status in ('queued', 'running') and generation.lease_expires_at <= moment
  ) then
    wrong := wrong || 'I12: a sweeper has left a hold whose lease had run out'::text;
  end if;
  return wrong;
end
$$;

-- What does not hold anywhere. Longer than what follows each operation, and asked now and then.
create function ledger_model.wrong_anywhere() returns text[]
language sql stable
return array(
  select unnest(ledger_model.wrong_session(session.id)) from public.user_sessions as session
  union all
  select unnest(ledger_model.wrong_request(asked.user_id, asked.request_id))
  from (select distinct user_id, request_id from public.image_generations) as asked
  union all
  select 'I7: two pictures lie at ' || object_name from public.image_generations
  where object_name is not null group by object_name having count(*) > 1
);

-- All that is written of pictures and refusals, as counts.
create function ledger_model.sums() returns text
language sql stable
return (select jsonb_build_object(
  'pictures', (select coalesce(jsonb_object_agg(status, rows), '{}') from (
    select status, count(*) as rows from public.image_generations group by status
  ) as counted),
  'presents', (select count(*) from public.image_generations where status = 'expired' and object_name is not null),
  'refusals', (select coalesce(sum(refusals), 0) from private.refusal)
))::text;

-- An operation -----------------------------------------------------------------------------------------------------------

-- What PostgREST does before a request: a role and the claims of its token, until the transaction ends.
create function ledger_model.act(role_name text, claims jsonb) returns void
language plpgsql volatile
as $$
begin
  perform set_config('request.jwt.claims', claims::text, true), set_config('role', role_name, true);
end
$$;

create function ledger_model.ask(operation text, arg jsonb) returns jsonb
language plpgsql volatile
as $$
declare
  engines constant text[] := array(select jsonb_array_elements_text(arg -> 'engines'));
  accounts constant text[] := array(select jsonb_array_elements_text(arg -> 'accounts'));
  customer constant uuid := arg ->> 'user_id';
  request constant uuid := arg ->> 'request_id';
  session constant uuid := arg ->> 'session_id';
  lease constant uuid := arg ->> 'lease_id';
begin
  if operation in ('start', 'balance', 'reserve', 'status', 'cancel') then
    perform ledger_model.act('authenticated', jsonb_build_object('sub', customer, 'role', 'authenticated'));
  elsif operation not in ('clock', 'tick', 'grant') then
    perform ledger_model.act('service_role', '{"role": "service_role"}');
  end if;
  case operation
    when 'clock' then
      return null;
    when 'grant' then
      -- What the money of a purchase does.
      return to_jsonb((private.grant_session(customer, arg ->> 'plan_id', (arg ->> 'hours')::integer, 100)).id);
    when 'start' then
      return public.start_session(session);
    when 'balance' then
      return public.session_balance(session);
    when 'reserve' then
      return public.reserve_generation(
        session_id => session, request_id => request, prompt => arg ->> 'prompt',
        conversation_id => (arg ->> 'conversation_id')::uuid, seed => (arg ->> 'seed')::bigint,
        batch_count => (arg ->> 'batch_count')::integer, engines => engines, accounts => accounts,
        respond_async => (arg ->> 'respond_async')::boolean
      );
    when 'status' then
      return public.generation_status(request, accounts);
    when 'cancel' then
      return public.cancel_generation(request);
    when 'claim' then
      return public.claim_generations(
        engines, accounts, (arg ->> 'count_max')::integer, (arg ->> 'running_max')::integer
      );
    when 'renew' then
      return public.renew_lease(lease);
    when 'requeue' then
      return to_jsonb(public.requeue_generation(lease, (arg ->> 'delay_seconds')::integer, arg ->> 'failure_code'));
    when 'complete' then
      return public.complete_generation(customer, request, arg -> 'pictures', arg ->> 'failure_code', lease);
    when 'fail' then
      return public.fail_generation(customer, request, arg ->> 'failure_code', lease);
    when 'expire' then
      if arg -> 'session_count_max' = 'null' then
        return to_jsonb(public.expire_generations());
      end if;
      return to_jsonb(public.expire_generations((arg ->> 'session_count_max')::integer));
    when 'tick' then
      return to_jsonb(private.tick());
    when 'take_turn' then
      return public.take_engine_turn(arg ->> 'account', (arg ->> 'for_queue')::boolean);
    when 'report' then
      perform public.report_engine(arg ->> 'engine', arg ->> 'failure_code', (arg ->> 'pass_over_seconds')::integer);
      return null;
  end case;
end
$$;

-- Does an operation at a moment; tells what it answered, what it wrote, and what does not hold any more.
create function ledger_model.step(moment text, operation text, arg text, out answer text, out written text, out wrong text[])
language plpgsql volatile
as $$
declare
  asked constant jsonb := arg;
  answered jsonb;
begin
  perform set_config('ledger_model.now', moment, false), set_config('ledger_model.written', '', true),
    set_config('ledger_model.sessions', '', true), set_config('ledger_model.wrong', '', true),
    set_config('ledger_model.customer', coalesce(asked ->> 'user_id', ''), true);
  answered := ledger_model.ask(operation, asked);
  perform set_config('role', 'none', true);
  answer := answered;
  written := '[' || current_setting('ledger_model.written') || ']';
  wrong := ledger_model.wrong_after(operation, asked, answered, private.clock());
end
$$;

-- Forgets all that happened, but not the customers and their conversations: what was found is looked for again with
-- fewer operations.
create function ledger_model.forget() returns void
language plpgsql volatile
as $$
begin
  truncate public.image_generations, private.engine_turn, private.engine_standing, private.rate_bucket, private.refusal;
  delete from public.user_sessions;
  perform setval('ledger_model.picture', 1, false);
end
$$;

grant usage on schema ledger_model to authenticated, service_role;
grant execute on all functions in schema ledger_model to authenticated, service_role;
