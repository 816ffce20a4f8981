/*
 * Pictures on credit: what an hour of a plan may make, what was made, where it lies, and the ledger that keeps count.
 *
 * Owns: the columns, tables, buckets, policies and grants of generation, and the ledger's functions. The rules of credit
 * that it keeps are numbered in ARCHITECTURE.md; in short, a row of image_generations IS the hold on one credit:
 *
 *   running ──complete──▶ completed     the credit is spent
 *      │────fail───────▶ failed         the credit is free again
 *      └────lease ends─▶ expired        the credit is free again
 *
 * Used credits of an hour = its rows that are neither failed nor expired. No other counter exists that could disagree.
 * One file, though long, because the original deployment knows the feature's migration as one file of this name.
 *
 * Locks: whoever changes rows of a session's ledger holds the lock on the user_sessions row first, so that a session is
 * one queue; time is read after the lock. Refusals are returned as an outcome and never raised, so that what the same
 * transaction repaired (a hold whose lease had run out) is kept.
 *
 * What the hot path calls is plpgsql, whose plans a connection keeps. A function in SQL with a search_path of its own is
 * planned anew at every call: balances alone cost a millisecond and a half of each reservation that way.
 */

-- Columns -----------------------------------------------------------------------------------------------------------

alter table public.session_config
  add column image_credits_per_hour integer not null default 0,
  add column video_credits_per_hour integer not null default 0,
  add constraint session_config_image_credits_per_hour_check check (image_credits_per_hour between 0 and 1000),
  add constraint session_config_video_credits_per_hour_check check (video_credits_per_hour between 0 and 1000);

update public.session_config as plan
set image_credits_per_hour = credits.images, video_credits_per_hour = credits.videos
from (values ('flash-lite', 3, 0), ('flash', 8, 1), ('pro', 15, 3)) as credits (plan_id, images, videos)
where plan.plan_id = credits.plan_id;

alter table public.user_sessions
  add column images_generated integer not null default 0,
  add column videos_generated integer not null default 0,
  add column started_at timestamptz,
  -- Who started the clock. A clock that a picture started stops again if that picture never arrives.
  add column started_by text,
  alter column status set default 'ready';

-- Sessions of the original hub ran from the moment they were bought; whatever it called the others, they are over.
update public.user_sessions
set started_at = created_at,
  started_by = 'customer',
  expires_at = coalesce(expires_at, created_at + hours_purchased * interval '1 hour'),
  status = case status when 'active' then 'active' else 'ended' end;

alter table public.user_sessions
  add constraint user_sessions_status_check check (status in ('ready', 'active', 'ended')),
  add constraint user_sessions_images_generated_check check (images_generated >= 0),
  add constraint user_sessions_videos_generated_check check (videos_generated >= 0),
  add constraint user_sessions_started_by_check check (started_by in ('customer', 'picture')),
  add constraint user_sessions_clock_check check (
    (started_at is null) = (expires_at is null)
    and (started_at is null) = (started_by is null)
    and (status <> 'active' or started_at is not null)
    and (status <> 'ready' or started_at is null)
    and expires_at > started_at
  );

-- Tables --------------------------------------------------------------------------------------------------------------

create table public.image_generations (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  session_id uuid not null references public.user_sessions (id) on delete cascade,
  conversation_id uuid references public.conversations (id) on delete set null,
  -- The client's id of the request, the same for all pictures of a batch, and a digest of what it asked for.
  request_id uuid not null,
  request_digest text not null,
  batch_index smallint not null default 0,
  batch_count smallint not null default 1,
  -- Hours since the session's clock started when the credit was held: the credit belongs to this hour for good.
  hour_index smallint not null,
  status text not null,
  -- The hold ends here unless it was settled before. Null once it is settled.
  lease_expires_at timestamptz,
  prompt text not null,
  negative_prompt text,
  width integer not null,
  height integer not null,
  resolution text generated always as (width::text || 'x' || height::text) stored,
  steps integer not null,
  cfg_scale numeric(4, 2) not null,
  seed bigint not null,
  -- The unguessable part of the picture's address.
  storage_key uuid not null default gen_random_uuid(),
  object_name text,
  image_url text,
  model_used text,
  generation_time_ms integer,
  failure_code text,
  created_at timestamptz not null default now(),
  settled_at timestamptz,
  constraint image_generations_batch_check check (batch_count between 1 and 4 and batch_index between 0 and batch_count - 1),
  constraint image_generations_hour_index_check check (hour_index >= 0),
  constraint image_generations_status_check check (status in ('queued', 'running', 'completed', 'failed', 'expired')),
  constraint image_generations_prompt_check check (char_length(prompt) between 1 and 2000 and prompt ~ '\S'),
  constraint image_generations_negative_prompt_check check (char_length(negative_prompt) <= 1000),
  -- What may be asked for; a picture that is there is as large as it is.
  constraint image_generations_width_check check (
    case status when 'completed' then width between 1 and 4096 else width in (512, 768, 1024) end
  ),
  constraint image_generations_height_check check (
    case status when 'completed' then height between 1 and 4096 else height in (512, 768, 1024) end
  ),
  constraint image_generations_steps_check check (steps between 10 and 50),
  constraint image_generations_cfg_scale_check check (cfg_scale between 1 and 20),
  constraint image_generations_seed_check check (seed between 0 and 4294967295),
  constraint image_generations_generation_time_ms_check check (generation_time_ms >= 0),
  constraint image_generations_lease_check check ((status in ('queued', 'running')) = (lease_expires_at is not null)),
  constraint image_generations_settled_check check ((status in ('queued', 'running')) = (settled_at is null)),
  constraint image_generations_completed_check check (
    (status = 'completed') = (object_name is not null)
    and (status = 'completed') = (image_url is not null)
    and (status = 'completed') = (model_used is not null)
  ),
  constraint image_generations_object_name_check check (
    object_name ~ '\.(png|jpg|webp)$'
    and starts_with(object_name, user_id::text || '/' || storage_key::text || '.')
  ),
  constraint image_generations_failed_check check ((status = 'failed') = (failure_code is not null)),
  constraint image_generations_request_key unique (user_id, request_id, batch_index)
);

comment on table public.image_generations is 'One row a picture, from the hold on its credit to where it lies.';

-- The balance of an hour: at most as many entries as the plan has credits.
create index image_generations_session_id_hour_index_idx on public.image_generations (session_id, hour_index)
  where status in ('queued', 'running', 'completed');
-- The sweep: only what is in flight.
create index image_generations_lease_expires_at_idx on public.image_generations (lease_expires_at)
  where status in ('queued', 'running');
create index image_generations_session_id_idx on public.image_generations (session_id);
create index image_generations_conversation_id_idx on public.image_generations (conversation_id);
create index image_generations_user_id_created_at_idx on public.image_generations (user_id, created_at desc);

create table public.video_generations (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  session_id uuid not null references public.user_sessions (id) on delete cascade,
  conversation_id uuid references public.conversations (id) on delete set null,
  prompt text not null,
  video_url text,
  thumbnail_url text,
  model_used text,
  duration_seconds numeric(5, 2),
  resolution text,
  status text not null,
  created_at timestamptz not null default now(),
  completed_at timestamptz,
  constraint video_generations_prompt_check check (char_length(prompt) between 1 and 2000),
  constraint video_generations_status_check check (status in ('queued', 'running', 'completed', 'failed', 'expired')),
  constraint video_generations_completed_check check (
    (status = 'completed') = (video_url is not null) and (status = 'completed') = (completed_at is not null)
  )
);

comment on table public.video_generations is 'One row a video. Nothing writes it until videos are made.';

create index video_generations_session_id_idx on public.video_generations (session_id);
create index video_generations_conversation_id_idx on public.video_generations (conversation_id);
create index video_generations_user_id_created_at_idx on public.video_generations (user_id, created_at desc);

-- Buckets ---------------------------------------------------------------------------------------------------------------

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values
  ('generated-images', 'generated-images', true, 20971520, array['image/png', 'image/jpeg', 'image/webp']),
  ('generated-videos', 'generated-videos', true, 52428800, array['video/mp4', 'video/webm'])
on conflict (id) do update
set public = excluded.public,
  file_size_limit = excluded.file_size_limit,
  allowed_mime_types = excluded.allowed_mime_types;

-- Who may see and say what ------------------------------------------------------------------------------------------------

alter table public.image_generations enable row level security;
alter table public.video_generations enable row level security;

-- The original let customers write their own sessions: reset the counter, extend the hour, mint new ones. Whatever
-- policies and grants a hub brings along on these tables end here.
do $$
declare
  found record;
begin
  for found in
    select policyname, tablename from pg_catalog.pg_policies
    where schemaname = 'public'
      and tablename in ('session_config', 'user_sessions', 'conversations', 'chat_messages')
  loop
    execute format('drop policy %I on public.%I', found.policyname, found.tablename);
  end loop;
  -- A bucket that was made by hand may come with policies that let customers upload into it or list it.
  for found in
    select policyname from pg_catalog.pg_policies
    where schemaname = 'storage' and tablename = 'objects'
      and concat(qual, with_check) ~ 'generated-(images|videos)'
  loop
    execute format('drop policy %I on storage.objects', found.policyname);
  end loop;
end
$$;

revoke all on table
  public.session_config, public.user_sessions, public.conversations, public.chat_messages,
  public.image_generations, public.video_generations
from public, anon, authenticated, service_role;

grant select on table public.session_config to anon, authenticated;
grant select on table public.user_sessions, public.image_generations, public.video_generations to authenticated;
-- A conversation is the customer's own words and moves no money: he may open one, name it, speak in it, and end it.
grant select, delete on table public.conversations to authenticated;
grant insert (id, user_id, session_id, title) on table public.conversations to authenticated;
grant update (title) on table public.conversations to authenticated;
grant select on table public.chat_messages to authenticated;
grant insert (id, conversation_id, role, content) on table public.chat_messages to authenticated;
-- The secret key reads everything. Of the ledger it writes only what the functions below write for it; what the hub's
-- other functions keep (the chat, and the tokens it uses) it writes as before.
grant select on table
  public.session_config, public.user_sessions, public.conversations, public.chat_messages,
  public.image_generations, public.video_generations
to service_role;
grant insert, update, delete on table public.conversations, public.chat_messages to service_role;
grant update (tokens_used) on table public.user_sessions to service_role;

create policy "Everybody sees the plans" on public.session_config
  for select to anon, authenticated using (true);
create policy "Customers see their own sessions" on public.user_sessions
  for select to authenticated using (user_id = (select auth.uid()));
create policy "Customers see their own pictures" on public.image_generations
  for select to authenticated using (user_id = (select auth.uid()));
create policy "Customers see their own videos" on public.video_generations
  for select to authenticated using (user_id = (select auth.uid()));
create policy "Customers see their own conversations" on public.conversations
  for select to authenticated using (user_id = (select auth.uid()));
create policy "Customers open conversations in sessions of their own" on public.conversations
  for insert to authenticated with check (
    user_id = (select auth.uid())
    and (session_id is null or session_id in (
      select id from public.user_sessions where user_id = (select auth.uid())
    ))
  );
create policy "Customers rename their own conversations" on public.conversations
  for update to authenticated using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "Customers end their own conversations" on public.conversations
  for delete to authenticated using (user_id = (select auth.uid()));
create policy "Customers read what was said in their own conversations" on public.chat_messages
  for select to authenticated using (
    conversation_id in (select id from public.conversations where user_id = (select auth.uid()))
  );
create policy "Customers speak for themselves in their own conversations" on public.chat_messages
  for insert to authenticated with check (
    role = 'user'
    and conversation_id in (select id from public.conversations where user_id = (select auth.uid()))
  );
-- A picture's address works anywhere, but only its owner can list where his pictures lie. Nobody but the secret key
-- uploads, replaces or deletes.
create policy "Customers list their own pictures and videos" on storage.objects
  for select to authenticated using (
    bucket_id in ('generated-images', 'generated-videos')
    and (storage.foldername(name))[1] = (select auth.uid())::text
  );

-- The ledger: what is private to it -----------------------------------------------------------------------------------------

create schema if not exists private;
revoke all on schema private from public, anon, authenticated, service_role;

create function private.clock() returns timestamptz
language sql volatile set search_path = ''
return clock_timestamp();
comment on function private.clock() is 'The one place that reads the time. Tests replace it inside their own transaction.';

create function private.lease() returns interval
language sql immutable set search_path = ''
return interval '170 seconds';
comment on function private.lease() is
  'How long a hold lives unsettled: longer than the 150 seconds in which the platform ends a request.';

create function private.ready_for() returns interval
language sql immutable set search_path = ''
return interval '30 days';
comment on function private.ready_for() is 'How long a paid session waits for its first picture.';

-- The hour of a session at a moment: its number and when the next strip of credits begins, null in the last hour.
create function private.session_hour(session public.user_sessions, moment timestamptz, out hour_index integer, out resets_at timestamptz)
language plpgsql stable set search_path = ''
as $$
begin
  hour_index := greatest(0, floor(extract(epoch from moment - session.started_at) / 3600))::integer;
  resets_at := session.started_at + (hour_index + 1) * interval '1 hour';
  if resets_at >= session.expires_at then
    resets_at := null;
  end if;
end
$$;

-- A session as it stands at a moment, whether or not anybody has come by to write it down: over when its hours are, or
-- when nobody started it in time; ready again when its clock was started by a picture that never arrived.
create function private.session_at(session public.user_sessions, moment timestamptz) returns public.user_sessions
language plpgsql stable set search_path = ''
as $$
begin
  if session.status = 'active' and session.started_by = 'picture' and not exists (
    select from public.image_generations as generation
    where generation.session_id = session.id
      and generation.status in ('queued', 'running', 'completed')
      and (generation.status = 'completed' or generation.lease_expires_at > moment)
  ) then
    session.status := 'ready';
    session.started_at := null;
    session.started_by := null;
    session.expires_at := null;
  end if;
  if session.expires_at <= moment
    or (session.status = 'ready' and session.created_at + private.ready_for() <= moment) then
    session.status := 'ended';
  end if;
  return session;
end
$$;

-- What is left of a session's hour, as every answer shows it. A hold whose lease has run out no longer counts, even if
-- nobody has come by to expire it.
create function private.balance(session public.user_sessions, moment timestamptz) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  standing constant public.user_sessions := private.session_at(session, moment);
  hour constant record := private.session_hour(standing, moment);
  credits_per_hour integer;
  credits_used integer;
  credits_held integer;
begin
  select plan.image_credits_per_hour into credits_per_hour
  from public.session_config as plan where plan.plan_id = standing.plan_id;
  select count(*), count(*) filter (where generation.status <> 'completed') into credits_used, credits_held
  from public.image_generations as generation
  where generation.session_id = standing.id
    and generation.hour_index = hour.hour_index
    and generation.status in ('queued', 'running', 'completed')
    and (generation.status = 'completed' or generation.lease_expires_at > moment);
  return jsonb_build_object(
    'planId', standing.plan_id,
    'status', standing.status,
    'creditsPerHour', credits_per_hour,
    'creditsRemaining', case when standing.status = 'ended' then 0 else greatest(0, credits_per_hour - credits_used) end,
    'creditsHeld', credits_held,
    'resetsAt', case when standing.status <> 'ended' then hour.resets_at end,
    'expiresAt', standing.expires_at
  );
end
$$;

-- The pictures of a request, as an answer lists them, in the order of the batch.
create function private.generations_of(customer uuid, request uuid) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  return (select coalesce(jsonb_agg(jsonb_build_object(
    'id', generation.id,
    'status', generation.status,
    'storageKey', generation.storage_key,
    'url', generation.image_url,
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

-- A session whose clock was started by a picture that never arrived is ready again: a failure costs no time either.
create function private.stop_clock_without_picture(stopped_session_id uuid) returns void
language sql volatile set search_path = ''
begin atomic
  update public.user_sessions as session
  set status = 'ready', started_at = null, started_by = null, expires_at = null, updated_at = private.clock()
  where session.id = stopped_session_id
    and session.status = 'active'
    and session.started_by = 'picture'
    and not exists (
      select from public.image_generations as generation
      where generation.session_id = session.id and generation.status in ('queued', 'running', 'completed')
    );
end;

-- Releases the holds of one session whose lease has run out. The caller holds the lock on the session row.
create function private.expire_session_holds(expired_session_id uuid, moment timestamptz) returns integer
language plpgsql volatile set search_path = ''
as $$
declare
  released integer;
begin
  update public.image_generations
  set status = 'expired', lease_expires_at = null, settled_at = moment
  where session_id = expired_session_id and status in ('queued', 'running') and lease_expires_at <= moment;
  get diagnostics released = row_count;
  if released > 0 then
    perform private.stop_clock_without_picture(expired_session_id);
  end if;
  return released;
end
$$;

-- A settled generation is history, and no generation ever changes whose it is.
create function private.guard_generation() returns trigger
language plpgsql volatile set search_path = ''
as $$
begin
  if old.status in ('completed', 'failed', 'expired') and new.status is distinct from old.status then
    raise exception 'generation % is % and stays so', old.id, old.status using errcode = 'integrity_constraint_violation';
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

create trigger image_generations_guard before update on public.image_generations
  for each row execute function private.guard_generation();

-- The ledger: what others may call ----------------------------------------------------------------------------------------------

/*
 * Takes the hold on the credits of one request, or says why not. Called with the customer's own token: auth.uid() is who
 * pays. Security definer, since customers write none of these tables; it touches rows of the caller alone.
 *
 * Outcomes, in the order in which they are checked: unauthorized, invalid_request (its shape, with field),
 * session_not_found, request_id_reused, request_in_progress, completed | failed | expired (the same request, settled
 * before: its pictures), invalid_request (conversationId), session_expired, not_in_plan, credits_exhausted, reserved.
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
  batch_count integer default 1
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  customer constant uuid := (select auth.uid());
  session public.user_sessions;
  moment timestamptz;
  digest text;
  earlier record;
  balance jsonb;
  hour record;
  first_seed bigint;
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
  select
    bool_or(generation.request_digest <> digest) as differs,
    bool_or(generation.status in ('queued', 'running')) as in_progress,
    bool_or(generation.status = 'completed') as completed,
    min(generation.failure_code) as failure_code,
    ceil(extract(epoch from min(generation.lease_expires_at) - moment))::integer as lease_seconds
  into earlier
  from public.image_generations as generation
  where generation.user_id = customer and generation.request_id = reserve_generation.request_id;
  if earlier.differs then
    return jsonb_build_object('outcome', 'request_id_reused');
  elsif earlier.in_progress then
    return jsonb_build_object('outcome', 'request_in_progress', 'retryAfter', least(2, earlier.lease_seconds));
  elsif earlier.differs is not null then
    return jsonb_build_object(
      'outcome', case
        when earlier.completed then 'completed'
        when earlier.failure_code is not null then 'failed'
        else 'expired'
      end,
      'failureCode', earlier.failure_code,
      'generations', private.generations_of(customer, reserve_generation.request_id),
      'balance', private.balance(session, moment)
    );
  end if;

  if reserve_generation.conversation_id is not null and not exists (
    select from public.conversations as conversation
    where conversation.id = reserve_generation.conversation_id and conversation.user_id = customer
  ) then
    return jsonb_build_object('outcome', 'invalid_request', 'field', 'conversationId');
  end if;

  if (private.session_at(session, moment)).status = 'ended' then
    update public.user_sessions set status = 'ended', updated_at = moment
    where id = session.id and status <> 'ended';
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
      lease_expires_at, prompt, negative_prompt, width, height, steps, cfg_scale, seed, created_at
    )
    select
      customer, session.id, reserve_generation.conversation_id, reserve_generation.request_id, digest, place,
      reserve_generation.batch_count, hour.hour_index, 'running', moment + private.lease(), reserve_generation.prompt,
      reserve_generation.negative_prompt, reserve_generation.width, reserve_generation.height, reserve_generation.steps,
      reserve_generation.cfg_scale, (first_seed + place) % 4294967296, moment
    from generate_series(0, reserve_generation.batch_count - 1) as place;
  exception when unique_violation then
    -- The same id raced us on another session of the customer: two requests, two contents.
    perform private.stop_clock_without_picture(session.id);
    return jsonb_build_object('outcome', 'request_id_reused');
  end;
  return jsonb_build_object(
    'outcome', 'reserved',
    'userId', customer,
    'generations', private.generations_of(customer, reserve_generation.request_id),
    'balance', private.balance(session, moment)
  );
end
$$;

/*
 * Settles a request: every picture listed is recorded and its credit spent, every other hold of the request is released
 * as failed for the reason given. One transaction, so that of a batch what was not made returns at once. Calling it
 * again with the same pictures changes nothing and answers the same; a hold whose lease has run out is not charged.
 */
create function private.settle_generation(customer uuid, request uuid, pictures jsonb, reason text) returns jsonb
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

  update public.image_generations as generation
  set status = 'completed',
    lease_expires_at = null,
    settled_at = moment,
    object_name = picture."objectName",
    image_url = picture."imageUrl",
    model_used = picture."model",
    width = coalesce(picture."width", generation.width),
    height = coalesce(picture."height", generation.height),
    generation_time_ms = picture."generationTimeMs"
  from jsonb_to_recordset(pictures) as picture (
    "id" uuid, "objectName" text, "imageUrl" text, "model" text, "width" integer, "height" integer,
    "generationTimeMs" integer
  )
  where generation.id = picture."id"
    and generation.user_id = customer
    and generation.request_id = request
    and generation.status in ('queued', 'running');
  get diagnostics made = row_count;

  update public.image_generations as generation
  set status = 'failed', lease_expires_at = null, settled_at = moment, failure_code = reason
  where generation.user_id = customer
    and generation.request_id = request
    and generation.status in ('queued', 'running');
  if found then
    perform private.stop_clock_without_picture(session.id);
  end if;

  update public.user_sessions as settled
  set images_generated = settled.images_generated + made, updated_at = moment
  where settled.id = session.id and made > 0;
  select * into session from public.user_sessions as settled where settled.id = session.id;

  return (
    select jsonb_build_object(
      'outcome', case
        when bool_or(listed ->> 'status' = 'completed') then 'completed'
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

-- Posts the credits of a request whose pictures are stored. For the secret key alone: it is the edge function's word
-- that the objects exist. Security definer, since not even that key writes the ledger directly.
create function public.complete_generation(user_id uuid, request_id uuid, pictures jsonb, failure_code text default 'engine_failed')
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  return private.settle_generation(user_id, request_id, pictures, failure_code);
end
$$;

-- Releases the credits of a request that made nothing. For the secret key alone; security definer as above.
create function public.fail_generation(user_id uuid, request_id uuid, failure_code text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  return private.settle_generation(user_id, request_id, '[]'::jsonb, failure_code);
end
$$;

-- Releases holds whose worker died, oldest first, at most that many sessions a call; answers how many holds. A session
-- that is being worked on is passed over: whoever holds its lock expires its holds himself. Security definer as above.
create function public.expire_generations(session_count_max integer default 100) returns integer
language plpgsql volatile security definer set search_path = ''
as $$
declare
  lapsed uuid;
  released integer := 0;
begin
  for lapsed in
    select session.id from public.user_sessions as session
    where session.id in (
      select generation.session_id from public.image_generations as generation
      where generation.status in ('queued', 'running') and generation.lease_expires_at <= private.clock()
      order by generation.lease_expires_at
      limit session_count_max
    )
    for update skip locked
  loop
    released := released + private.expire_session_holds(lapsed, private.clock());
  end loop;
  return released;
end
$$;

-- Starts the clock of a session that is ready, for the customer it belongs to, who need not wait for his first picture;
-- starting it twice starts it once. Answers the balance, null for anybody else's session. Security definer, since
-- customers write no session.
create function public.start_session(session_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  session public.user_sessions;
  moment timestamptz;
begin
  select * into session from public.user_sessions as found
  where found.id = start_session.session_id and found.user_id = (select auth.uid())
  for update;
  if not found then
    return null;
  end if;
  moment := private.clock();
  if private.expire_session_holds(session.id, moment) > 0 then
    select * into session from public.user_sessions as found where found.id = session.id;
  end if;
  if session.started_by = 'picture' then
    -- The clock runs on, also if that picture never arrives: now it is the customer who wants it to.
    update public.user_sessions as started set started_by = 'customer', updated_at = moment
    where started.id = session.id
    returning started.* into session;
  elsif (private.session_at(session, moment)).status = 'ready' then
    update public.user_sessions as started
    set status = 'active', started_at = moment, started_by = 'customer',
      expires_at = moment + started.hours_purchased * interval '1 hour', updated_at = moment
    where started.id = session.id
    returning started.* into session;
  end if;
  return private.balance(session, moment);
end
$$;

-- What is left of a session, for the customer it belongs to; null for anybody else. Security definer, since it reads the
-- clock and the plan on his behalf.
create function public.session_balance(session_id uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  return (
    select private.balance(session, private.clock())
    from public.user_sessions as session
    where session.id = session_balance.session_id and session.user_id = (select auth.uid())
  );
end
$$;

-- Gives a customer the hours of a plan, ready to be started; answers the session's id. For the secret key alone: money
-- has changed hands before, or the owner makes a present. Security definer as above.
create function public.grant_session(user_id uuid, plan_id text, hours integer) returns uuid
language sql volatile security definer set search_path = ''
begin atomic
  insert into public.user_sessions (user_id, plan_id, model_name, hours_purchased, price_paid, status)
  select grant_session.user_id, plan.plan_id, plan.model_name, grant_session.hours,
    plan.price_per_hour_paise * grant_session.hours / 100.0, 'ready'
  from public.session_config as plan
  where plan.plan_id = grant_session.plan_id
  returning id;
end;

revoke execute on function
  private.clock(), private.lease(), private.ready_for(),
  private.session_hour(public.user_sessions, timestamptz), private.session_at(public.user_sessions, timestamptz),
  private.balance(public.user_sessions, timestamptz),
  private.generations_of(uuid, uuid), private.stop_clock_without_picture(uuid),
  private.expire_session_holds(uuid, timestamptz), private.guard_generation(),
  private.settle_generation(uuid, uuid, jsonb, text),
  public.reserve_generation(uuid, uuid, text, uuid, text, integer, integer, integer, numeric, bigint, integer),
  public.complete_generation(uuid, uuid, jsonb, text), public.fail_generation(uuid, uuid, text),
  public.expire_generations(integer), public.start_session(uuid), public.session_balance(uuid),
  public.grant_session(uuid, text, integer)
from public, anon, authenticated, service_role;

grant execute on function
  public.reserve_generation(uuid, uuid, text, uuid, text, integer, integer, integer, numeric, bigint, integer),
  public.start_session(uuid), public.session_balance(uuid)
to authenticated;
grant execute on function
  public.complete_generation(uuid, uuid, jsonb, text), public.fail_generation(uuid, uuid, text),
  public.expire_generations(integer), public.grant_session(uuid, text, integer)
to service_role;

notify pgrst, 'reload schema';
