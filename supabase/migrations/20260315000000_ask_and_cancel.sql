/*
 * The customer's side of a request that is under way: where it stands, and taking it back.
 *
 * Owns: generation_status and cancel_generation. Both are called with the customer's own token and see the caller's rows
 * alone; security definer, since they read the queue around them and write what customers do not.
 */

-- Where a request stands at a moment, whether or not anybody has come by to write down that a lease has run out.
create function private.status_of(
  customer uuid, request uuid, accounts text[], session public.user_sessions, moment timestamptz
) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  rows record;
  place integer;
begin
  select
    bool_or(generation.status = 'running' and generation.lease_expires_at > moment) as runs,
    bool_or(generation.status = 'queued' and generation.lease_expires_at > moment) as waits,
    bool_or(generation.status = 'completed') as completed,
    bool_or(generation.status = 'failed') as failed,
    bool_or(generation.cancel_requested_at is not null) as cancelling,
    min(generation.failure_code) as failure_code
  into rows
  from public.image_generations as generation
  where generation.user_id = customer and generation.request_id = request;
  if rows.waits and not rows.runs and not rows.completed then
    place := private.queue_position(customer, request);
  end if;
  return jsonb_build_object(
    'outcome', case
      when rows.runs or rows.waits and rows.completed then 'running'
      when rows.waits then 'queued'
      when rows.completed then 'completed'
      when rows.failed then 'failed'
      else 'expired'
    end,
    'cancelling', rows.cancelling and (rows.runs or rows.waits),
    'failureCode', rows.failure_code,
    'position', place,
    'estimatedStartAt', case when place is not null then private.queue_estimate(place, accounts, moment) end,
    'generations', private.generations_of(customer, request),
    'balance', private.balance(session, moment)
  );
end
$$;

-- Outcomes: unauthorized, request_not_found, queued (with position and estimatedStartAt), running, completed, failed,
-- expired. accounts are those of the engines that would draw.
create function public.generation_status(request_id uuid, accounts text[] default '{}') returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  customer constant uuid := (select auth.uid());
  session public.user_sessions;
begin
  if customer is null then
    return jsonb_build_object('outcome', 'unauthorized');
  end if;
  select found.* into session from public.user_sessions as found
  where found.id = (
    select generation.session_id from public.image_generations as generation
    where generation.user_id = customer and generation.request_id = generation_status.request_id limit 1
  );
  if not found then
    return jsonb_build_object('outcome', 'request_not_found');
  end if;
  return private.status_of(customer, generation_status.request_id, accounts, session, private.clock());
end
$$;

/*
 * Takes a request back. What waits is failed as cancelled at once, and its credit is free; of what runs, the worker is
 * told at its next sign of life, and the credit is free when it has stopped without a picture. A picture that is there by
 * then is the customer's and costs its credit. Answers as generation_status does.
 */
create function public.cancel_generation(request_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  customer constant uuid := (select auth.uid());
  session public.user_sessions;
  moment timestamptz;
begin
  if customer is null then
    return jsonb_build_object('outcome', 'unauthorized');
  end if;
  select found.* into session from public.user_sessions as found
  where found.id = (
    select generation.session_id from public.image_generations as generation
    where generation.user_id = customer and generation.request_id = cancel_generation.request_id limit 1
  )
  for update;
  if not found then
    return jsonb_build_object('outcome', 'request_not_found');
  end if;
  moment := private.clock();
  perform private.expire_session_holds(session.id, moment);
  update public.image_generations as generation
  set status = 'failed', failure_code = 'cancelled', lease_expires_at = null, queue_turn = null, not_before = null,
    cancel_requested_at = moment, settled_at = moment
  where generation.user_id = customer and generation.request_id = cancel_generation.request_id
    and generation.status = 'queued';
  if found then
    perform private.stop_clock_without_picture(session.id);
  end if;
  update public.image_generations as generation
  set cancel_requested_at = moment
  where generation.user_id = customer and generation.request_id = cancel_generation.request_id
    and generation.status = 'running' and generation.cancel_requested_at is null;
  select * into session from public.user_sessions as found where found.id = session.id;
  return private.status_of(customer, cancel_generation.request_id, '{}', session, moment);
end
$$;

revoke execute on function
  private.status_of(uuid, uuid, text[], public.user_sessions, timestamptz),
  public.generation_status(uuid, text[]), public.cancel_generation(uuid)
from public, anon, authenticated, service_role;
grant execute on function public.generation_status(uuid, text[]), public.cancel_generation(uuid) to authenticated;
