/*
 * The workers' side of the ledger: claiming what waits, keeping a lease alive, putting back, settling.
 *
 * Owns: claim_generations, renew_lease, requeue_generation and the settlement behind complete_generation and
 * fail_generation. All of it is for the secret key alone, and security definer, since not even that key writes the ledger
 * directly. Locks as everywhere: the session row first, the time read after it.
 */

-- A generation as a worker needs it.
create function private.work_of(generation public.image_generations) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  return jsonb_build_object(
    'userId', generation.user_id, 'requestId', generation.request_id, 'leaseId', generation.lease_id,
    'attempts', generation.attempts,
    'generation', jsonb_build_object(
      'id', generation.id, 'status', generation.status, 'storageKey', generation.storage_key, 'seed', generation.seed,
      'prompt', generation.prompt, 'negativePrompt', generation.negative_prompt, 'width', generation.width,
      'height', generation.height, 'steps', generation.steps, 'cfgScale', generation.cfg_scale,
      'createdAt', generation.created_at
    )
  );
end
$$;

/*
 * Claims pictures that wait, in the order of the queue, each under a lease of its own; at most one where every engine
 * that is worth asking has a budget, and none where no engine is or no budget has a turn. Answers them with what is known
 * of the engines, and where there are none but some wait, after how long to ask again. A session that a request works on
 * is passed over, so that no worker waits for it. Of the queue no more than running_max are drawn at once.
 */
create function public.claim_generations(
  engines text[], accounts text[], count_max integer default 4, running_max integer default 4
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  moment timestamptz := private.clock();
  sight constant jsonb := private.engine_sight(engines, accounts, moment);
  open_count integer;
  turn_at timestamptz;
  candidate record;
  claimed public.image_generations;
  work jsonb := '[]'::jsonb;
begin
  -- How many engines without a budget are worth asking, and when the first of all is: back again, and with a turn.
  select count(*) filter (where budget.account is null and passed.engine is null),
    min(greatest(private.engine_turn_at(budget, 1, moment), moment + passed."retryAfter" * interval '1 second'))
  into open_count, turn_at
  from unnest(engines, accounts) as asked (engine, account)
  left join private.engine_budget as budget on budget.account = asked.account
  left join jsonb_to_recordset(sight -> 'passedOver') as passed ("engine" text, "retryAfter" integer) using (engine);
  -- One worker counts and claims at a time, or two of them would both find the same room.
  perform pg_advisory_xact_lock(hashtextextended('claim_generations', 0));
  select case when turn_at <= moment then least(count_max, running_max - count(*), case open_count when 0 then 1 end) end
  into count_max from public.image_generations as generation
  where generation.status = 'running' and generation.respond_async and generation.lease_expires_at > moment;

  for candidate in
    select next.id
    from (
      select waiting.id, waiting.session_id, waiting.queue_turn, waiting.created_at
      from public.image_generations as waiting
      where waiting.status = 'queued' and waiting.not_before <= moment and waiting.lease_expires_at > moment
      order by waiting.queue_turn, waiting.created_at, waiting.id
      limit greatest(count_max, 0) * 8
    ) as next
    join public.user_sessions as session on session.id = next.session_id
    order by next.queue_turn, next.created_at, next.id
    limit greatest(count_max, 0)
    for update of session skip locked
  loop
    moment := private.clock();
    update public.image_generations as generation
    set status = 'running', lease_id = gen_random_uuid(), lease_expires_at = moment + private.lease(),
      not_before = null, attempts = generation.attempts + 1
    where generation.id = candidate.id and generation.status = 'queued' and generation.lease_expires_at > moment
    returning generation.* into claimed;
    if found then
      work := work || private.work_of(claimed);
    end if;
  end loop;
  return jsonb_build_object(
    'engines', sight,
    'generations', work,
    'waitMs', case when work = '[]'::jsonb then (
      select ceil(extract(epoch from greatest(min(waiting.not_before), turn_at, moment) - moment) * 1000)
      from public.image_generations as waiting
      where waiting.status = 'queued' and waiting.lease_expires_at > moment having count(*) > 0
    )::bigint end
  );
end
$$;

-- Locks the session of whatever runs under a lease; null where nothing does.
create function private.lock_session_of(lease uuid) returns public.user_sessions
language plpgsql volatile set search_path = ''
as $$
declare
  session public.user_sessions;
begin
  select found.* into session from public.user_sessions as found
  where found.id = (
    select generation.session_id from public.image_generations as generation
    where generation.status = 'running' and generation.lease_id = lease limit 1
  )
  for update;
  return session;
end
$$;

-- Says that the worker of a lease is alive, and answers whether the lease still is, and whether the customer wants the
-- picture no more. A lease that has run out is not renewed, even if nobody has noticed yet.
create function public.renew_lease(lease_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  session constant public.user_sessions := private.lock_session_of(renew_lease.lease_id);
  moment constant timestamptz := private.clock();
  cancelled boolean;
begin
  -- A batch has one lease for all of its pictures. Null where there is nothing to renew.
  with renewed as (
    update public.image_generations as generation
    set lease_expires_at = moment + private.lease()
    where generation.session_id = session.id and generation.status = 'running'
      and generation.lease_id = renew_lease.lease_id and generation.lease_expires_at > moment
    returning generation.cancel_requested_at
  )
  select bool_or(renewed.cancel_requested_at is not null) into cancelled from renewed;
  return jsonb_build_object('held', cancelled is not null, 'cancelRequested', coalesce(cancelled, false));
end
$$;

/*
 * Settles a request, or where a lease is given that part of it which runs under the lease: every picture listed is
 * recorded and its credit spent, every other hold is released as failed for the reason given. One transaction, so that of
 * a batch what was not made returns at once. Calling it again with the same pictures changes nothing and answers the
 * same. A picture whose hold ended with its lease is recorded as well, and costs nothing: its row stays expired.
 */
drop function public.complete_generation(uuid, uuid, jsonb, text);
drop function public.fail_generation(uuid, uuid, text);
drop function private.settle_generation(uuid, uuid, jsonb, text);

create function private.settle_generation(customer uuid, request uuid, pictures jsonb, reason text, lease uuid) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
  session public.user_sessions;
  moment timestamptz;
  made integer;
begin
  select found.* into session
  from public.user_sessions as found
  where found.id = (
    select generation.session_id from public.image_generations as generation
    where generation.user_id = customer and generation.request_id = request
    limit 1
  )
  for update;
  if not found then
    return jsonb_build_object('outcome', 'request_not_found');
  end if;
  moment := private.clock();
  perform private.expire_session_holds(session.id, moment);

  with recorded as (
    update public.image_generations as generation
    set status = case generation.status when 'expired' then 'expired' else 'completed' end,
      lease_expires_at = null, lease_id = null, queue_turn = null, not_before = null,
      settled_at = coalesce(generation.settled_at, moment),
      object_name = picture."objectName", image_url = picture."imageUrl", model_used = picture."model",
      width = coalesce(picture."width", generation.width), height = coalesce(picture."height", generation.height),
      generation_time_ms = picture."generationTimeMs"
    from jsonb_to_recordset(pictures) as picture (
      "id" uuid, "objectName" text, "imageUrl" text, "model" text, "width" integer, "height" integer,
      "generationTimeMs" integer
    )
    where generation.id = picture."id" and generation.user_id = customer and generation.request_id = request
      and generation.status in ('queued', 'running', 'expired')
      and (lease is null or generation.lease_id = lease or generation.status = 'expired')
      and generation.object_name is null
    returning generation.status
  )
  select count(*) filter (where recorded.status = 'completed') into made from recorded;
  -- An engine that draws is in good standing again.
  update private.engine_standing as standing
  set failures = 0, passed_over_until = null
  where standing.engine in (
    -- In one order, so that two settlements never wait for each other.
    select found.engine from private.engine_standing as found
    where found.failures > 0
      and found.engine in (select picture ->> 'engine' from jsonb_array_elements(pictures) as drawn (picture))
    order by found.engine for update
  );

  update public.image_generations as generation
  set status = 'failed', lease_expires_at = null, lease_id = null, queue_turn = null, not_before = null,
    settled_at = moment, failure_code = reason
  where generation.user_id = customer and generation.request_id = request
    and generation.status in ('queued', 'running')
    and (lease is null or generation.lease_id = lease);
  if found then
    perform private.stop_clock_without_picture(session.id);
    if reason = 'prompt_refused' then
      perform private.count_refusal(customer, 'moderation', moment);
    end if;
  end if;

  update public.user_sessions as settled
  set images_generated = settled.images_generated + made, updated_at = moment
  where settled.id = session.id and made > 0;
  select * into session from public.user_sessions as settled where settled.id = session.id;

  return (
    select jsonb_build_object(
      'outcome', case
        when bool_or(listed ->> 'status' = 'completed') then 'completed'
        when bool_or(listed ->> 'status' in ('queued', 'running')) then 'running'
        when bool_or(listed ->> 'status' = 'failed') then 'failed'
        else 'expired'
      end,
      'failureCode', min(listed ->> 'failureCode'),
      'generations', jsonb_agg(listed order by place),
      'balance', private.balance(session, moment)
    )
    from jsonb_array_elements(private.generations_of(customer, request)) with ordinality as generation (listed, place)
  );
end
$$;

-- Posts the credits of pictures that are stored: it is the worker's word that the objects exist.
create function public.complete_generation(
  user_id uuid, request_id uuid, pictures jsonb, failure_code text default 'engine_failed', lease_id uuid default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  return private.settle_generation(user_id, request_id, pictures, failure_code, lease_id);
end
$$;

-- Releases the credits of what made nothing.
create function public.fail_generation(user_id uuid, request_id uuid, failure_code text, lease_id uuid default null) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  return private.settle_generation(user_id, request_id, '[]', failure_code, lease_id);
end
$$;

-- Puts a picture that could not be drawn now back into its round of the queue, to be tried again after so many seconds;
-- gives it up for that reason where it may not wait so long, or where its customer wants it no more. Answers `queued`, or
-- how it was settled; `expired` where the lease is nobody's any more.
create function public.requeue_generation(lease_id uuid, delay_seconds integer, failure_code text) returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
  session constant public.user_sessions := private.lock_session_of(requeue_generation.lease_id);
  moment constant timestamptz := private.clock();
  next_try constant timestamptz := moment + greatest(1, delay_seconds) * interval '1 second';
  held public.image_generations;
begin
  perform private.expire_session_holds(session.id, moment);
  select * into held from public.image_generations as generation
  where generation.session_id = session.id and generation.status = 'running'
    and generation.lease_id = requeue_generation.lease_id;
  if not found then
    return 'expired';
  end if;
  if held.cancel_requested_at is not null or next_try >= held.created_at + private.queue_patience() then
    return private.settle_generation(
      held.user_id, held.request_id, '[]'::jsonb,
      case when held.cancel_requested_at is not null then 'cancelled' else requeue_generation.failure_code end,
      held.lease_id
    ) ->> 'outcome';
  end if;
  update public.image_generations as generation
  set status = 'queued', lease_id = null, not_before = next_try,
    lease_expires_at = generation.created_at + private.queue_patience(),
    queue_turn = coalesce(generation.queue_turn, 0)
  -- All that runs under the lease: a batch may.
  where generation.session_id = session.id and generation.lease_id = held.lease_id;
  return 'queued';
end
$$;

revoke execute on function
  private.work_of(public.image_generations), private.lock_session_of(uuid),
  private.settle_generation(uuid, uuid, jsonb, text, uuid), public.claim_generations(text[], text[], integer, integer),
  public.renew_lease(uuid), public.requeue_generation(uuid, integer, text),
  public.complete_generation(uuid, uuid, jsonb, text, uuid), public.fail_generation(uuid, uuid, text, uuid)
from public, anon, authenticated, service_role;
grant execute on function
  public.claim_generations(text[], text[], integer, integer), public.renew_lease(uuid),
  public.requeue_generation(uuid, integer, text),
  public.complete_generation(uuid, uuid, jsonb, text, uuid), public.fail_generation(uuid, uuid, text, uuid)
to service_role;
