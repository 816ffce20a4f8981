/*
 * Pictures that their customer does not want any more.
 *
 * Owns: deleting a picture, taking that back while there is time, and having its object removed from Storage.
 *
 *   kept ──delete──▶ deleted ──20 s, a worker──▶ being removed ──▶ removed
 *     └◀──restore──────┘
 *
 * The row stays: it is the hold on a credit, and deleting gives none back. What is being removed may be gone already, so
 * there is no way back from there. A picture locks its own row only; nothing here changes what the session's lock guards.
 */

alter table public.image_generations
  -- When its customer deleted it.
  add column deleted_at timestamptz,
  -- When a worker last set about removing its object.
  add column removing_at timestamptz,
  -- When Storage had it no more.
  add column removed_at timestamptz,
  add constraint image_generations_deleted_check check (
    (deleted_at is null or object_name is not null)
    and (removing_at is null or deleted_at is not null)
    and (removed_at is null or removing_at is not null)
  );

-- A customer's pictures, newest first, however many he has.
create index image_generations_history_idx on public.image_generations (user_id, created_at desc, id desc)
  where object_name is not null and deleted_at is null;
-- What is to be removed, in its order.
create index image_generations_removal_idx on public.image_generations (deleted_at)
  where deleted_at is not null and removed_at is null;

create function private.second_thoughts() returns interval
language sql immutable set search_path = ''
return interval '20 seconds';
comment on function private.second_thoughts() is 'How long a deleted picture can certainly be had back.';

create function private.removal_patience() returns interval
language sql immutable set search_path = ''
return interval '1 minute';
comment on function private.removal_patience() is
  'How long a worker that removes is believed to be alive; Storage has 20 seconds to answer it.';

-- A picture that a worker has begun to remove does not come back, and one that is removed stays so.
create function private.guard_removal() returns trigger
language plpgsql volatile set search_path = ''
as $$
begin
  if old.removing_at is not null and (new.deleted_at is distinct from old.deleted_at or new.removing_at is null)
    or old.removed_at is not null and new.removed_at is distinct from old.removed_at then
    raise exception 'the picture of generation % is not there any more', old.id using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end
$$;
create trigger image_generations_removal_guard
  before update of deleted_at, removing_at, removed_at on public.image_generations
  for each row execute function private.guard_removal();

-- The customer's side ---------------------------------------------------------------------------------------------------

/*
 * Deletes pictures of the caller, whatever else is among the ids. Deleting twice is deleting once. Security definer, since
 * customers write no picture; it touches rows of the caller alone.
 *
 * Outcomes: unauthorized, invalid_request (none or more than 100 ids), deleted (ids: those that are deleted now, and
 * restorableUntil).
 */
create function public.delete_pictures(ids uuid[]) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  customer constant uuid := (select auth.uid());
  gone uuid[];
  since timestamptz;
begin
  if customer is null then
    return jsonb_build_object('outcome', 'unauthorized');
  end if;
  if cardinality(ids) is null or cardinality(ids) not between 1 and 100 then
    return jsonb_build_object('outcome', 'invalid_request', 'field', 'ids');
  end if;
  -- In one order, so that two calls never wait for each other.
  select array_agg(locked.id) into gone from (
    select picture.id from public.image_generations as picture
    where picture.id = any (ids) and picture.user_id = customer and picture.object_name is not null
    order by picture.id for update
  ) as locked;
  update public.image_generations as picture set deleted_at = private.clock()
  where picture.id = any (gone) and picture.deleted_at is null;
  select min(picture.deleted_at) into since from public.image_generations as picture where picture.id = any (gone);
  return jsonb_build_object(
    'outcome', 'deleted', 'ids', coalesce(to_jsonb(gone), '[]'), 'restorableUntil', since + private.second_thoughts()
  );
end
$$;

/*
 * Takes deleting back, as long as nobody has begun to remove the object. Security definer as above.
 *
 * Outcomes: unauthorized, invalid_request, restored (ids: those that are there now), too_late (not one of them is).
 */
create function public.restore_pictures(ids uuid[]) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  customer constant uuid := (select auth.uid());
  kept uuid[];
begin
  if customer is null then
    return jsonb_build_object('outcome', 'unauthorized');
  end if;
  if cardinality(ids) is null or cardinality(ids) not between 1 and 100 then
    return jsonb_build_object('outcome', 'invalid_request', 'field', 'ids');
  end if;
  select array_agg(locked.id) into kept from (
    select picture.id from public.image_generations as picture
    where picture.id = any (ids) and picture.user_id = customer and picture.object_name is not null
      and picture.removing_at is null
    order by picture.id for update
  ) as locked;
  update public.image_generations as picture set deleted_at = null
  where picture.id = any (kept) and picture.deleted_at is not null;
  return jsonb_build_object(
    'outcome', case when kept is null then 'too_late' else 'restored' end, 'ids', coalesce(to_jsonb(kept), '[]')
  );
end
$$;

-- The worker's side -------------------------------------------------------------------------------------------------------

-- Takes pictures whose objects are to be removed, the longest deleted first: those that nobody removes, and those that
-- somebody has been removing for too long. Two workers never take the same. For the secret key alone; security definer,
-- since not even that key writes the ledger directly.
create function public.claim_removals(count_max integer default 100) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  moment constant timestamptz := private.clock();
  work jsonb;
begin
  with due as (
    select picture.id from public.image_generations as picture
    where picture.removed_at is null and picture.deleted_at <= moment - private.second_thoughts()
      and (picture.removing_at is null or picture.removing_at <= moment - private.removal_patience())
    order by picture.deleted_at
    limit least(greatest(count_max, 0), 100)
    for update skip locked
  ), taken as (
    update public.image_generations as picture set removing_at = moment
    from due where picture.id = due.id
    returning picture.id, picture.object_name
  )
  select coalesce(jsonb_agg(jsonb_build_object('id', taken.id, 'objectName', taken.object_name)), '[]') into work from taken;
  return work;
end
$$;

-- Records that Storage has the objects no more; answers how many. What nobody set about removing is not recorded. For the
-- secret key alone, whose word it is; security definer as above.
create function public.record_removals(ids uuid[]) returns integer
language plpgsql volatile security definer set search_path = ''
as $$
declare
  recorded integer;
begin
  update public.image_generations as picture set removed_at = private.clock()
  where picture.id = any (ids) and picture.removing_at is not null and picture.removed_at is null;
  get diagnostics recorded = row_count;
  return recorded;
end
$$;

-- What else changes -------------------------------------------------------------------------------------------------------

-- The pictures of a request, as an answer lists them, in the order of the batch. An address at which nothing is any more
-- is not told.
create or replace function private.generations_of(customer uuid, request uuid) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  return (select coalesce(jsonb_agg(jsonb_build_object(
    'id', generation.id,
    'status', generation.status,
    'storageKey', generation.storage_key,
    'url', case when generation.removing_at is null then generation.image_url end,
    'seed', generation.seed,
    'prompt', generation.prompt,
    'negativePrompt', generation.negative_prompt,
    'width', generation.width,
    'height', generation.height,
    'steps', generation.steps,
    'cfgScale', generation.cfg_scale,
    'model', generation.model_used,
    'failureCode', generation.failure_code,
    'generationTimeMs', generation.generation_time_ms,
    'createdAt', generation.created_at
  ) order by generation.batch_index), '[]'::jsonb)
  from public.image_generations as generation
  where generation.user_id = customer and generation.request_id = request);
end
$$;

-- One tick: as before, and it wakes the worker of the queue for what is to be removed as well.
create or replace function private.tick() returns integer
language plpgsql volatile set search_path = ''
as $$
declare
  moment constant timestamptz := private.clock();
begin
  -- Passing over what is being asked for just now: a request locks two of them, and would wait here for ever.
  delete from private.rate_bucket where bucket in (
    select idle.bucket from private.rate_bucket as idle
    where idle.full_at < moment - interval '1 hour' for update skip locked
  );
  if exists (
    select from public.image_generations as waiting
    where waiting.status = 'queued' and waiting.not_before <= moment and waiting.lease_expires_at > moment
  ) or exists (
    select from public.image_generations as picture
    where picture.removed_at is null and picture.deleted_at <= moment - private.second_thoughts()
      and (picture.removing_at is null or picture.removing_at <= moment - private.removal_patience())
  ) then
    perform private.wake_worker();
  end if;
  if exists (
    select from private.payment_event as waiting where waiting.processed_at is null and waiting.next_attempt_at <= moment
  ) or exists (
    select from public.purchase as due where due.next_check_at <= moment
  ) or exists (
    select from private.refund as due where due.next_attempt_at <= moment
  ) then
    perform private.wake_payment_worker();
  end if;
  return public.expire_generations();
end
$$;

revoke execute on function
  private.second_thoughts(), private.removal_patience(), private.guard_removal(),
  public.delete_pictures(uuid[]), public.restore_pictures(uuid[]), public.claim_removals(integer), public.record_removals(uuid[])
from public, anon, authenticated, service_role;
grant execute on function public.delete_pictures(uuid[]), public.restore_pictures(uuid[]) to authenticated;
grant execute on function public.claim_removals(integer), public.record_removals(uuid[]) to service_role;

notify pgrst, 'reload schema';
