/*
 * Adopting a hub of the original deployment, step 3 of 4: carries plans, sessions, conversations and pictures over from
 * schema original, where step 1 set them aside, into the hub's own tables, which step 2 (`supabase db push`) made.
 *
 * Owns: what becomes of each of these rows. Plans keep their prices and credits, sessions their hours, pictures their
 * addresses; what breaks a rule of today is mended where the row itself says how, and stays behind otherwise, listed in
 * original.left_behind. It changes no row of the original. One transaction, so that no session is ever seen without the
 * pictures that it has spent; a second time it finds its own mark and does nothing.
 */
set adopt.report = '';
begin;
set local statement_timeout = 0;
set local lock_timeout = '10s';
set local timezone = 'UTC';
set local adopt.go = 'no';

-- Says a line to psql at once, and to an SQL editor, which shows no notices, at the end.
create or replace function pg_temp.tell(line text) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  raise notice '%', line;
  perform set_config('adopt.report', coalesce(current_setting('adopt.report', true), '') || line || E'\n', false);
end
$$;

-- A plan's name as the hub writes it, however the original did: `Flash Lite` and `flash_lite` are `flash-lite`.
create or replace function pg_temp.plan_of(name text) returns text
language sql immutable set search_path = ''
return regexp_replace(lower(btrim(name)), '[\s_-]+', '-', 'g');

-- A text that the hub takes: without what no log and no page can show, and not too long; null where nothing is left.
create or replace function pg_temp.text_of(given text, length_max integer) returns text
language sql immutable set search_path = ''
return nullif(left(btrim(regexp_replace(
  given, '[\u0001-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]', U&'\FFFD', 'g'
), E' \t\r\n'), length_max), '');

-- A number as large as the hub takes it, or the other one where there is none.
create or replace function pg_temp.number_of(given text, least_value numeric, most_value numeric, otherwise numeric)
returns numeric language sql immutable set search_path = ''
return case when given is null then otherwise else least(greatest(given::numeric, least_value), most_value) end;

do $$
begin
  if to_regclass('original.adoption') is null then
    perform pg_temp.tell('Nothing was set aside here. Nothing to do.');
    return;
  end if;
  -- Two that run at once: the second waits here, and finds the mark.
  perform from original.adoption where hours_carried_at is null for update;
  if not found then
    perform pg_temp.tell('Sessions and pictures were carried over before. Nothing to do.');
    return;
  end if;
  if not exists (
    select from pg_catalog.pg_constraint
    where conrelid = to_regclass('public.image_generations') and conname = 'image_generations_original_check'
  ) then
    raise exception 'the hub''s own tables are not here yet' using errcode = 'object_not_in_prerequisite_state',
      hint = 'Run `supabase db push --include-all` first. Nothing was changed.';
  end if;
  perform set_config('adopt.go', 'yes', true);
  create table original.left_behind (table_name text not null, row_id text, reason text not null);
  comment on table original.left_behind is 'Rows of the original that the hub does not hold, and why.';
  alter table original.left_behind enable row level security;
  -- Nobody is to be told of sessions and pictures that are years old as if they had just come.
  alter table public.user_sessions disable trigger user;
  alter table public.conversations disable trigger user;
  alter table public.image_generations disable trigger user;
end
$$;

-- Plans -----------------------------------------------------------------------------------------------------------------

-- What the original does not say of a plan of ours, or says with the nought that its own update left, is as we have it.
do $$
begin
  if current_setting('adopt.go') <> 'yes' or to_regclass('original.session_config') is null then
    return;
  end if;
  create temporary table old_plan on commit drop as
  select given.*, case
    when given.plan_id is null or given.plan_id !~ '^[a-z][a-z0-9-]{0,31}$' then 'no name of a plan'
    when given.place > 1 then 'another plan has this name'
    when ours.plan_id is null and given.model is null then 'no model'
    when ours.plan_id is null and given.price_paise = 0 then 'no price'
  end as reason
  from (
    select doc, pg_temp.plan_of(doc ->> 'plan_id') as plan_id, pg_temp.text_of(doc ->> 'model_name', 200) as model,
      round(pg_temp.number_of(coalesce(doc ->> 'price_per_hour_paise', (100 * coalesce(doc ->> 'price_per_hour_inr',
        doc ->> 'price_per_hour', doc ->> 'hourly_price', doc ->> 'price_inr', doc ->> 'price')::numeric)::text),
        0, 2147483647, 0))::integer as price_paise,
      pg_temp.number_of(doc ->> 'token_limit_per_hour', 0, 2147483647, 0)::integer as token_limit,
      pg_temp.number_of(doc ->> 'image_credits_per_hour', 0, 1000, 0)::integer as image_credits,
      pg_temp.number_of(doc ->> 'video_credits_per_hour', 0, 1000, 0)::integer as video_credits,
      -- Of two that differ in their spelling alone, the one that is spelled as here.
      row_number() over (
        partition by pg_temp.plan_of(doc ->> 'plan_id')
        order by doc ->> 'plan_id' = pg_temp.plan_of(doc ->> 'plan_id') desc, doc::text
      ) as place
    from original.session_config as plan cross join to_jsonb(plan) as doc
  ) as given
  left join public.session_config as ours on ours.plan_id = given.plan_id;

  insert into public.session_config (
    plan_id, display_name, model_name, token_limit_per_hour, price_per_hour_paise,
    image_credits_per_hour, video_credits_per_hour
  )
  select plan_id,
    coalesce(pg_temp.text_of(doc ->> 'display_name', 200), ours.display_name, initcap(replace(plan_id, '-', ' '))),
    coalesce(model, ours.model_name), coalesce(nullif(token_limit, 0), ours.token_limit_per_hour, 0),
    coalesce(nullif(price_paise, 0), ours.price_per_hour_paise),
    coalesce(nullif(image_credits, 0), ours.image_credits_per_hour, 0),
    case when image_credits > 0 then video_credits else coalesce(ours.video_credits_per_hour, video_credits) end
  from old_plan as plan left join public.session_config as ours using (plan_id) where plan.reason is null
  on conflict (plan_id) do update
  set display_name = excluded.display_name, model_name = excluded.model_name,
    token_limit_per_hour = excluded.token_limit_per_hour, price_per_hour_paise = excluded.price_per_hour_paise,
    image_credits_per_hour = excluded.image_credits_per_hour, video_credits_per_hour = excluded.video_credits_per_hour;
  -- What the owner did not sell is not on sale, unless somebody bought it since.
  delete from public.session_config as plan
  where exists (select from old_plan as old where old.reason is null)
    and plan.plan_id not in (select old.plan_id from old_plan as old where old.reason is null)
    and not exists (select from public.user_sessions as session where session.plan_id = plan.plan_id);
  insert into original.left_behind
  select 'session_config', doc ->> 'plan_id', reason from old_plan where reason is not null;
end
$$;

-- Sessions --------------------------------------------------------------------------------------------------------------

-- Customers of the original could write their own sessions. What says that it ends more than an hour after its hours ends
-- with them; that hour is for those who paid late.
do $$
declare
  moment timestamptz;
begin
  if current_setting('adopt.go') <> 'yes' or to_regclass('original.user_sessions') is null then
    return;
  end if;
  moment := private.clock();
  create temporary table old_session on commit drop as
  select given.*, plan.plan_id, coalesce(pg_temp.text_of(doc ->> 'model_name', 200), plan.model_name) as model_name,
    case when ends_at > bought_at and ends_at <= bought_at + (hours + 1) * interval '1 hour' then ends_at
      else bought_at + hours * interval '1 hour' end as expires_at,
    case
      when customer.id is null then 'no such customer'
      when plan.plan_id is null then 'no such plan'
      when bought_at is null or bought_at = '-infinity' then 'no time at which it was bought'
      when bought_at > moment then 'bought in the future'
    end as reason
  from (
    select doc, (doc ->> 'id')::uuid as id, (doc ->> 'user_id')::uuid as user_id,
      pg_temp.number_of(doc ->> 'hours_purchased', 1, 4, 1)::integer as hours,
      (doc ->> 'created_at')::timestamptz as bought_at, (doc ->> 'expires_at')::timestamptz as ends_at,
      coalesce(lower(btrim(doc ->> 'status')) = 'active', false) as is_active
    from original.user_sessions as session cross join to_jsonb(session) as doc
  ) as given
  left join auth.users as customer on customer.id = given.user_id
  left join lateral (
    select ours.plan_id, ours.model_name from public.session_config as ours
    where pg_temp.plan_of(doc ->> 'plan_id') in (ours.plan_id, pg_temp.plan_of(ours.display_name))
    order by ours.plan_id = pg_temp.plan_of(doc ->> 'plan_id') desc, ours.plan_id limit 1
  ) as plan on true;

  insert into public.user_sessions (
    id, user_id, plan_id, model_name, hours_purchased, price_paid, tokens_used, status, session_type,
    created_at, updated_at, started_at, started_by, expires_at
  )
  select id, user_id, plan_id, model_name, hours, pg_temp.number_of(doc ->> 'price_paid', 0, 99999999.99, 0),
    pg_temp.number_of(doc ->> 'tokens_used', 0, 2147483647, 0),
    case when is_active and least(ends_at, expires_at) > moment then 'active' else 'ended' end,
    -- Sessions of the original ran from the moment they were bought.
    coalesce(doc ->> 'session_type', 'chat'), bought_at, coalesce((doc ->> 'updated_at')::timestamptz, bought_at),
    bought_at, 'customer', expires_at
  from old_session where reason is null;
  insert into original.left_behind select 'user_sessions', id::text, reason from old_session where reason is not null;
  perform pg_temp.tell(format('LOOK AT IT: session %s of customer %s ran and was left behind: %s', id, user_id, reason))
  from old_session where reason is not null and is_active and coalesce(ends_at, moment) >= moment;
  perform pg_temp.tell(format('session %s said it ends at %s; it ends with its hours, at %s', id, ends_at, expires_at))
  from old_session where reason is null and is_active and ends_at > expires_at;
end
$$;

-- Conversations ---------------------------------------------------------------------------------------------------------

do $$
begin
  if current_setting('adopt.go') <> 'yes' or to_regclass('original.conversations') is null then
    return;
  end if;
  insert into public.conversations (id, user_id, session_id, title, created_at, updated_at)
  select (doc ->> 'id')::uuid, customer.id, session.id,
    coalesce(nullif(left(btrim(doc ->> 'title'), 200), ''), 'New conversation'), begun_at,
    coalesce((doc ->> 'updated_at')::timestamptz, begun_at)
  from original.conversations as conversation cross join to_jsonb(conversation) as doc
  join auth.users as customer on customer.id = (doc ->> 'user_id')::uuid
  left join public.user_sessions as session
    on session.id = (doc ->> 'session_id')::uuid and session.user_id = customer.id
  cross join coalesce(
    (doc ->> 'created_at')::timestamptz, (doc ->> 'updated_at')::timestamptz, private.clock()) as begun_at;
  insert into original.left_behind
  select 'conversations', id::text, 'no such customer' from original.conversations
  where not exists (select from public.conversations as carried where carried.id = conversations.id);
end
$$;

-- Pictures --------------------------------------------------------------------------------------------------------------

-- Customers of the original could insert pictures as well: a row counts where its object lies in its customer's folder.
-- A picture beyond what its hour holds was made all the same, and is given: expired, which costs nothing (rule 7).
do $$
begin
  if current_setting('adopt.go') <> 'yes' or to_regclass('original.image_generations') is null then
    return;
  end if;
  create temporary table old_picture on commit drop as
  select given.*, session.user_id, session.plan_id, made_at,
    least((private.session_hour(session, made_at)).hour_index, 32767) as hour_index,
    case
      when session.id is null then 'no such session of its customer'
      when prompt is null then 'no prompt'
      when given.object_name is null or not starts_with(given.object_name, session.user_id::text || '/')
      then 'its address is not in the folder of its customer'
      when object_name !~ '\.(png|jpg|webp)$' then 'no picture by its name'
      when object.name is null then 'nothing lies at its address'
      when place > 1 then 'a picture made later lies at its address'
    end as reason
  from (
    select doc, (doc ->> 'id')::uuid as id, (doc ->> 'session_id')::uuid as session_id,
      (doc ->> 'user_id')::uuid as customer_id, (doc ->> 'created_at')::timestamptz as drawn_at,
      pg_temp.text_of(doc ->> 'prompt', 2000) as prompt, object_name, row_number() over (
        partition by doc ->> 'user_id', object_name
        order by (doc ->> 'created_at')::timestamptz desc nulls last, doc ->> 'id'
      ) as place
    from original.image_generations as picture cross join to_jsonb(picture) as doc cross join substring(
      doc ->> 'image_url' from '^https?://[^/]+/storage/v1/object/public/generated-images/([^?#]+)'
    ) as object_name
  ) as given
  left join public.user_sessions as session on session.id = given.session_id and session.user_id = given.customer_id
  left join storage.objects as object on object.bucket_id = 'generated-images' and object.name = given.object_name
  -- Not before its session began, and not after now.
  cross join least(greatest(drawn_at, session.started_at), private.clock()) as made_at;

  insert into public.image_generations (
    id, user_id, session_id, conversation_id, request_id, request_digest, hour_index, status, prompt, negative_prompt,
    width, height, steps, cfg_scale, seed, object_name, image_url, model_used, generation_time_ms, created_at, settled_at
  )
  -- The original drew 512 by 512 where it did not say otherwise; a seed that nobody kept is nought.
  select old.id, old.user_id, old.session_id, conversation.id, old.id, 'original', old.hour_index,
    case when plan.image_credits_per_hour >= row_number() over (
      partition by old.session_id, old.hour_index order by old.made_at, old.id) then 'completed' else 'expired' end,
    old.prompt, pg_temp.text_of(doc ->> 'negative_prompt', 1000), pg_temp.number_of(doc ->> 'width', 1, 4096, 512),
    pg_temp.number_of(doc ->> 'height', 1, 4096, 512), pg_temp.number_of(doc ->> 'steps', 10, 50, 30),
    pg_temp.number_of(doc ->> 'cfg_scale', 1, 20, 7.5), pg_temp.number_of(doc ->> 'seed', 0, 4294967295, 0),
    old.object_name, doc ->> 'image_url', coalesce(pg_temp.text_of(doc ->> 'model_used', 200), 'unknown'),
    pg_temp.number_of(doc ->> 'generation_time_ms', 0, 2147483647, null), old.made_at, old.made_at
  from old_picture as old join public.session_config as plan on plan.plan_id = old.plan_id
  left join public.conversations as conversation
    on conversation.id = (doc ->> 'conversation_id')::uuid and conversation.user_id = old.user_id
  where old.reason is null;
  update public.user_sessions as session set images_generated = made.count
  from (
    select session_id, count(*) from public.image_generations
    where request_digest = 'original' and status = 'completed' group by session_id
  ) as made
  where session.id = made.session_id;
  insert into original.left_behind
  select 'image_generations', id::text, reason from old_picture where reason is not null;
end
$$;

-- The books -------------------------------------------------------------------------------------------------------------

do $$
begin
  if current_setting('adopt.go') <> 'yes' then
    return;
  end if;
  alter table public.user_sessions enable trigger user;
  alter table public.conversations enable trigger user;
  alter table public.image_generations enable trigger user;
  update original.adoption set hours_carried_at = private.clock();
  perform pg_temp.tell(format('plan %s: ₹%s an hour, %s pictures, %s videos', plan_id,
    trim_scale(price_per_hour_paise / 100.0), image_credits_per_hour, video_credits_per_hour)) from public.session_config;
  perform pg_temp.tell(format('%s sessions, %s of them running', count(*), count(*) filter (where status = 'active')))
  from public.user_sessions;
  perform pg_temp.tell(format('%s pictures', count(*))) from public.image_generations;
  perform pg_temp.tell(format('left behind of %s: %s (%s)', table_name, count(*), reason))
  from original.left_behind group by table_name, reason order by table_name, reason;
end
$$;

drop function pg_temp.number_of(text, numeric, numeric, numeric), pg_temp.text_of(text, integer), pg_temp.plan_of(text),
  pg_temp.tell(text);
commit;
select line from regexp_split_to_table(current_setting('adopt.report', true), E'\n') as line where line <> '';
