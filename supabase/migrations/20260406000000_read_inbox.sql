/*
 * The inbox of what the provider tells by itself.
 *
 * Owns: receive_payment_event, process_payment_events, what each event does, and report_payment_alert. All of it is for
 * the secret key alone, and security definer, since not even that key writes here directly. Events come in any order,
 * more than once, and some never: nothing in here trusts that another one came before.
 */

-- Stores an event whose signature was verified, and wakes who works through the inbox; does nothing else, since the
-- provider waits five seconds at most. Outcomes: received, duplicate.
create function public.receive_payment_event(
  event_id text, event text, occurred_at timestamptz, body_sha256 text, facts jsonb
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  moment constant timestamptz := private.clock();
begin
  insert into private.payment_event (event_id, event, occurred_at, received_at, body_sha256, facts, next_attempt_at)
  values (
    receive_payment_event.event_id, receive_payment_event.event, receive_payment_event.occurred_at, moment,
    receive_payment_event.body_sha256, receive_payment_event.facts, moment
  )
  on conflict on constraint payment_event_pkey do nothing;
  if not found then
    return jsonb_build_object('outcome', 'duplicate');
  end if;
  perform private.wake_payment_worker();
  return jsonb_build_object('outcome', 'received');
end
$$;

-- The purchase that an event is about, by its payment, its order, or the refund that it names; null where there is none.
create function private.purchase_of(facts jsonb) returns uuid
language plpgsql stable set search_path = ''
as $$
begin
  return coalesce(
    (
      select bought.id from public.purchase as bought
      where bought.provider = facts ->> 'provider' and bought.order_id = facts ->> 'orderId'
    ),
    (
      select bought.id from public.purchase as bought
      where bought.provider = facts ->> 'provider' and bought.payment_id = facts ->> 'paymentId'
    ),
    (
      select repaid.purchase_id from private.refund as repaid
      where repaid.id = case when facts ->> 'refundReceipt' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
        then (facts ->> 'refundReceipt')::uuid end
    )
  );
end
$$;

-- What an event about a refund does: settles the one that we asked for, or finds that somebody else gave the money back.
create function private.apply_refund(facts jsonb) returns text
language plpgsql volatile set search_path = ''
as $$
declare
  bought public.purchase;
  asked private.refund;
  moment timestamptz;
begin
  select * into bought from public.purchase as found where found.id = private.purchase_of(facts) for update;
  moment := private.clock();
  select * into asked from private.refund as ours
  where ours.purchase_id = bought.id and (
    ours.id::text = lower(facts ->> 'refundReceipt') or ours.provider_refund_id = facts ->> 'refundId'
    -- Asked for, and the answer was lost.
    or (ours.status = 'requested' and ours.amount_paise = (facts ->> 'refundAmountPaise')::bigint
      and bought.payment_id = facts ->> 'paymentId')
  )
  order by ours.provider_refund_id is not distinct from facts ->> 'refundId' desc, ours.requested_at desc
  limit 1;
  if asked.id is not null then
    return private.settle(bought, asked, 'webhook', facts);
  end if;
  perform private.note_evidence(moment, bought, 'webhook', 'refund_' || coalesce(facts ->> 'refundStatus', 'unknown'), facts);
  if bought.id is null then
    return 'order_unknown';
  elsif bought.status not in ('paid', 'held') or bought.payment_id is distinct from facts ->> 'paymentId' then
    -- Nothing was given for that payment, or is given no more; a capture that comes later finds what is written here.
    return 'noted';
  elsif facts ->> 'refundStatus' = 'failed' or not private.went_back(bought, bought.payment_id) then
    return 'noted';
  end if;
  return (private.give_back(
    bought, left(facts ->> 'refundId', 100), (facts ->> 'refundAmountPaise')::bigint, facts ->> 'refundStatus'
  )).status;
end
$$;

-- What an event about a dispute does: the first one takes back what is left of the hours, and tells the owner.
create function private.apply_dispute(event text, facts jsonb) returns text
language plpgsql volatile set search_path = ''
as $$
declare
  bought public.purchase;
  moment timestamptz;
begin
  select * into bought from public.purchase as found where found.id = private.purchase_of(facts) for update;
  moment := private.clock();
  perform private.note_evidence(
    moment, bought, 'webhook', 'dispute_' || split_part(apply_dispute.event, '.', 3), facts,
    jsonb_build_object('phase', facts -> 'disputePhase', 'status', facts -> 'disputeStatus')
  );
  if bought.id is null then
    return 'order_unknown';
  elsif apply_dispute.event <> 'payment.dispute.created' then
    return 'noted';
  end if;
  perform private.raise_alert(moment, 'disputed', bought.id, bought.order_id, facts ->> 'paymentId', facts);
  -- A dispute about a payment that did not pay for anything takes nothing away.
  if bought.disputed_at is null and coalesce(bought.payment_id, facts ->> 'paymentId') = facts ->> 'paymentId' then
    perform private.take_hours_back(bought);
    update public.purchase as disputed set disputed_at = moment where disputed.id = bought.id;
  end if;
  return 'disputed';
end
$$;

-- What an event does, in a word. An event that should be about a payment and names none is never passed over.
create function private.apply_event(received private.payment_event) returns text
language plpgsql volatile set search_path = ''
as $$
declare
  facts constant jsonb := received.facts || jsonb_build_object(
    'eventId', received.event_id, 'bodySha256', received.body_sha256
  );
begin
  if received.event like 'payment.dispute.%' then
    return private.apply_dispute(received.event, facts);
  elsif received.event like 'refund.%' then
    return private.apply_refund(facts);
  elsif received.event in ('payment.authorized', 'payment.captured', 'payment.failed', 'order.paid') then
    if facts ->> 'paymentId' is null or facts ->> 'paymentStatus' is null then
      raise exception 'event % tells of no payment', received.event_id using errcode = 'invalid_parameter_value';
    elsif facts ->> 'orderId' is null then
      -- Not one of ours: the owner may sell other things with the same account.
      return 'ignored';
    end if;
    return private.apply_payment('webhook', facts) ->> 'outcome';
  end if;
  return 'ignored';
end
$$;

/*
 * Works through the inbox, each event by itself, so that one that cannot be applied holds up no other: it is tried again
 * later and later, and from the tenth time on the owner is told. Answers how many were processed, how many failed, and how
 * many more could be processed now.
 *
 * One call works at a time. It takes the locks on all purchases that it needs at once and in one order, before the lock on
 * any session: whoever else holds a purchase and waits for a session waits for nobody who waits for him.
 */
create function public.process_payment_events(count_max integer default 50) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  moment timestamptz;
  due private.payment_event[];
  received private.payment_event;
  result text;
  processed integer := 0;
  failed integer := 0;
begin
  perform pg_advisory_xact_lock(hashtextextended('process_payment_events', 0));
  moment := private.clock();
  select array_agg(waiting::private.payment_event order by waiting.next_attempt_at, waiting.received_at, waiting.event_id) into due
  from (
    select inbox.* from private.payment_event as inbox
    where inbox.processed_at is null and inbox.next_attempt_at <= moment
    order by inbox.next_attempt_at, inbox.received_at, inbox.event_id
    limit least(greatest(count_max, 0), 1000)
    for update skip locked
  ) as waiting;
  perform from public.purchase as bought
  where bought.id in (select private.purchase_of(waiting.facts) from unnest(due) as waiting)
  order by bought.id for update;

  foreach received in array coalesce(due, '{}') loop
    begin
      result := private.apply_event(received);
      processed := processed + 1;
      update private.payment_event as inbox
      set processed_at = private.clock(), attempts = inbox.attempts + 1, outcome = result
      where inbox.event_id = received.event_id;
    exception when others then
      failed := failed + 1;
      update private.payment_event as inbox
      set attempts = inbox.attempts + 1, outcome = left(sqlstate || ': ' || sqlerrm, 300),
        next_attempt_at = moment + least(interval '1 hour', interval '10 seconds' * 2 ^ least(inbox.attempts, 20))
      where inbox.event_id = received.event_id;
      if received.attempts >= 9 then
        perform private.raise_alert(
          moment, 'event_stuck', private.purchase_of(received.facts), received.facts ->> 'orderId',
          received.facts ->> 'paymentId', jsonb_build_object('eventId', received.event_id, 'sqlstate', sqlstate)
        );
      end if;
    end;
  end loop;
  return jsonb_build_object('processed', processed, 'failed', failed, 'waiting', (
    select count(*) from private.payment_event as inbox where inbox.processed_at is null and inbox.next_attempt_at <= moment
  ));
end
$$;

-- Tells the owner of what the function saw: a signature that is none, an order that differs. What a browser made up is
-- counted up in one row, whatever else it makes up. Outcome: reported.
create function public.report_payment_alert(
  kind text, purchase_id uuid default null, order_id text default null, payment_id text default null, detail jsonb default '{}'
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  made_up constant boolean := report_payment_alert.kind = 'signature_invalid';
begin
  perform private.raise_alert(
    private.clock(), report_payment_alert.kind, report_payment_alert.purchase_id,
    case when not made_up then report_payment_alert.order_id end,
    case when not made_up then report_payment_alert.payment_id end,
    jsonb_strip_nulls(jsonb_build_object('orderId', left(report_payment_alert.order_id, 100), 'paymentId', left(report_payment_alert.payment_id, 100)))
      || coalesce(report_payment_alert.detail, '{}')
  );
  return jsonb_build_object('outcome', 'reported');
end
$$;

revoke execute on function
  private.purchase_of(jsonb), private.apply_refund(jsonb), private.apply_dispute(text, jsonb),
  private.apply_event(private.payment_event),
  public.receive_payment_event(text, text, timestamptz, text, jsonb), public.process_payment_events(integer),
  public.report_payment_alert(text, uuid, text, text, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  public.receive_payment_event(text, text, timestamptz, text, jsonb), public.process_payment_events(integer),
  public.report_payment_alert(text, uuid, text, text, jsonb)
to service_role;
