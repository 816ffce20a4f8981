/*
 * What a customer's pages hear while they are open: that a picture of his got on, that his hours changed, and what is left.
 *
 * Owns: the two broadcasts on his private topic `customer:<his id>`, who may listen to it, and where a request stands in few
 * words. A broadcast is a hint. It goes out with the commit of what it tells of, or not at all; whoever missed it asks.
 *
 *   generation  { requestId, conversationId, sessionId, status, waitingFor, balance }
 *   session     { sessionId, status, balance }
 *
 * Triggers that are deferred tell it, so that the balance is the one that is committed. They never fail what they tell of:
 * without Realtime they do nothing, an error is a warning, and a lock is not waited for. Security definer, against the
 * rule of this schema: at the commit it is the caller's role again that acts, and he writes no messages himself.
 */

-- Where a request stands at a moment, whether or not anybody has come by to write down that a lease has run out.
create function private.request_state(customer uuid, request uuid, moment timestamptz) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  rows record;
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
  return jsonb_build_object(
    'outcome', case
      when rows.runs or rows.waits and rows.completed then 'running'
      when rows.waits then 'queued'
      when rows.completed then 'completed'
      when rows.failed then 'failed'
      else 'expired'
    end,
    'cancelling', rows.cancelling and (rows.runs or rows.waits),
    'failureCode', rows.failure_code
  );
end
$$;

-- The same with all that an answer holds: its place where it waits, its pictures, and what is left.
create or replace function private.status_of(
  customer uuid, request uuid, accounts text[], session public.user_sessions, moment timestamptz
) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  state constant jsonb := private.request_state(customer, request, moment);
  place integer;
begin
  if state ->> 'outcome' = 'queued' then
    place := private.queue_position(customer, request);
  end if;
  return state || jsonb_build_object(
    'position', place,
    'estimatedStartAt', case when place is not null then private.queue_estimate(place, accounts, moment) end,
    'generations', private.generations_of(customer, request),
    'balance', private.balance(session, moment)
  );
end
$$;

-- Telling ---------------------------------------------------------------------------------------------------------------

-- Tells of a picture that was asked for, or got on. Of a batch whose pictures get on together it tells once: at the commit
-- they follow each other, and all of them say the same.
create function private.tell_of_generation() returns trigger
language plpgsql volatile security definer set search_path = '' set lock_timeout = '200ms'
as $$
declare
  told constant text := new.user_id::text || new.request_id::text;
  moment timestamptz;
  session public.user_sessions;
  state jsonb;
begin
  if to_regprocedure('realtime.send(jsonb, text, text, boolean)') is null
    or new.batch_count > 1 and current_setting('hub.told_request', true) = told then
    return null;
  end if;
  begin
    select * into session from public.user_sessions as found where found.id = new.session_id;
    -- Who ends his account hears no more of it.
    if found then
      moment := private.clock();
      state := private.request_state(new.user_id, new.request_id, moment);
      perform realtime.send(
        jsonb_build_object(
          'requestId', new.request_id, 'conversationId', new.conversation_id, 'sessionId', new.session_id,
          'status', state ->> 'outcome', 'waitingFor', state ->> 'waitingFor', 'balance', private.balance(session, moment)
        ),
        'generation', 'customer:' || new.user_id, true
      );
    end if;
    perform set_config('hub.told_request', told, true);
  exception when others then
    raise warning 'nobody is told of request %: % (%)', new.request_id, sqlerrm, sqlstate;
  end;
  return null;
end
$$;

-- Tells of hours that were bought, started, extended, cut or ended, or whose clock has stopped again.
create function private.tell_of_session() returns trigger
language plpgsql volatile security definer set search_path = '' set lock_timeout = '200ms'
as $$
declare
  told constant text := new.id;
  session public.user_sessions;
  balance jsonb;
begin
  if to_regprocedure('realtime.send(jsonb, text, text, boolean)') is null
    or current_setting('hub.told_session', true) = told then
    return null;
  end if;
  begin
    select * into session from public.user_sessions as found where found.id = new.id;
    if found then
      balance := private.balance(session, private.clock());
      perform realtime.send(
        jsonb_build_object('sessionId', session.id, 'status', balance ->> 'status', 'balance', balance),
        'session', 'customer:' || session.user_id, true
      );
    end if;
    perform set_config('hub.told_session', told, true);
  exception when others then
    raise warning 'nobody is told of session %: % (%)', new.id, sqlerrm, sqlstate;
  end;
  return null;
end
$$;

create constraint trigger image_generations_tell_of_new after insert on public.image_generations
  deferrable initially deferred for each row
  execute function private.tell_of_generation();
create constraint trigger image_generations_tell_of_change
  after update of status, cancel_requested_at, object_name on public.image_generations
  deferrable initially deferred for each row
  when (
    (old.status, old.cancel_requested_at, old.object_name) is distinct from (new.status, new.cancel_requested_at, new.object_name)
  )
  execute function private.tell_of_generation();
create constraint trigger user_sessions_tell_of_new after insert on public.user_sessions
  deferrable initially deferred for each row
  execute function private.tell_of_session();
create constraint trigger user_sessions_tell_of_change
  after update of status, started_at, hours_purchased, expires_at on public.user_sessions
  deferrable initially deferred for each row
  when (
    (old.status, old.started_at, old.hours_purchased, old.expires_at)
    is distinct from (new.status, new.started_at, new.hours_purchased, new.expires_at)
  )
  execute function private.tell_of_session();

revoke execute on function
  private.request_state(uuid, uuid, timestamptz),
  private.status_of(uuid, uuid, text[], public.user_sessions, timestamptz),
  private.tell_of_generation(), private.tell_of_session()
from public, anon, authenticated, service_role;

-- Listening -------------------------------------------------------------------------------------------------------------

-- Realtime asks these once for each channel that is joined. The restrictive ones hold whatever else a hub allows on topics
-- of its own: a customer's topic is his to hear, and nobody's to speak on.
do $$
begin
  if to_regclass('realtime.messages') is null then
    return;
  end if;
  create policy "Customers hear what is told to themselves" on realtime.messages
    for select to authenticated using (
      extension = 'broadcast' and (select realtime.topic()) = 'customer:' || (select auth.uid())::text
    );
  create policy "Nobody hears what is told to a customer but himself" on realtime.messages
    as restrictive for select to anon, authenticated using (
      (select realtime.topic()) is null
      or (select realtime.topic()) not like 'customer:%'
      or (select realtime.topic()) = 'customer:' || (select auth.uid())::text
    );
  create policy "Nobody speaks where customers are told" on realtime.messages
    as restrictive for insert to anon, authenticated with check (
      (select realtime.topic()) is null or (select realtime.topic()) not like 'customer:%'
    );
end
$$;
