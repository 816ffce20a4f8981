/*
 * The twin's tables, policies and bucket: the original's, where the hub no longer lets a customer write. Columns, keys and
 * indexes are as good as the hub's own, so that the comparison is of the functions. Only ever in the bench's own stack.
 */

create table public.twin_session_config (
  plan_id text primary key,
  image_credits_per_hour integer not null
);

create table public.twin_user_sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  plan_id text not null references public.twin_session_config (plan_id),
  images_generated integer not null default 0,
  status text not null default 'active',
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '4 hours'
);
create index on public.twin_user_sessions (user_id, created_at desc);
create index on public.twin_user_sessions (plan_id);

create table public.twin_image_generations (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  session_id uuid not null references public.twin_user_sessions (id) on delete cascade,
  conversation_id uuid references public.conversations (id) on delete set null,
  prompt text not null,
  negative_prompt text,
  image_url text not null,
  model_used text not null,
  resolution text not null,
  width integer not null,
  height integer not null,
  steps integer not null,
  cfg_scale numeric(4, 2) not null,
  seed bigint not null,
  batch_count integer not null default 1,
  generation_time_ms integer not null,
  created_at timestamptz not null default now()
);
create index on public.twin_image_generations (session_id);
create index on public.twin_image_generations (conversation_id);
create index on public.twin_image_generations (user_id, created_at desc);

insert into public.twin_session_config
select plan_id, image_credits_per_hour from public.session_config;

alter table public.twin_session_config enable row level security;
alter table public.twin_user_sessions enable row level security;
alter table public.twin_image_generations enable row level security;

grant select on public.twin_session_config to authenticated;
grant select, update on public.twin_user_sessions to authenticated;
grant select, insert on public.twin_image_generations to authenticated;

create policy "Everybody sees the plans" on public.twin_session_config for select to authenticated using (true);
create policy "Customers see their sessions" on public.twin_user_sessions
  for select to authenticated using (user_id = (select auth.uid()));
create policy "Customers update their sessions" on public.twin_user_sessions
  for update to authenticated using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "Customers see their pictures" on public.twin_image_generations
  for select to authenticated using (user_id = (select auth.uid()));
create policy "Customers insert their pictures" on public.twin_image_generations
  for insert to authenticated with check (user_id = (select auth.uid()));

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('twin-images', 'twin-images', true, 20971520, array['image/png', 'image/jpeg', 'image/webp']);
create policy "Customers upload into their own folder" on storage.objects
  for insert to authenticated with check (
    bucket_id = 'twin-images' and (storage.foldername(name))[1] = (select auth.uid())::text
  );
create policy "Customers see their own folder" on storage.objects
  for select to authenticated using (
    bucket_id = 'twin-images' and (storage.foldername(name))[1] = (select auth.uid())::text
  );

notify pgrst, 'reload schema';
