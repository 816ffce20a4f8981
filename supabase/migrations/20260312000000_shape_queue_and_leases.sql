/*
 * The shape of a picture that waits, of one that somebody is drawing, and of one that came too late.
 *
 * Owns: the columns of image_generations for them, their constraints and indexes, and the guard of what never changes.
 *
 *   queued ──claim──▶ running ──complete──▶ completed
 *     │ ◀──requeue──────┤ │
 *     │                 │ └──lease ends──▶ expired   (a picture that arrives now is a present: the row stays expired)
 *     └──cancel, fail───┴──cancel, fail──▶ failed
 *
 * A running row has a lease that its worker renews. A queued row has a lease as well: how long it may wait.
 */

alter table public.image_generations
  -- Who works on a running row. Each claim is a new one, so that an earlier worker cannot settle a later one's row.
  add column lease_id uuid,
  -- Whether it is drawn from the queue, rather than by the request that asked for it.
  add column respond_async boolean not null default false,
  -- The round of the queue in which a queued row's turn comes: its customer's n-th picture waits for round n. A row that
  -- was claimed keeps it, so that putting it back does not crowd the others of its customer into one round.
  add column queue_turn bigint,
  -- A queued row is not tried before this.
  add column not_before timestamptz,
  -- How often a worker has begun it.
  add column attempts smallint not null default 0,
  add column cancel_requested_at timestamptz;

-- Whatever is being drawn while this runs goes on under a lease that nobody renews, as it was begun.
update public.image_generations set lease_id = gen_random_uuid() where status = 'running';
-- What the constraints below refuse may stand in rows from before them.
update public.image_generations
set prompt = regexp_replace(prompt, '[\u0001-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]', U&'\FFFD', 'g'),
  negative_prompt = regexp_replace(
    negative_prompt, '[\u0001-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]', U&'\FFFD', 'g'
  )
where prompt || coalesce(negative_prompt, '') ~ '[\u0001-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]';

alter table public.image_generations
  add constraint image_generations_lease_id_check check ((status = 'running') = (lease_id is not null)),
  add constraint image_generations_queue_turn_check check (
    case status when 'queued' then queue_turn is not null when 'running' then true else queue_turn is null end
  ),
  add constraint image_generations_not_before_check check ((status = 'queued') = (not_before is not null)),
  add constraint image_generations_attempts_check check (attempts >= 0),
  -- What no picture needs and what a log or a page would stumble over. The edge function turns them into spaces; a
  -- caller of the rpc is told.
  add constraint image_generations_prompt_characters_check check (prompt !~ '[\u0001-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]'),
  add constraint image_generations_negative_prompt_characters_check check (
    negative_prompt !~ '[\u0001-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]'
  ),
  drop constraint image_generations_completed_check,
  drop constraint image_generations_width_check,
  drop constraint image_generations_height_check,
  -- A completed row has its picture; an expired one may have been given one, with all that belongs to it or nothing.
  add constraint image_generations_picture_check check (
    (object_name is null) = (image_url is null) and (object_name is null) = (model_used is null)
    and (status <> 'completed' or object_name is not null)
    and (status in ('completed', 'expired') or object_name is null)
  ),
  add constraint image_generations_width_check check (
    case when object_name is not null then width between 1 and 4096 else width in (512, 768, 1024) end
  ),
  add constraint image_generations_height_check check (
    case when object_name is not null then height between 1 and 4096 else height in (512, 768, 1024) end
  );

-- The queue in its order, and each customer's part of it.
create index image_generations_queue_idx on public.image_generations (queue_turn, created_at, id) where status = 'queued';
create index image_generations_queued_user_id_idx on public.image_generations (user_id, queue_turn) where status = 'queued';
create unique index image_generations_lease_id_idx on public.image_generations (lease_id, batch_index) where status = 'running';
-- The newest pictures, from which the pace of the queue is estimated.
create index image_generations_settled_at_idx on public.image_generations (settled_at desc) where status = 'completed';

create or replace function private.lease() returns interval
language sql immutable set search_path = ''
return interval '60 seconds';
comment on function private.lease() is
  'How long a running hold lives after its worker was last heard of; a worker is heard of every few seconds.';

create function private.queue_patience() returns interval
language sql immutable set search_path = ''
return interval '1 hour';
comment on function private.queue_patience() is 'How long a picture may wait in the queue; its hold ends then.';

-- A settled generation is history; the one thing that may still happen to it is that its picture arrives too late and is
-- given. And no generation ever changes whose it is.
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
  return new;
end
$$;

-- Releases the holds of one session whose lease has run out. The caller holds the lock on the session row.
create or replace function private.expire_session_holds(expired_session_id uuid, moment timestamptz) returns integer
language plpgsql volatile set search_path = ''
as $$
declare
  released integer;
begin
  update public.image_generations
  set status = 'expired', lease_expires_at = null, lease_id = null, queue_turn = null, not_before = null, settled_at = moment
  where session_id = expired_session_id and status in ('queued', 'running') and lease_expires_at <= moment;
  get diagnostics released = row_count;
  if released > 0 then
    perform private.stop_clock_without_picture(expired_session_id);
  end if;
  return released;
end
$$;

-- Where the queue stands ---------------------------------------------------------------------------------------------------

-- How many pictures of the queue come before a request's first one, itself included; null where it does not wait.
create function private.queue_position(customer uuid, request uuid) returns integer
language plpgsql stable set search_path = ''
as $$
declare
  first record;
begin
  select waiting.queue_turn, waiting.created_at, waiting.id into first
  from public.image_generations as waiting
  where waiting.user_id = customer and waiting.request_id = request and waiting.status = 'queued'
  order by waiting.queue_turn, waiting.created_at, waiting.id limit 1;
  if not found then
    return null;
  end if;
  return (
    select count(*) from public.image_generations as ahead
    where ahead.status = 'queued'
      and (ahead.queue_turn, ahead.created_at, ahead.id) <= (first.queue_turn, first.created_at, first.id)
  );
end
$$;

-- When the picture at that place of the queue is begun, as far as can be told: at the pace of the newest pictures, four
-- at a time, and not before an account has a turn for it. The earliest of the accounts counts, since any may draw it.
create function private.queue_estimate(place integer, accounts text[], moment timestamptz) returns timestamptz
language plpgsql stable set search_path = ''
as $$
declare
  pace_ms numeric;
  turn_at timestamptz;
begin
  select avg(newest.generation_time_ms) into pace_ms from (
    select made.generation_time_ms from public.image_generations as made
    where made.status = 'completed' order by made.settled_at desc limit 20
  ) as newest;
  if cardinality(accounts) > 0 then
    -- Whoever asks names the accounts: sixteen are more than any hub has.
    select min(coalesce(private.engine_turn_at(budget, place, moment), moment)) into turn_at
    from (select distinct named from unnest(accounts) as named limit 16) as asked (account)
    left join private.engine_budget as budget on budget.account = asked.account;
  end if;
  return greatest(turn_at, moment + (place - 1) / 4 * coalesce(pace_ms, 5000) * interval '1 millisecond');
end
$$;

revoke execute on function
  private.queue_patience(), private.queue_position(uuid, uuid), private.queue_estimate(integer, text[], timestamptz)
from public, anon, authenticated, service_role;
