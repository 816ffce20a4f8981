/*
 * The shape of a purchase, and of what is kept as proof of it.
 *
 * Owns: public.purchase with the guard of its states, private.payment_evidence that nobody changes, and two bounds that
 * were set before hours could be bought: how long a session may be, and which limits there are.
 *
 *   opened ──order──▶ ordered ──payment──▶ paid ──refund──▶ refunding ──▶ refunded
 *     │                  │ └──does not fit──▶ held ──▶ paid, refunding, refunded     (a refund that fails: back again)
 *     └────5 days────────┴──▶ abandoned ──late payment──▶ paid, held
 *
 * A failed payment is no state: the next one may succeed, and so may the same one.
 */

create table public.purchase (
  id uuid primary key default gen_random_uuid(),
  -- Null once the customer is deleted: what he paid stays on the books.
  user_id uuid references auth.users (id) on delete set null,
  -- The client's id of the purchase, and a digest of what it asked for.
  request_id uuid not null,
  request_digest text not null,
  kind text not null,
  plan_id text not null references public.session_config (plan_id),
  hours integer not null,
  -- The price on the day on which it was opened; a price that changes later changes no purchase.
  amount_paise integer not null,
  currency text not null default 'INR',
  status text not null default 'opened',
  provider text,
  order_id text,
  -- The payment that counts: the one that paid, or that is held.
  payment_id text,
  -- What is to be extended; once it is paid, what was granted or extended.
  session_id uuid references public.user_sessions (id) on delete set null,
  last_failure text,
  created_at timestamptz not null,
  ordered_at timestamptz,
  paid_at timestamptz,
  disputed_at timestamptz,
  refunded_at timestamptz,
  -- When the provider is to be asked what became of it.
  next_check_at timestamptz,
  check_count integer not null default 0,
  constraint purchase_request_key unique (user_id, request_id),
  constraint purchase_order_key unique (provider, order_id),
  constraint purchase_payment_key unique (provider, payment_id),
  constraint purchase_kind_check check (kind in ('session', 'extension')),
  constraint purchase_hours_check check (hours between 1 and 4),
  constraint purchase_amount_paise_check check (amount_paise > 0),
  constraint purchase_currency_check check (currency = 'INR'),
  constraint purchase_status_check check (
    status in ('opened', 'ordered', 'paid', 'held', 'abandoned', 'refunding', 'refunded')
  ),
  constraint purchase_provider_check check (provider in ('razorpay', 'demo')),
  constraint purchase_order_check check (
    (order_id is null) = (provider is null) and (order_id is null) = (ordered_at is null)
    and (status <> 'opened' or order_id is null) and (status in ('opened', 'abandoned') or order_id is not null)
    and char_length(order_id) between 1 and 100
  ),
  constraint purchase_payment_check check (
    (status not in ('paid', 'held', 'refunding', 'refunded') or payment_id is not null)
    and (status not in ('opened', 'ordered', 'abandoned') or payment_id is null)
    and char_length(payment_id) between 1 and 100
  ),
  constraint purchase_paid_check check (
    (status <> 'paid' or paid_at is not null) and (paid_at is null or status in ('paid', 'refunding', 'refunded'))
  ),
  constraint purchase_refunded_check check ((status = 'refunded') = (refunded_at is not null)),
  constraint purchase_next_check_check check ((status in ('opened', 'ordered')) = (next_check_at is not null)),
  constraint purchase_check_count_check check (check_count >= 0),
  constraint purchase_last_failure_check check (char_length(last_failure) <= 500)
);

comment on table public.purchase is 'What customers bought or began to: one row a purchase, kept for good.';

create index purchase_plan_id_idx on public.purchase (plan_id);
create index purchase_session_id_idx on public.purchase (session_id);
create index purchase_next_check_at_idx on public.purchase (next_check_at) where next_check_at is not null;

alter table public.purchase enable row level security;
create policy "Customers see their own purchases" on public.purchase
  for select to authenticated using (user_id = (select auth.uid()));
revoke all on table public.purchase from public, anon, authenticated, service_role;
grant select on table public.purchase to authenticated, service_role;

-- Whether a purchase may go from one state to another.
create function private.purchase_may(old_status text, new_status text) returns boolean
language sql immutable set search_path = ''
return new_status = old_status or new_status = any (case old_status
  when 'opened' then array['ordered', 'abandoned']
  when 'ordered' then array['paid', 'held', 'abandoned']
  when 'abandoned' then array['paid', 'held']
  when 'held' then array['paid', 'refunding', 'refunded']
  when 'paid' then array['refunding', 'refunded']
  -- A refund that failed: back to paid, or to held where nothing had been granted.
  when 'refunding' then array['refunded', 'paid', 'held']
  else '{}'
end);

-- What was bought never changes, nor whose order and payment it is; and no purchase is ever deleted. A customer or a
-- session that is deleted is forgotten here as well.
create function private.guard_purchase() returns trigger
language plpgsql volatile set search_path = ''
as $$
declare
  becomes_paid boolean;
begin
  if tg_op = 'DELETE' then
    raise exception 'purchase % stays', old.id using errcode = 'integrity_constraint_violation';
  end if;
  becomes_paid := new.status = 'paid' and old.status in ('ordered', 'abandoned', 'held');
  if not private.purchase_may(old.status, new.status) then
    raise exception 'purchase % is % and cannot become %', old.id, old.status, new.status
      using errcode = 'integrity_constraint_violation';
  end if;
  if (new.id, new.request_id, new.request_digest, new.plan_id, new.hours, new.amount_paise, new.currency, new.created_at)
      is distinct from
      (old.id, old.request_id, old.request_digest, old.plan_id, old.hours, old.amount_paise, old.currency, old.created_at)
    or (new.user_id is distinct from old.user_id and new.user_id is not null)
    -- An extension that came when its session was over has become a session.
    or (new.kind <> old.kind and not (becomes_paid and new.kind = 'session'))
    or (new.session_id is distinct from old.session_id and new.session_id is not null and not becomes_paid)
    or (old.order_id is not null and (new.provider, new.order_id) is distinct from (old.provider, old.order_id))
    or (old.payment_id is not null and old.status <> 'held' and new.payment_id is distinct from old.payment_id)
    or (old.paid_at is not null and new.paid_at is distinct from old.paid_at)
    or (old.disputed_at is not null and new.disputed_at is distinct from old.disputed_at) then
    raise exception 'purchase % keeps what was bought, by whom, and with which order and payment', old.id
      using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end
$$;

create trigger purchase_guard before update or delete on public.purchase
  for each row execute function private.guard_purchase();

-- Evidence ------------------------------------------------------------------------------------------------------------

-- What somebody said about money, as it was said; never what the hub made of it alone. It outlives the customer.
create table private.payment_evidence (
  id bigint generated always as identity primary key,
  recorded_at timestamptz not null,
  purchase_id uuid references public.purchase (id),
  user_id uuid,
  source text not null,
  kind text not null,
  provider text,
  order_id text,
  payment_id text,
  refund_id text,
  dispute_id text,
  event_id text,
  amount_paise bigint,
  currency text,
  body_sha256 text,
  detail jsonb not null default '{}',
  constraint payment_evidence_source_check check (
    source in ('customer', 'confirm', 'webhook', 'reconciliation', 'owner', 'hub')
  ),
  constraint payment_evidence_kind_check check (char_length(kind) between 1 and 60),
  constraint payment_evidence_ids_check check (
    char_length(concat(provider, order_id, payment_id, refund_id, dispute_id, event_id, currency, body_sha256)) <= 1000
  ),
  constraint payment_evidence_detail_check check (octet_length(detail::text) <= 4000)
);
comment on table private.payment_evidence is 'Everything that was said about money, in the order in which it came. Append-only.';

create index payment_evidence_purchase_id_idx on private.payment_evidence (purchase_id);
create index payment_evidence_order_id_idx on private.payment_evidence (order_id);
create index payment_evidence_payment_id_idx on private.payment_evidence (payment_id);

alter table private.payment_evidence enable row level security;
create policy "Nobody but the hub itself" on private.payment_evidence using (false);

create function private.guard_evidence() returns trigger
language plpgsql volatile set search_path = ''
as $$
begin
  raise exception 'evidence is only ever added' using errcode = 'integrity_constraint_violation';
end
$$;

create trigger payment_evidence_guard before update or delete or truncate on private.payment_evidence
  for each statement execute function private.guard_evidence();

-- Bounds --------------------------------------------------------------------------------------------------------------

-- Four hours at once, and as many again while they last: a day in all.
alter table public.user_sessions
  drop constraint user_sessions_hours_purchased_check,
  add constraint user_sessions_hours_purchased_check check (hours_purchased between 1 and 24);

alter table private.rate_limit
  drop constraint rate_limit_scope_check,
  add constraint rate_limit_scope_check check (scope in ('customer', 'address', 'purchase', 'confirmation'));
insert into private.rate_limit (scope, per_minute, burst) values ('purchase', 10, 20), ('confirmation', 30, 60);

revoke execute on function private.purchase_may(text, text), private.guard_purchase(), private.guard_evidence()
from public, anon, authenticated, service_role;
