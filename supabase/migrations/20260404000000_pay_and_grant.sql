/*
 * What a payment is worth: the one place in which money becomes hours.
 *
 * Owns: private.apply_payment, through which every word about a payment goes, whoever brings it (the browser's return, an
 * event, or asking the provider), record_payment over it, and granting. grant_session of the public schema ends here:
 * from now on money makes sessions, and nothing else does.
 *
 * Locks: the purchase row, then the session row, then nothing; the time is read after each. Two payments of one purchase,
 * and two words about one payment, are a queue at the purchase row.
 */

drop function public.grant_session(uuid, text, integer);

-- Makes a session that is ready to be started. Who calls it has seen the money; no role may.
create function private.grant_session(customer uuid, plan text, hours integer, price_paise integer)
returns public.user_sessions
language plpgsql volatile set search_path = ''
as $$
declare
  moment constant timestamptz := private.clock();
  session public.user_sessions;
begin
  insert into public.user_sessions (
    user_id, plan_id, model_name, hours_purchased, price_paid, status, created_at, updated_at
  )
  select customer, found.plan_id, found.model_name, grant_session.hours, price_paise / 100.0, 'ready', moment, moment
  from public.session_config as found where found.plan_id = grant_session.plan
  returning * into session;
  return session;
end
$$;

-- Gives what was bought: adds the hours to the session that was to be extended, or makes a session of them where there is
-- none, or it is over by now, or would be longer than a day. The caller holds the lock on the purchase, and the payment
-- fits. Answers the purchase as it stands then.
create function private.grant_purchase(bought public.purchase, source text) returns public.purchase
language plpgsql volatile set search_path = ''
as $$
declare
  session public.user_sessions;
  moment timestamptz;
  extends boolean := false;
begin
  if bought.kind = 'extension' then
    select * into session from public.user_sessions as found
    where found.id = bought.session_id and found.user_id = bought.user_id
    for update;
    moment := private.clock();
    if private.expire_session_holds(session.id, moment) > 0 then
      select * into session from public.user_sessions as found where found.id = session.id;
    end if;
    extends := session.id is not null and (private.session_at(session, moment)).status <> 'ended'
      and session.hours_purchased + bought.hours <= 24;
  end if;
  if extends then
    update public.user_sessions as extended
    set hours_purchased = extended.hours_purchased + bought.hours,
      expires_at = extended.expires_at + bought.hours * interval '1 hour',
      price_paid = extended.price_paid + bought.amount_paise / 100.0, updated_at = moment
    where extended.id = session.id;
  else
    session := private.grant_session(bought.user_id, bought.plan_id, bought.hours, bought.amount_paise);
    moment := session.created_at;
  end if;
  update public.purchase as paid
  set status = 'paid', paid_at = moment, kind = case when extends then 'extension' else 'session' end,
    session_id = session.id, last_failure = null, next_check_at = null
  where paid.id = bought.id
  returning paid.* into bought;
  perform private.note_evidence(
    moment, bought, source, case when extends then 'extended' else 'granted' end,
    jsonb_build_object('paymentId', bought.payment_id, 'amountPaise', bought.amount_paise, 'currency', bought.currency),
    jsonb_build_object('sessionId', bought.session_id)
  );
  return bought;
end
$$;

-- Whether as much of a payment went back as a purchase cost, by what the provider has said so far.
create function private.went_back(bought public.purchase, payment text) returns boolean
language plpgsql stable set search_path = ''
as $$
begin
  return exists (
    select from private.payment_evidence as said
    where said.payment_id = payment and said.provider = bought.provider and said.kind = 'payment_refunded'
  ) or bought.amount_paise <= (
    select coalesce(sum(newest.amount_paise), 0) from (
      select distinct on (said.refund_id) said.kind, said.amount_paise
      from private.payment_evidence as said
      where said.payment_id = payment and said.provider = bought.provider and said.kind like 'refund\_%'
        and said.refund_id is not null
      order by said.refund_id, said.id desc
    ) as newest
    where newest.kind <> 'refund_failed'
  );
end
$$;

-- Why a payment does not pay for a purchase, as the kind of its alert or as the fault that is on file; null where it does.
create function private.payment_fault(bought public.purchase, facts jsonb) returns text
language plpgsql stable set search_path = ''
as $$
begin
  return case
    when private.went_back(bought, facts ->> 'paymentId') then 'refunded'
    when (facts ->> 'amountPaise')::bigint is distinct from bought.amount_paise then 'amount_differs'
    when facts ->> 'currency' is distinct from bought.currency then 'currency_differs'
    when bought.user_id is null then 'customer_gone'
    when bought.disputed_at is not null then 'disputed'
  end;
end
$$;

/*
 * Takes a word about a payment: facts are those of the inbox. Whatever comes first, comes twice or comes late, a purchase
 * is granted once, by the first payment that is captured and fits it to the paisa.
 *
 * Outcomes: order_unknown, noted (created, authorized, failed: nothing is decided by that), surplus (another payment was
 * first), paid (granted now or before, by this payment), held (it does not fit; nothing is granted).
 */
create function private.apply_payment(source text, facts jsonb) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
  bought public.purchase;
  state constant text := coalesce(facts ->> 'paymentStatus', 'unknown');
  payment constant text := facts ->> 'paymentId';
  moment timestamptz;
  fault text;
begin
  select * into bought from public.purchase as found
  where found.provider = facts ->> 'provider' and found.order_id = facts ->> 'orderId'
  for update;
  moment := private.clock();
  perform private.note_evidence(moment, bought, source, 'payment_' || state, facts);
  if bought.id is null then
    if state in ('captured', 'refunded') then
      perform private.raise_alert(moment, 'order_unknown', null, facts ->> 'orderId', payment);
    end if;
    return jsonb_build_object('outcome', 'order_unknown');
  end if;

  if state not in ('captured', 'refunded') then
    if state = 'failed' and bought.status in ('ordered', 'abandoned') then
      update public.purchase as failed
      set last_failure = left(coalesce(facts ->> 'failureReason', 'payment_failed'), 500)
      where failed.id = bought.id
      returning failed.* into bought;
    end if;
    return private.purchase_answer('noted', bought);
  end if;

  if bought.status in ('paid', 'refunding', 'refunded') then
    if bought.payment_id is distinct from payment then
      -- What went back already is no surplus any more, and nobody's work.
      if state = 'captured' then
        perform private.raise_alert(moment, 'surplus_payment', bought.id, bought.order_id, payment);
      end if;
      return private.purchase_answer('surplus', bought);
    end if;
    if state = 'refunded' and bought.status = 'paid' then
      bought := private.give_back(bought, null, bought.amount_paise, 'processed');
    end if;
    return private.purchase_answer(case when bought.paid_at is null then 'held' else 'paid' end, bought);
  end if;

  fault := private.payment_fault(bought, facts);
  -- The payment becomes this purchase's. Of several that do not fit the first is kept; one that fits takes its place.
  if bought.payment_id is null or fault is null then
    begin
      update public.purchase as claimed
      set payment_id = payment, status = 'held', last_failure = fault, next_check_at = null
      where claimed.id = bought.id
      returning claimed.* into bought;
    exception when unique_violation then
      -- One payment, two orders: whichever is wrong, it is not the one that was granted.
      perform private.raise_alert(moment, 'order_differs', bought.id, bought.order_id, payment);
      return private.purchase_answer('held', bought);
    end;
  end if;
  if fault is null then
    return private.purchase_answer('paid', private.grant_purchase(bought, source));
  end if;
  if fault <> 'refunded' then
    perform private.raise_alert(moment, fault, bought.id, bought.order_id, payment, facts);
  elsif bought.payment_id = payment then
    bought := private.give_back(bought, null, coalesce((facts ->> 'amountPaise')::bigint, bought.amount_paise), 'processed');
  end if;
  return private.purchase_answer('held', bought);
end
$$;

-- A payment as the provider told it to the hub, which asked. For the secret key alone; security definer, since not even
-- that key writes here directly. Outcomes as of private.apply_payment.
create function public.record_payment(
  provider text, order_id text, payment_id text, amount_paise bigint, currency text, payment_status text, source text,
  failure_reason text default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  return private.apply_payment(record_payment.source, jsonb_build_object(
    'provider', record_payment.provider, 'orderId', record_payment.order_id, 'paymentId', record_payment.payment_id,
    'amountPaise', record_payment.amount_paise, 'currency', record_payment.currency,
    'paymentStatus', record_payment.payment_status, 'failureReason', record_payment.failure_reason
  ));
end
$$;

revoke execute on function
  private.grant_session(uuid, text, integer, integer), private.grant_purchase(public.purchase, text),
  private.went_back(public.purchase, text), private.payment_fault(public.purchase, jsonb),
  private.apply_payment(text, jsonb),
  public.record_payment(text, text, text, bigint, text, text, text, text)
from public, anon, authenticated, service_role;
grant execute on function public.record_payment(text, text, text, bigint, text, text, text, text) to service_role;
