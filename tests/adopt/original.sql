/*
 * A hub as the original deployment left it, for the tests of supabase/adopt: its tables, its defects, and rows that show
 * them. Written after what its documents tell of it (DESIGN section 2), by the owner's role.
 *
 * Customers: …a1 asha and …b2 ravi have an account, …c3 had one. Ids end in what they are: 5x a session, 6x a
 * conversation, 7x a message, 8x a picture, 9x a video. Times count from when this is run.
 */

-- Hubs of that time: whatever is made in public is everybody's.
alter default privileges for role postgres in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on functions to anon, authenticated, service_role;

create type public.speaker as enum ('user', 'assistant', 'model', 'tool');

create table public.session_config (
  id uuid primary key default gen_random_uuid(),
  plan_id text not null,
  model_name text,
  token_limit_per_hour integer,
  price_per_hour numeric,
  image_credits_per_hour integer default 0,
  video_credits_per_hour integer default 0,
  created_at timestamptz default now()
);
create table public.user_sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  plan_id text,
  model_name varchar(80),
  hours_purchased integer,
  price_paid numeric,
  tokens_used bigint default 0,
  images_generated integer default 0,
  videos_generated integer default 0,
  status text default 'active',
  session_type text default 'chat',
  razorpay_note text,
  created_at timestamptz default now(),
  updated_at timestamp default now(),
  expires_at timestamptz
);
create table public.conversations (
  id uuid primary key default gen_random_uuid(),
  user_id uuid,
  session_id uuid,
  title text,
  created_at timestamptz default now()
);
create table public.chat_messages (
  id uuid primary key default gen_random_uuid(),
  conversation_id uuid references public.conversations (id),
  role public.speaker,
  content text,
  created_at timestamptz default now()
);
create table public.image_generations (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references auth.users (id),
  session_id uuid,
  conversation_id uuid,
  prompt text,
  negative_prompt text,
  image_url text,
  model_used text default 'runwayml/stable-diffusion-v1-5',
  resolution text default '512x512',
  width integer default 512,
  height integer default 512,
  steps integer default 30,
  cfg_scale double precision default 7.5,
  seed bigint,
  batch_count integer default 1,
  generation_time_ms integer,
  created_at timestamptz default now()
);
create table public.video_generations (
  id uuid primary key default gen_random_uuid(),
  user_id uuid,
  session_id uuid,
  prompt text,
  video_url text,
  status text default 'completed',
  created_at timestamptz default now(),
  completed_at timestamptz
);
create index idx_user_sessions_user on public.user_sessions (user_id);
-- The name that one of the hub's own indexes has.
create index image_generations_session_id_idx on public.image_generations (session_id);

alter table public.session_config enable row level security;
alter table public.user_sessions enable row level security;
alter table public.conversations enable row level security;
alter table public.image_generations enable row level security;
create policy "Plans are public" on public.session_config for select using (true);
create policy "Users manage own sessions" on public.user_sessions for all using (auth.uid() = user_id);
create policy "Users manage own conversations" on public.conversations for all using (auth.uid() = user_id);
create policy "Users insert own generations" on public.image_generations for insert with check (auth.uid() = user_id);
create policy "Users view own generations" on public.image_generations for select using (auth.uid() = user_id);

create function public.touch() returns trigger language plpgsql
as $$ begin new.updated_at = now(); return new; end $$;
create trigger touch before update on public.user_sessions for each row execute function public.touch();
create function public.use_image_credit(session uuid) returns void language sql security definer
as $$ update public.user_sessions set images_generated = images_generated + 1 where id = session $$;
-- Has a name and arguments of the hub's own.
create function public.start_session(session_id uuid) returns jsonb language plpgsql security definer
as $$ begin update user_sessions set expires_at = now() + interval '1 day' where id = session_id; return '{}'; end $$;
-- Serves another table, and is the owner's own business; so is what has nothing to do with these tables.
create function public.welcome() returns trigger language plpgsql security definer
as $$ begin perform count(*) from public.user_sessions where user_id = new.id; return new; end $$;
create trigger welcome after insert on auth.users for each row execute function public.welcome();
create aggregate public.joined (text) (sfunc = textcat, stype = text);
alter publication supabase_realtime add table public.chat_messages;

insert into storage.buckets (id, name, public) values ('generated-images', 'generated-images', true), ('avatars', 'avatars', true);
create policy "Users upload generated images" on storage.objects for insert to authenticated
  with check (bucket_id = 'generated-images' and auth.uid()::text = (storage.foldername(name))[1]);
create policy "Anyone can view generated images" on storage.objects for select using (bucket_id = 'generated-images');
create policy "Faces are public" on storage.objects for select using (bucket_id = 'avatars');
create policy "Anybody deletes anything" on storage.objects for delete to authenticated using (true);

-- Rows ------------------------------------------------------------------------------------------------------------------

create function pg_temp.id(tail text) returns uuid language sql immutable
as $$ select ('00000000-0000-4000-8000-' || lpad(tail, 12, '0'))::uuid $$;

insert into auth.users (id, email) values (pg_temp.id('a1'), 'asha@example.test'), (pg_temp.id('b2'), 'ravi@example.test');

-- The credits were given to `flash-lite`, which is no row of these; flash is dearer here, and pro was taken off sale.
insert into public.session_config (plan_id, model_name, token_limit_per_hour, price_per_hour, image_credits_per_hour, video_credits_per_hour)
values
  ('flash_lite', 'gemini-2.0-flash-lite', 20000, 50, 0, 0), ('flash', 'gemini-2.5-flash', 60000, 119.5, 4, 2),
  ('Flash', null, null, 1, null, null), ('student', 'gemini-2.5-flash', 5000, 30, 2, 0), ('free', 'gemini-2.5-flash', 100, 0, 1, 0);

insert into public.user_sessions (id, user_id, plan_id, model_name, hours_purchased, price_paid, tokens_used, images_generated, status, created_at, expires_at)
values
  -- Running: an hour left and a bit, of two.
  (pg_temp.id('51'), pg_temp.id('a1'), 'flash', 'gemini-2.5-flash', 2, 239, 120, 3, 'active', now() - interval '59 minutes', now() + interval '61 minutes'),
  -- Running under a name of no plan, with a counter that its customer set back, and an hour that he extended by years.
  (pg_temp.id('52'), pg_temp.id('b2'), 'Flash Lite', null, 1, 50, null, -5, 'active', now() - interval '10 minutes', now() + interval '9 years'),
  -- Running, and says little.
  (pg_temp.id('53'), pg_temp.id('b2'), 'student', null, null, null, null, null, 'Active ', now() - interval '30 minutes', null),
  -- Over, and nobody said so; its customer drew on.
  (pg_temp.id('54'), pg_temp.id('a1'), 'flash', 'gemini-2.5-flash', 1, 119.5, 5, 6, 'active', now() - interval '7 days', now() - interval '7 days' + interval '1 hour'),
  -- Not running, whatever its time says.
  (pg_temp.id('55'), pg_temp.id('a1'), 'flash', 'gemini-2.5-flash', 99, -1, -3, 0, 'paused', now() - interval '1 hour', now() + interval '30 minutes'),
  (pg_temp.id('56'), pg_temp.id('a1'), 'flash', 'gemini-2.5-flash', 1, 1e12, 5e9::bigint, 0, null, now() - interval '6 years', now() - interval '7 years'),
  -- Bought tomorrow, by whoever wrote it himself.
  (pg_temp.id('57'), pg_temp.id('b2'), 'flash', 'gemini-2.5-flash', 40, 0, 0, 0, 'active', now() + interval '1 year', now() + interval '2 years'),
  -- Nobody's; of no plan that there is; bought at no time.
  (pg_temp.id('58'), pg_temp.id('c3'), 'flash', 'gemini-2.5-flash', 1, 119.5, 0, 0, 'active', now(), now() + interval '1 hour'),
  (pg_temp.id('59'), pg_temp.id('b2'), 'enterprise', 'gemini-ultra', 1, 900, 0, 0, 'active', now(), now() + interval '1 hour'),
  (pg_temp.id('5a'), pg_temp.id('b2'), 'flash', 'gemini-2.5-flash', 1, 1, 0, 0, 'active', null, null),
  -- Bought before there was time; bought before there were hubs, and ended before that.
  (pg_temp.id('5c'), pg_temp.id('b2'), 'flash', null, 1, 'NaN', 0, 0, 'active', '-infinity', 'infinity'),
  (pg_temp.id('5d'), pg_temp.id('b2'), 'flash', null, 1, 1, 0, 0, 'active', '4713-12-01 BC', '-infinity'),
  -- Paid a few minutes after it was made, and ends by when it was paid.
  (pg_temp.id('5b'), pg_temp.id('a1'), 'student', null, 1, 30, 0, 0, 'active', now() - interval '30 minutes', now() + interval '35 minutes');

insert into public.conversations (id, user_id, session_id, title, created_at) values
  (pg_temp.id('61'), pg_temp.id('a1'), pg_temp.id('51'), '  Sunsets  ', now() - interval '50 minutes'),
  (pg_temp.id('62'), pg_temp.id('b2'), pg_temp.id('51'), null, null),
  (pg_temp.id('63'), pg_temp.id('a1'), pg_temp.id('58'), repeat('t', 300), now()),
  (pg_temp.id('64'), pg_temp.id('c3'), null, 'gone', now());
insert into public.chat_messages (id, conversation_id, role, content, created_at) values
  (pg_temp.id('71'), pg_temp.id('61'), 'user', 'hello', now()), (pg_temp.id('72'), pg_temp.id('61'), 'model', 'hello, Asha', null),
  (pg_temp.id('73'), pg_temp.id('61'), 'tool', '{}', now()), (pg_temp.id('74'), pg_temp.id('61'), 'user', '', now()),
  (pg_temp.id('75'), pg_temp.id('64'), 'user', 'anybody?', now()), (pg_temp.id('76'), null, null, null, null);

-- What lies in the bucket; the names are the clock's.
insert into storage.objects (bucket_id, name)
select 'generated-images', pg_temp.id(owner) || '/' || name
from (values
  ('a1', '1760000000001.png'), ('a1', '1760000000002.png'), ('a1', '1760000000003.png'), ('a1', '1760000000004.png'),
  ('a1', '1760000000005.png'), ('a1', '1760000000006.gif'), ('a1', '1760000000008.png'), ('a1', '1760000000009.png'), ('b2', '1760000000001.png')
) as lies (owner, name);

insert into public.image_generations (id, user_id, session_id, conversation_id, prompt, negative_prompt, image_url, width, seed, steps, generation_time_ms, created_at)
select pg_temp.id(picture), pg_temp.id(owner), pg_temp.id(session), pg_temp.id(conversation), prompt, negative_prompt,
  'https://abcdefghijklmnopqrst.supabase.co/storage/v1/object/public/generated-images/' || name, width, seed, steps, 4200, drawn_at
from (values
  -- Two of the running session's, in its first hour, which has four; one says all it can, the other as little.
  ('81', 'a1', '51', '61', E'a sunset\x07', E' blurred\x7f ', pg_temp.id('a1') || '/1760000000001.png', 768, 42, 20, now() - interval '50 minutes'),
  ('82', 'a1', '51', '62', repeat('p', 3000), '', pg_temp.id('a1') || '/1760000000002.png?t=1', null, -1, 500, now() - interval '40 minutes'),
  -- Two in one millisecond: one object, which is the later one's.
  ('83', 'a1', '51', null, 'lost', null, pg_temp.id('a1') || '/1760000000003.png', 512, null, 30, now() - interval '30 minutes'),
  ('84', 'a1', '51', null, 'kept', null, pg_temp.id('a1') || '/1760000000003.png', 512, null, 30, now() - interval '29 minutes'),
  -- Years after its session was over.
  ('85', 'a1', '56', null, 'years later', null, pg_temp.id('a1') || '/1760000000004.png', 9000, 5e9::bigint, 30, now()),
  -- In a session that its owner stopped, at a time that there is not.
  ('8e', 'a1', '55', null, 'at no time', null, pg_temp.id('a1') || '/1760000000008.png', 0, 1, 0, 'infinity'),
  -- No picture by its name; nothing there; somebody else's object; somebody else's session; no prompt; no session.
  ('86', 'a1', '51', null, 'a film', null, pg_temp.id('a1') || '/1760000000006.gif', 512, 1, 30, now()),
  ('87', 'a1', '51', null, 'nothing', null, pg_temp.id('a1') || '/1760000000007.png', 512, 1, 30, now()),
  ('88', 'b2', '52', null, 'stolen', null, pg_temp.id('a1') || '/1760000000005.png', 512, 1, 30, now()),
  ('89', 'b2', '51', null, 'at her cost', null, pg_temp.id('b2') || '/1760000000001.png', 512, 1, 30, now()),
  ('8a', 'a1', '51', null, '  ', null, pg_temp.id('a1') || '/1760000000005.png', 512, 1, 30, now()),
  ('8b', 'a1', '58', null, 'an orphan', null, pg_temp.id('a1') || '/1760000000009.png', 512, 1, 30, now())
) as drawn (picture, owner, session, conversation, prompt, negative_prompt, name, width, seed, steps, drawn_at);
-- Two requests at once spent one credit: five in an hour that has four. And one that nobody can find.
insert into storage.objects (bucket_id, name)
select 'generated-images', pg_temp.id('a1') || '/176000000100' || n || '.png' from generate_series(1, 5) as n;
insert into public.image_generations (id, user_id, session_id, prompt, image_url, created_at)
select pg_temp.id('8c' || n), pg_temp.id('a1'), pg_temp.id('54'), 'at once',
  'https://hub.example/storage/v1/object/public/generated-images/' || pg_temp.id('a1') || '/176000000100' || n || '.png',
  now() - interval '7 days' + n * interval '1 second'
from generate_series(1, 5) as n;
insert into public.image_generations (id, user_id, session_id, prompt, image_url)
values (pg_temp.id('8d'), pg_temp.id('a1'), pg_temp.id('51'), 'elsewhere', 'https://images.example/1.png');

insert into public.video_generations (id, user_id, session_id, prompt, video_url)
values (pg_temp.id('91'), pg_temp.id('a1'), pg_temp.id('51'), 'waves', 'https://placeholder.example/video.mp4');
