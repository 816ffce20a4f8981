/*
 * What the hub was before it made pictures: plans, the hours that customers bought, and their chats.
 *
 * Owns: the shape of session_config, user_sessions, conversations and chat_messages as the original hub had them, with
 * the foreign keys and the row level security that it lacked. What generation adds to them is the next migration's.
 * A hub that already has such tables is told so by the first statement, and nothing of it is changed: its owner brings
 * them into this shape, marks this migration as applied (`supabase migration repair`), and goes on with the next one,
 * which replaces whatever policies and grants it finds on them.
 */

-- Postgres lets everybody run a new function. Here every function is granted by name, to the roles that need it.
alter default privileges revoke execute on functions from public;

-- Plans -----------------------------------------------------------------------------------------------------------

create table public.session_config (
  plan_id text primary key,
  display_name text not null,
  model_name text not null,
  token_limit_per_hour integer not null,
  -- One hour's price in paise (1 rupee = 100 paise); money is never a fraction here.
  price_per_hour_paise integer not null,
  constraint session_config_plan_id_check check (plan_id ~ '^[a-z][a-z0-9-]{0,31}$'),
  constraint session_config_token_limit_per_hour_check check (token_limit_per_hour >= 0),
  constraint session_config_price_per_hour_paise_check check (price_per_hour_paise > 0)
);

comment on table public.session_config is 'The plans: what an hour costs and what it holds.';

alter table public.session_config enable row level security;

insert into public.session_config (plan_id, display_name, model_name, token_limit_per_hour, price_per_hour_paise)
values
  ('flash-lite', 'Flash Lite', 'gemini-2.5-flash-lite', 25000, 5000),
  ('flash', 'Flash', 'gemini-2.5-flash', 50000, 10000),
  ('pro', 'Pro', 'gemini-2.5-pro', 100000, 20000);

-- Sessions --------------------------------------------------------------------------------------------------------

create table public.user_sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  plan_id text not null references public.session_config (plan_id),
  model_name text not null,
  hours_purchased integer not null,
  -- Rupees, as the original kept it.
  price_paid numeric(10, 2) not null,
  tokens_used integer not null default 0,
  status text not null default 'active',
  session_type text not null default 'chat',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  expires_at timestamptz,
  constraint user_sessions_hours_purchased_check check (hours_purchased between 1 and 4),
  constraint user_sessions_price_paid_check check (price_paid >= 0),
  constraint user_sessions_tokens_used_check check (tokens_used >= 0)
);

comment on table public.user_sessions is 'The hours that a customer bought: one row a purchase.';

create index user_sessions_user_id_created_at_idx
  on public.user_sessions (user_id, created_at desc);
create index user_sessions_plan_id_idx on public.user_sessions (plan_id);

alter table public.user_sessions enable row level security;

-- Conversations ---------------------------------------------------------------------------------------------------

create table public.conversations (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  session_id uuid references public.user_sessions (id) on delete set null,
  title text not null default 'New conversation',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint conversations_title_check check (char_length(title) between 1 and 200)
);

comment on table public.conversations is 'A customer''s conversations; what was said in them is in chat_messages.';

create index conversations_user_id_created_at_idx
  on public.conversations (user_id, created_at desc);
create index conversations_session_id_idx on public.conversations (session_id);

alter table public.conversations enable row level security;

create table public.chat_messages (
  id uuid primary key default gen_random_uuid(),
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  role text not null,
  content text not null,
  created_at timestamptz not null default now(),
  constraint chat_messages_role_check check (role in ('user', 'assistant', 'system')),
  constraint chat_messages_content_check check (char_length(content) between 1 and 100000)
);

comment on table public.chat_messages is 'What was said in a conversation, in order of created_at.';

create index chat_messages_conversation_id_created_at_idx
  on public.chat_messages (conversation_id, created_at);

alter table public.chat_messages enable row level security;
