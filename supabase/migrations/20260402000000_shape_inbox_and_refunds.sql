/*
 * The shape of what comes from the provider and of what goes back, and of what the owner must see.
 *
 * Owns: private.payment_event (the inbox), private.refund and private.payment_alert, and the two functions by which
 * everything else writes evidence and alerts.
 */

create table private.payment_event (
  -- The provider's id of the event, the same however often it is delivered.
  event_id text primary key,
  event text not null,
  -- The provider's word. It is written down and decides nothing: events come in any order.
  occurred_at timestamptz,
  received_at timestamptz not null,
  body_sha256 text not null,
  facts jsonb not null,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null,
  processed_at timestamptz,
  outcome text,
  constraint payment_event_size_check check (
    char_length(concat(event_id, event, body_sha256)) <= 1000 and octet_length(facts::text) <= 8000
  ),
  constraint payment_event_attempts_check check (attempts >= 0),
  constraint payment_event_processed_check check (processed_at is null or outcome is not null)
);
comment on table private.payment_event is 'The inbox: what the provider told, and what became of it.';
create index payment_event_next_attempt_at_idx on private.payment_event (next_attempt_at) where processed_at is null;

create table private.refund (
  -- Also the key by which the provider knows a request that is repeated.
  id uuid primary key default gen_random_uuid(),
  purchase_id uuid not null references public.purchase (id),
  amount_paise bigint not null,
  reason text,
  provider_refund_id text,
  status text not null default 'requested',
  failure_reason text,
  requested_at timestamptz not null,
  settled_at timestamptz,
  -- When the provider is to be asked, for the first time or again. Null where there is nothing to ask for: it is settled,
  -- or it was made at the provider's own page.
  next_attempt_at timestamptz,
  attempts integer not null default 0,
  -- What went back for it: the whole session, or the hours of the purchase. Null where nothing was there to go back.
  took text,
  constraint refund_amount_paise_check check (amount_paise > 0),
  constraint refund_status_check check (status in ('requested', 'pending', 'processed', 'failed')),
  constraint refund_settled_check check ((status in ('processed', 'failed')) = (settled_at is not null)),
  constraint refund_next_attempt_check check (settled_at is null or next_attempt_at is null),
  constraint refund_attempts_check check (attempts >= 0),
  constraint refund_took_check check (took in ('session', 'hours')),
  constraint refund_texts_check check (
    char_length(reason) <= 500 and char_length(failure_reason) <= 500 and char_length(provider_refund_id) between 1 and 100
  )
);
comment on table private.refund is 'Money that goes back, whole purchases only: one row a request.';
create index refund_purchase_id_idx on private.refund (purchase_id);
-- Money goes back once.
create unique index refund_live_idx on private.refund (purchase_id) where status <> 'failed';
create index refund_next_attempt_at_idx on private.refund (next_attempt_at) where next_attempt_at is not null;

create table private.payment_alert (
  id bigint generated always as identity primary key,
  kind text not null,
  purchase_id uuid,
  order_id text,
  payment_id text,
  detail jsonb not null default '{}',
  times integer not null default 1,
  first_at timestamptz not null,
  last_at timestamptz not null,
  -- Set by the owner, who has looked at it. The same again is a new row then.
  resolved_at timestamptz,
  constraint payment_alert_kind_check check (kind in (
    'signature_invalid', 'order_unknown', 'order_differs', 'amount_differs', 'currency_differs', 'customer_gone',
    'surplus_payment', 'refund_failed', 'disputed', 'event_stuck'
  )),
  constraint payment_alert_detail_check check (octet_length(detail::text) <= 4000)
);
comment on table private.payment_alert is 'What the owner must look at: one open row a matter, counted up.';
create unique index payment_alert_open_idx on private.payment_alert (kind, purchase_id, order_id, payment_id)
  nulls not distinct where resolved_at is null;

alter table private.payment_event enable row level security;
alter table private.refund enable row level security;
alter table private.payment_alert enable row level security;
create policy "Nobody but the hub itself" on private.payment_event using (false);
create policy "Nobody but the hub itself" on private.refund using (false);
create policy "Nobody but the hub itself" on private.payment_alert using (false);

-- A jsonb that fits into a row, or the note that it did not.
create function private.bounded(detail jsonb) returns jsonb
language sql immutable set search_path = ''
return case
  when detail is null then '{}'::jsonb
  when octet_length(detail::text) <= 4000 then detail
  else jsonb_build_object('tooLong', octet_length(detail::text))
end;

-- Writes down what was said about a purchase, or about an order that nobody knows. Facts are those of the inbox; the same
-- said again by the same source is not new. The caller holds the lock on the purchase.
create function private.note_evidence(
  moment timestamptz, bought public.purchase, source text, kind text, facts jsonb, detail jsonb default '{}'
) returns void
language plpgsql volatile set search_path = ''
as $$
declare
  noted private.payment_evidence;
  known boolean;
begin
  noted.order_id := left(coalesce(facts ->> 'orderId', bought.order_id), 100);
  noted.payment_id := left(facts ->> 'paymentId', 100);
  noted.refund_id := left(facts ->> 'refundId', 100);
  noted.dispute_id := left(facts ->> 'disputeId', 100);
  noted.amount_paise := case
    when note_evidence.kind like 'refund\_%' then facts ->> 'refundAmountPaise' else facts ->> 'amountPaise'
  end;
  noted.currency := left(facts ->> 'currency', 10);
  noted.detail := private.bounded(
    note_evidence.detail || jsonb_strip_nulls(jsonb_build_object('failureReason', facts ->> 'failureReason'))
  );
  select coalesce(bool_or(
    (earlier.source, earlier.kind, earlier.order_id, earlier.payment_id, earlier.refund_id, earlier.dispute_id,
      earlier.amount_paise, earlier.currency, earlier.detail)
    is not distinct from
    (note_evidence.source, note_evidence.kind, noted.order_id, noted.payment_id, noted.refund_id, noted.dispute_id,
      noted.amount_paise, noted.currency, noted.detail)
  ), false) into known
  from private.payment_evidence as earlier
  where earlier.purchase_id = bought.id
    or (bought.id is null and earlier.purchase_id is null and earlier.order_id = noted.order_id);
  if not known then
    insert into private.payment_evidence (
      recorded_at, purchase_id, user_id, source, kind, provider, order_id, payment_id, refund_id, dispute_id, event_id,
      amount_paise, currency, body_sha256, detail
    )
    values (
      moment, bought.id, bought.user_id, note_evidence.source, left(note_evidence.kind, 60),
      left(coalesce(facts ->> 'provider', bought.provider), 20), noted.order_id, noted.payment_id, noted.refund_id,
      noted.dispute_id, left(facts ->> 'eventId', 100), noted.amount_paise, noted.currency, left(facts ->> 'bodySha256', 64),
      noted.detail
    );
  end if;
end
$$;

-- Tells the owner: a new row, or the open one of the same matter counted up.
create function private.raise_alert(
  moment timestamptz, matter text, purchase uuid, order_name text, payment text, detail jsonb default '{}'
) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  insert into private.payment_alert as told (kind, purchase_id, order_id, payment_id, detail, first_at, last_at)
  values (
    matter, purchase, left(order_name, 100), left(payment, 100), private.bounded(raise_alert.detail),
    moment, moment
  )
  on conflict (kind, purchase_id, order_id, payment_id) where resolved_at is null
  do update set times = told.times + 1, last_at = excluded.last_at, detail = excluded.detail;
end
$$;

revoke execute on function
  private.bounded(jsonb), private.note_evidence(timestamptz, public.purchase, text, text, jsonb, jsonb),
  private.raise_alert(timestamptz, text, uuid, text, text, jsonb)
from public, anon, authenticated, service_role;
