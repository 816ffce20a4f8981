/*
 * Why a picture waits, and until when.
 *
 * Owns: wait_code and wait_until of image_generations. What was put back into the queue says what it was put back for, next
 * to its not_before; what is being drawn says what its worker waits for, a model that loads or a budget's next turn. Both
 * are codes of docs/ERROR_CODES.md, and both end with the state that they belong to.
 */

alter table public.image_generations
  -- What a picture waits for: the code of the failure that would have ended it if it could not wait.
  add column wait_code text,
  -- Until when the worker of a running row waits, as far as the engine knows; a queued row has not_before.
  add column wait_until timestamptz,
  add constraint image_generations_wait_code_check check (wait_code is null or status in ('queued', 'running')),
  add constraint image_generations_wait_until_check check (
    (wait_until is not null) = (status = 'running' and wait_code is not null)
  );

-- A settled generation is history; the one thing that may still happen to it is that its picture arrives too late and is
-- given. No generation ever changes whose it is. And what it waits for is over when it is claimed, put back or settled.
create or replace function private.guard_generation() returns trigger
language plpgsql volatile set search_path = ''
as $$
begin
  if old.status in ('completed', 'failed', 'expired') then
    if new.status is distinct from old.status then
      raise exception 'generation % is % and stays so', old.id, old.status using errcode = 'integrity_constraint_violation';
    end if;
    if old.object_name is not null and new.object_name is distinct from old.object_name then
      raise exception 'generation % keeps its picture', old.id using errcode = 'integrity_constraint_violation';
    end if;
  end if;
  if (new.id, new.user_id, new.session_id, new.request_id, new.batch_index, new.hour_index, new.storage_key)
    is distinct from
    (old.id, old.user_id, old.session_id, old.request_id, old.batch_index, old.hour_index, old.storage_key) then
    raise exception 'generation % keeps its owner, session, request, hour and place', old.id
      using errcode = 'integrity_constraint_violation';
  end if;
  if new.status <> old.status then
    new.wait_until := null;
    if new.status <> 'queued' then
      new.wait_code := null;
    end if;
  end if;
  return new;
end
$$;

-- Puts a picture that could not be drawn now back into its round of the queue, to be tried again after so many seconds;
-- gives it up for that reason where it may not wait so long, or where its customer wants it no more. As before, and the
-- row says what it waits for. Answers `queued`, or how it was settled; `expired` where the lease is nobody's any more.
create or replace function public.requeue_generation(lease_id uuid, delay_seconds integer, failure_code text) returns text
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
  set status = 'queued', lease_id = null, not_before = next_try, wait_code = requeue_generation.failure_code,
    lease_expires_at = generation.created_at + private.queue_patience(),
    queue_turn = coalesce(generation.queue_turn, 0)
  -- All that runs under the lease: a batch may.
  where generation.session_id = session.id and generation.lease_id = held.lease_id;
  return 'queued';
end
$$;

-- Says that the worker of a lease waits for so many seconds before it asks an engine again, and what for. Answers whether
-- the lease still is. For the secret key alone; security definer, since not even that key writes the ledger directly.
create function public.report_wait(lease_id uuid, wait_code text, wait_seconds integer) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  session constant public.user_sessions := private.lock_session_of(report_wait.lease_id);
  moment constant timestamptz := private.clock();
begin
  update public.image_generations as generation
  set wait_code = coalesce(report_wait.wait_code, 'engine_unavailable'),
    wait_until = moment + least(greatest(coalesce(wait_seconds, 0), 0), 3600) * interval '1 second'
  where generation.session_id = session.id and generation.status = 'running'
    and generation.lease_id = report_wait.lease_id and generation.lease_expires_at > moment;
  return found;
end
$$;

-- Where a request stands at a moment. As before, with what it waits for and until when: of what is being drawn as long as
-- its worker waits, of what is queued since it was put back.
create or replace function private.request_state(customer uuid, request uuid, moment timestamptz) returns jsonb
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
    min(generation.failure_code) as failure_code,
    min(generation.wait_code) filter (where generation.wait_until > moment) as runs_for,
    min(generation.wait_until) filter (where generation.wait_until > moment) as runs_until,
    min(generation.wait_code) filter (where generation.status = 'queued') as waits_for,
    min(generation.not_before) filter (where generation.wait_code is not null) as waits_until
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
    'failureCode', rows.failure_code,
    'waitingFor', case when rows.runs then rows.runs_for when rows.waits then rows.waits_for end,
    'notBefore', case when rows.runs then rows.runs_until when rows.waits then rows.waits_until end
  );
end
$$;

-- The pages hear of it as well: a worker that begins to wait is news.
drop trigger image_generations_tell_of_change on public.image_generations;
create constraint trigger image_generations_tell_of_change
  after update of status, cancel_requested_at, object_name, wait_until on public.image_generations
  deferrable initially deferred for each row
  when (
    (old.status, old.cancel_requested_at, old.object_name, old.wait_until)
    is distinct from (new.status, new.cancel_requested_at, new.object_name, new.wait_until)
  )
  execute function private.tell_of_generation();

revoke execute on function public.report_wait(uuid, text, integer) from public, anon, authenticated, service_role;
grant execute on function public.report_wait(uuid, text, integer) to service_role;

notify pgrst, 'reload schema';
