/*
 * Taking the hold, with limits, refusals and the queue.
 *
 * Owns: reserve_generation in its second form, and what it is made of. The first form's callers pass fewer arguments and
 * get what they got before.
 */

-- What a request that was seen before is answered; null for one that is new.
create function private.earlier_answer(
  customer uuid, request uuid, digest text, respond_async boolean, accounts text[],
  session public.user_sessions, moment timestamptz
) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  earlier record;
begin
  select
    bool_or(generation.request_digest <> digest) as differs,
    bool_or(generation.status in ('queued', 'running')) as in_progress,
    bool_and(generation.status = 'queued') as waits,
    bool_or(generation.status = 'completed') as completed,
    min(generation.failure_code) as failure_code,
    ceil(extract(epoch from min(generation.lease_expires_at) - moment))::integer as lease_seconds
  into earlier
  from public.image_generations as generation
  where generation.user_id = customer and generation.request_id = request;
  if earlier.differs is null then
    return null;
  elsif earlier.differs then
    return jsonb_build_object('outcome', 'request_id_reused');
  elsif earlier.waits and respond_async then
    return private.queued_answer(customer, request, accounts, session, moment);
  elsif earlier.in_progress then
    return jsonb_build_object('outcome', 'request_in_progress', 'retryAfter', least(2, earlier.lease_seconds));
  end if;
  return jsonb_build_object(
    'outcome', case
      when earlier.completed then 'completed'
      when earlier.failure_code is not null then 'failed'
      else 'expired'
    end,
    'failureCode', earlier.failure_code,
    'generations', private.generations_of(customer, request),
    'balance', private.balance(session, moment)
  );
end
$$;

-- What a request that waits in the queue is answered.
create function private.queued_answer(
  customer uuid, request uuid, accounts text[], session public.user_sessions, moment timestamptz
) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  place constant integer := private.queue_position(customer, request);
begin
  return jsonb_build_object(
    'outcome', 'queued',
    'position', place,
    'estimatedStartAt', private.queue_estimate(place, accounts, moment),
    'balance', private.balance(session, moment)
  );
end
$$;

drop function public.reserve_generation(uuid, uuid, text, uuid, text, integer, integer, integer, numeric, bigint, integer);

/*
 * Takes the hold on the credits of one request, or says why not. Called with the customer's own token: auth.uid() is who
 * pays. Security definer, since customers write none of these tables; it touches rows of the caller alone.
 *
 * With respond_async the request is queued for whichever worker comes first. engines and accounts, of one length, say
 * who would draw it, and only decide what is told of them: which are passed over, which have a budget. client_address
 * counts where address_seal proves that the edge function wrote it.
 *
 * Outcomes, in the order in which they are checked: unauthorized, invalid_request (its shape, with field), rate_limited,
 * session_not_found, request_id_reused, queued | request_in_progress, completed | failed | expired (the same request,
 * settled before: its pictures), invalid_request (conversationId), session_expired, not_in_plan, credits_exhausted,
 * prompt_refused, engines_passed_over (not one of them is worth asking now), rate_limited (the queue is too long),
 * reserved | queued.
 */
create function public.reserve_generation(
  session_id uuid,
  request_id uuid,
  prompt text,
  conversation_id uuid default null,
  negative_prompt text default null,
  width integer default 512,
  height integer default 512,
  steps integer default 30,
  cfg_scale numeric default 7.5,
  seed bigint default null,
  batch_count integer default 1,
  engines text[] default '{}',
  accounts text[] default '{}',
  respond_async boolean default false,
  client_address text default null,
  address_seal text default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  customer constant uuid := (select auth.uid());
  session public.user_sessions;
  moment timestamptz;
  digest text;
  answer jsonb;
  balance jsonb;
  hour record;
  phrase text;
  wait_seconds integer;
  first_seed bigint;
  first_turn bigint;
  lease constant uuid := gen_random_uuid();
begin
  if customer is null then
    return jsonb_build_object('outcome', 'unauthorized');
  end if;
  -- The rest of the shape is checked by the table; what sizes a loop or is computed with is checked here.
  if reserve_generation.batch_count is null or reserve_generation.batch_count not between 1 and 4 then
    return jsonb_build_object('outcome', 'invalid_request', 'field', 'batchCount');
  end if;
  -- A batch counts its seeds on from the first, around the end of the range.
  if reserve_generation.seed not between 0 and 4294967295 then
    return jsonb_build_object('outcome', 'invalid_request', 'field', 'seed');
  end if;
  if reserve_generation.request_id is null then
    return jsonb_build_object('outcome', 'invalid_request', 'field', 'requestId');
  end if;
  -- Nor is a text searched, or summed up, that the table will refuse for its length: folding a long one takes hours.
  if char_length(reserve_generation.prompt) > 2000 then
    return jsonb_build_object('outcome', 'invalid_request', 'field', 'prompt');
  elsif char_length(reserve_generation.negative_prompt) > 1000 then
    return jsonb_build_object('outcome', 'invalid_request', 'field', 'negativePrompt');
  end if;
  if cardinality(engines) > 16 or coalesce(cardinality(engines), 0) <> coalesce(cardinality(accounts), 0) then
    return jsonb_build_object('outcome', 'invalid_request', 'field', 'engines');
  end if;

  moment := private.clock();
  wait_seconds := greatest(
    private.take_allowance('customer', customer::text, moment),
    private.take_allowance('address', private.sealed_address(client_address, address_seal), moment)
  );
  if wait_seconds > 0 then
    return jsonb_build_object('outcome', 'rate_limited', 'retryAfter', wait_seconds);
  end if;

  select * into session from public.user_sessions as found
  where found.id = reserve_generation.session_id and found.user_id = customer
  for update;
  if not found then
    return jsonb_build_object('outcome', 'session_not_found');
  end if;
  moment := private.clock();
  if private.expire_session_holds(session.id, moment) > 0 then
    select * into session from public.user_sessions as found where found.id = session.id;
  end if;

  digest := encode(sha256(convert_to(jsonb_build_array(
    reserve_generation.session_id, reserve_generation.conversation_id, reserve_generation.prompt,
    reserve_generation.negative_prompt, reserve_generation.width, reserve_generation.height, reserve_generation.steps,
    trim_scale(reserve_generation.cfg_scale), reserve_generation.seed, reserve_generation.batch_count
  )::text, 'UTF8')), 'hex');
  answer := private.earlier_answer(
    customer, reserve_generation.request_id, digest, respond_async, accounts, session, moment
  );
  if answer is not null then
    return answer;
  end if;

  if reserve_generation.conversation_id is not null and not exists (
    select from public.conversations as conversation
    where conversation.id = reserve_generation.conversation_id and conversation.user_id = customer
  ) then
    return jsonb_build_object('outcome', 'invalid_request', 'field', 'conversationId');
  end if;
  if (private.session_at(session, moment)).status = 'ended' then
    -- Not written down while a first picture is under way, whose failure would stop the clock.
    update public.user_sessions set status = 'ended', updated_at = moment
    where id = session.id and status <> 'ended' and (started_by is distinct from 'picture' or images_generated > 0);
    return jsonb_build_object('outcome', 'session_expired', 'expiresAt', session.expires_at);
  end if;
  balance := private.balance(session, moment);
  if (balance ->> 'creditsPerHour')::integer < reserve_generation.batch_count then
    return jsonb_build_object('outcome', 'not_in_plan', 'balance', balance);
  elsif (balance ->> 'creditsRemaining')::integer < reserve_generation.batch_count then
    return jsonb_build_object(
      'outcome', 'credits_exhausted',
      'balance', balance,
      'retryAfter', ceil(extract(epoch from (balance ->> 'resetsAt')::timestamptz - moment))::integer
    );
  end if;
  phrase := private.refused_phrase_in(reserve_generation.prompt);
  if phrase is not null then
    perform private.count_refusal(customer, phrase, moment);
    return jsonb_build_object('outcome', 'prompt_refused', 'balance', balance);
  end if;
  answer := private.engine_sight(engines, accounts, moment);
  -- What can wait waits for an engine that will be back; nothing waits for one that its owner must mend.
  if cardinality(engines) > 0 and jsonb_array_length(answer -> 'passedOver') = cardinality(engines) and not (
    respond_async and jsonb_path_exists(answer, '$.passedOver[*] ? (@.failureCode != "engine_misconfigured")')
  ) then
    return jsonb_build_object('outcome', 'engines_passed_over', 'engines', answer, 'balance', balance);
  end if;
  if respond_async then
    -- A customer's next picture waits for the round after his last one that waits; the first, for the round that is on.
    select 1 + max(waiting.queue_turn) into first_turn from public.image_generations as waiting
    where waiting.status = 'queued' and waiting.user_id = customer;
    select greatest(first_turn, min(waiting.queue_turn), 0) into first_turn from public.image_generations as waiting
    where waiting.status = 'queued';
    wait_seconds := ceil(extract(epoch from private.queue_estimate((
      select 1 + count(*) from public.image_generations as ahead
      where ahead.status = 'queued' and ahead.queue_turn <= first_turn
    )::integer, accounts, moment) - moment));
    if wait_seconds > extract(epoch from private.queue_patience()) then
      return jsonb_build_object('outcome', 'rate_limited', 'retryAfter', wait_seconds, 'balance', balance);
    end if;
  end if;

  -- From here on it must succeed, or nothing of it happens.
  if session.status = 'ready' then
    update public.user_sessions
    set status = 'active', started_at = moment, started_by = 'picture',
      expires_at = moment + hours_purchased * interval '1 hour', updated_at = moment
    where id = session.id
    returning * into session;
  end if;
  hour := private.session_hour(session, moment);
  first_seed := coalesce(reserve_generation.seed, floor(random() * 4294967296)::bigint);
  begin
    insert into public.image_generations (
      user_id, session_id, conversation_id, request_id, request_digest, batch_index, batch_count, hour_index, status,
      respond_async, lease_expires_at, lease_id, queue_turn, not_before, attempts,
      prompt, negative_prompt, width, height, steps, cfg_scale, seed, created_at
    )
    select
      customer, session.id, reserve_generation.conversation_id, reserve_generation.request_id, digest, place,
      reserve_generation.batch_count, hour.hour_index, case when respond_async then 'queued' else 'running' end, respond_async,
      moment + case when respond_async then private.queue_patience() else private.lease() end,
      case when not respond_async then lease end, case when respond_async then first_turn + place end,
      case when respond_async then moment end, case when respond_async then 0 else 1 end,
      reserve_generation.prompt, reserve_generation.negative_prompt, reserve_generation.width, reserve_generation.height,
      reserve_generation.steps, reserve_generation.cfg_scale, (first_seed + place) % 4294967296, moment
    from generate_series(0, reserve_generation.batch_count - 1) as place;
  exception when unique_violation then
    -- The same id raced us on another session of the customer: two requests, two contents.
    perform private.stop_clock_without_picture(session.id);
    return jsonb_build_object('outcome', 'request_id_reused');
  end;
  if respond_async then
    perform private.wake_worker();
    return private.queued_answer(customer, reserve_generation.request_id, accounts, session, moment);
  end if;
  return jsonb_build_object(
    'outcome', 'reserved',
    'userId', customer,
    'leaseId', lease,
    'engines', answer,
    'generations', private.generations_of(customer, reserve_generation.request_id),
    'balance', private.balance(session, moment)
  );
end
$$;

revoke execute on function
  private.earlier_answer(uuid, uuid, text, boolean, text[], public.user_sessions, timestamptz),
  private.queued_answer(uuid, uuid, text[], public.user_sessions, timestamptz),
  public.reserve_generation(
    uuid, uuid, text, uuid, text, integer, integer, integer, numeric, bigint, integer, text[], text[], boolean, text, text
  )
from public, anon, authenticated, service_role;
grant execute on function public.reserve_generation(
  uuid, uuid, text, uuid, text, integer, integer, integer, numeric, bigint, integer, text[], text[], boolean, text, text
) to authenticated;
