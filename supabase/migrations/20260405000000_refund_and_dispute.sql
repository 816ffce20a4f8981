/*
 * Money that goes back, or that is disputed, and the hours that go with it.
 *
 * Owns: begin_refund and settle_refund, which are the secret key's, what the events of refunds and disputes do, and
 * taking hours back and giving them again. A session that is closed here is `ended` and no failure of a picture starts it
 * again; what is being drawn in it is finished and settled as ever, what waits in the queue is cancelled.
 *
 * Hours are with the customer exactly while the purchase is paid and not disputed. Locks: the purchase row, its refund,
 * the session row.
 */

create function private.refund_json(repaid private.refund, bought public.purchase) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  return jsonb_build_object(
    'id', repaid.id, 'purchaseId', bought.id, 'provider', bought.provider, 'paymentId', bought.payment_id,
    'amountPaise', repaid.amount_paise, 'status', repaid.status, 'reason', repaid.reason,
    'providerRefundId', repaid.provider_refund_id, 'failureReason', repaid.failure_reason, 'attempts', repaid.attempts
  );
end
$$;

-- Takes back what a purchase gave: its hours, where the session has more than those, or else the whole session. Answers
-- which (refund.took); null where nothing is there to be taken. The caller holds the lock on the purchase.
create function private.take_hours_back(bought public.purchase) returns text
language plpgsql volatile set search_path = ''
as $$
declare
  session public.user_sessions;
  moment timestamptz;
begin
  if bought.status <> 'paid' or bought.disputed_at is not null then
    return null;
  end if;
  select * into session from public.user_sessions as found where found.id = bought.session_id for update;
  if session.id is null or session.status = 'ended' then
    return null;
  end if;
  moment := private.clock();
  perform private.expire_session_holds(session.id, moment);
  if session.hours_purchased > bought.hours then
    update public.user_sessions as cut
    set hours_purchased = cut.hours_purchased - bought.hours,
      expires_at = cut.expires_at - bought.hours * interval '1 hour', updated_at = moment
    where cut.id = session.id;
    return 'hours';
  end if;
  update public.user_sessions as closed set status = 'ended', updated_at = moment where closed.id = session.id;
  update public.image_generations as generation
  set status = 'failed', failure_code = 'cancelled', lease_expires_at = null, queue_turn = null, not_before = null,
    cancel_requested_at = moment, settled_at = moment
  where generation.session_id = session.id and generation.status = 'queued';
  return 'session';
end
$$;

-- Gives again what a refund that failed had taken; a session goes on from where its clock would be.
create function private.return_hours(bought public.purchase, took text) returns void
language plpgsql volatile set search_path = ''
as $$
declare
  session public.user_sessions;
begin
  select * into session from public.user_sessions as found where found.id = bought.session_id for update;
  if session.id is null or bought.disputed_at is not null then
    return;
  end if;
  if took = 'session' then
    update public.user_sessions as opened
    set status = case when opened.started_at is null then 'ready' else 'active' end, updated_at = private.clock()
    where opened.id = session.id and opened.status = 'ended';
    -- Its first picture may have failed while it was closed.
    perform private.stop_clock_without_picture(session.id);
  elsif took = 'hours' then
    update public.user_sessions as mended
    set hours_purchased = least(24, mended.hours_purchased + bought.hours), updated_at = private.clock(),
      expires_at = mended.expires_at + (least(24, mended.hours_purchased + bought.hours) - mended.hours_purchased) * interval '1 hour'
    where mended.id = session.id;
  end if;
end
$$;

-- A refund of a whole purchase that the hub did not ask for: made at the provider's own page, or seen on the payment
-- itself. Nobody has to ask for it again. The purchase is paid or held, and locked by the caller.
create function private.give_back(
  bought public.purchase, provider_refund_id text, amount_paise bigint, refund_status text
) returns public.purchase
language plpgsql volatile set search_path = ''
as $$
declare
  took constant text := private.take_hours_back(bought);
  moment constant timestamptz := private.clock();
  settled constant boolean := give_back.refund_status = 'processed';
begin
  insert into private.refund (
    purchase_id, amount_paise, reason, provider_refund_id, status, requested_at, settled_at, took
  )
  values (
    bought.id, give_back.amount_paise, 'made at the provider', give_back.provider_refund_id,
    case when settled then 'processed' else 'pending' end, moment, case when settled then moment end, took
  );
  update public.purchase as given
  set status = case when settled then 'refunded' else 'refunding' end, refunded_at = case when settled then moment end
  where given.id = bought.id
  returning given.* into bought;
  return bought;
end
$$;

-- Writes down how a refund stands by the provider's word. Outcomes: refunding, refunded, refund_failed. Of one that was
-- processed nothing changes any more; one that failed may turn out to have gone through. The caller locks the purchase.
create function private.settle(bought public.purchase, asked private.refund, source text, facts jsonb) returns text
language plpgsql volatile set search_path = ''
as $$
declare
  moment constant timestamptz := private.clock();
  word constant text := coalesce(facts ->> 'refundStatus', 'pending');
  repaid private.refund;
  taken text;
begin
  -- The one that is under way, whichever of them was meant: money goes back once.
  select * into repaid from private.refund as live
  where live.purchase_id = bought.id and (live.id = asked.id or live.status <> 'failed' and word = 'processed')
  order by live.status = 'failed' limit 1
  for update;
  perform private.note_evidence(moment, bought, settle.source, 'refund_' || word, facts || jsonb_build_object(
    'paymentId', bought.payment_id, 'refundAmountPaise', repaid.amount_paise,
    'refundId', coalesce(facts ->> 'refundId', repaid.provider_refund_id)
  ), jsonb_build_object('id', asked.id));
  if repaid.status = 'processed' then
    if word = 'failed' then
      perform private.raise_alert(moment, 'refund_failed', bought.id, bought.order_id, bought.payment_id, facts);
    end if;
    return 'refunded';
  elsif word = 'processed' then
    -- Given again when it seemed to have failed.
    taken := case bought.status when 'paid' then private.take_hours_back(bought) else repaid.took end;
    update private.refund as done
    set status = 'processed', failure_reason = null, settled_at = moment, next_attempt_at = null,
      provider_refund_id = coalesce(left(facts ->> 'refundId', 100), done.provider_refund_id), took = taken
    where done.id = repaid.id;
    update public.purchase as given set status = 'refunded', refunded_at = moment where given.id = bought.id;
    return 'refunded';
  elsif repaid.status = 'failed' then
    return 'refund_failed';
  elsif word = 'failed' then
    update private.refund as lost
    set status = 'failed', settled_at = moment, next_attempt_at = null,
      failure_reason = left(coalesce(facts ->> 'failureReason', 'refused'), 500),
      provider_refund_id = coalesce(left(facts ->> 'refundId', 100), lost.provider_refund_id)
    where lost.id = repaid.id;
    update public.purchase as kept
    set status = case when kept.paid_at is null then 'held' else 'paid' end
    where kept.id = bought.id;
    perform private.return_hours(bought, repaid.took);
    perform private.raise_alert(moment, 'refund_failed', bought.id, bought.order_id, bought.payment_id, facts);
    return 'refund_failed';
  end if;
  update private.refund as pending
  set status = 'pending', provider_refund_id = coalesce(left(facts ->> 'refundId', 100), pending.provider_refund_id)
  where pending.id = repaid.id;
  return 'refunding';
end
$$;

/*
 * Begins the refund of a whole purchase: closes its session and answers what the provider is to be asked for. Nobody
 * draws on what is given back, since the session's lock is held. For the secret key alone, that is for the owner; security
 * definer, since not even that key writes here directly.
 *
 * Outcomes: purchase_not_found, purchase_not_paid, session_started (its clock has run, or other hours were bought for it,
 * or it is disputed), refunding (begun now or before; a refund that failed is begun anew).
 */
create function public.begin_refund(purchase_id uuid default null, session_id uuid default null, reason text default null)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  bought public.purchase;
  session public.user_sessions;
  repaid private.refund;
  moment timestamptz;
  amount bigint;
begin
  select * into bought from public.purchase as found
  where found.id = coalesce(begin_refund.purchase_id, (
      select made.id from public.purchase as made
      where made.session_id = begin_refund.session_id and made.kind = 'session' limit 1
    ))
    and (begin_refund.session_id is null or found.session_id = begin_refund.session_id)
  for update;
  if not found then
    return jsonb_build_object('outcome', 'purchase_not_found');
  end if;
  moment := private.clock();
  amount := bought.amount_paise;
  if bought.status in ('refunding', 'refunded') then
    select * into repaid from private.refund as live
    where live.purchase_id = bought.id and live.status <> 'failed';
    return private.purchase_answer('refunding', bought)
      || jsonb_build_object('refund', private.refund_json(repaid, bought));
  elsif bought.status = 'paid' then
    select * into session from public.user_sessions as found where found.id = bought.session_id for update;
    moment := private.clock();
    if private.expire_session_holds(session.id, moment) > 0 then
      select * into session from public.user_sessions as found where found.id = session.id;
    end if;
    if bought.kind <> 'session' or bought.disputed_at is not null or session.id is null
      or session.started_at is not null or session.hours_purchased <> bought.hours then
      return jsonb_build_object('outcome', 'session_started');
    end if;
  elsif bought.status = 'held' then
    -- As much as came, which may be what is wrong with it.
    select said.amount_paise into amount from private.payment_evidence as said
    where said.purchase_id = bought.id and said.payment_id = bought.payment_id and said.kind = 'payment_captured'
    order by said.id desc limit 1;
  else
    return jsonb_build_object('outcome', 'purchase_not_paid');
  end if;
  insert into private.refund (purchase_id, amount_paise, reason, requested_at, next_attempt_at, took)
  values (
    bought.id, amount, left(begin_refund.reason, 500), moment, moment + interval '1 minute', private.take_hours_back(bought)
  )
  returning * into repaid;
  update public.purchase as given set status = 'refunding' where given.id = bought.id returning given.* into bought;
  perform private.note_evidence(moment, bought, 'owner', 'refund_requested', jsonb_build_object(
    'paymentId', bought.payment_id, 'refundAmountPaise', amount
  ), jsonb_build_object('id', repaid.id, 'reason', repaid.reason));
  return private.purchase_answer('refunding', bought)
    || jsonb_build_object('refund', private.refund_json(repaid, bought));
end
$$;

-- What the provider answered when it was asked for a refund: pending, processed or failed. For the secret key alone;
-- security definer as above. Outcomes: refund_not_found, refunding, refunded, refund_failed.
create function public.settle_refund(
  refund_id uuid, provider_refund_id text, refund_status text, failure_reason text default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  bought public.purchase;
  asked private.refund;
begin
  select * into asked from private.refund as found where found.id = settle_refund.refund_id;
  if not found then
    return jsonb_build_object('outcome', 'refund_not_found');
  end if;
  select * into bought from public.purchase as found where found.id = asked.purchase_id for update;
  return jsonb_build_object('outcome', private.settle(bought, asked, 'hub', jsonb_build_object(
    'refundId', settle_refund.provider_refund_id, 'refundStatus', settle_refund.refund_status,
    'failureReason', settle_refund.failure_reason
  )));
end
$$;

revoke execute on function
  private.refund_json(private.refund, public.purchase), private.take_hours_back(public.purchase),
  private.return_hours(public.purchase, text),
  private.give_back(public.purchase, text, bigint, text),
  private.settle(public.purchase, private.refund, text, jsonb),
  public.begin_refund(uuid, uuid, text), public.settle_refund(uuid, text, text, text)
from public, anon, authenticated, service_role;
grant execute on function public.begin_refund(uuid, uuid, text), public.settle_refund(uuid, text, text, text)
to service_role;
