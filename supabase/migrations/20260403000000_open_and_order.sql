/*
 * Opening a purchase, asking for it, and the order that a provider made for it.
 *
 * Owns: open_purchase and purchase_status, which are called with the customer's own token, and record_order, which is the
 * secret key's. Security definer all three: customers see their own rows alone and write none, and not even that key
 * writes here directly. Nothing in here takes anybody's word for a payment.
 */

-- A purchase as every answer shows it.
create function private.purchase_json(bought public.purchase) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  return jsonb_build_object(
    'id', bought.id,
    'requestId', bought.request_id,
    'userId', bought.user_id,
    'kind', bought.kind,
    'planId', bought.plan_id,
    'planName', (select plan.display_name from public.session_config as plan where plan.plan_id = bought.plan_id),
    'hours', bought.hours,
    'amountPaise', bought.amount_paise,
    'currency', bought.currency,
    'status', bought.status,
    'provider', bought.provider,
    'orderId', bought.order_id,
    'paymentId', bought.payment_id,
    'sessionId', bought.session_id,
    'lastFailure', bought.last_failure,
    'createdAt', bought.created_at
  );
end
$$;

create function private.purchase_answer(outcome text, bought public.purchase) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  return jsonb_build_object('outcome', purchase_answer.outcome, 'purchase', private.purchase_json(bought));
end
$$;

-- How long a provider is asked what became of a purchase: longer than a bank's late answer takes.
create function private.purchase_patience() returns interval
language sql immutable set search_path = ''
return interval '5 days';

/*
 * Opens a purchase at today's price, or finds the one that was opened under the same id. With a session_id those hours
 * are for that session, which must be running; it may end before they are paid, and then they become a session of
 * their own. No lock is taken on it: what counts is how it stands when the money is there.
 *
 * Outcomes, in the order in which they are checked: unauthorized, invalid_request (its shape, with field), rate_limited,
 * session_not_found, request_id_reused, purchase (the same request, as it stands), session_expired, invalid_request
 * (planId, hours, or sessionId where its clock does not run), purchase.
 */
create function public.open_purchase(
  request_id uuid,
  plan_id text,
  hours integer,
  session_id uuid default null,
  client_address text default null,
  address_seal text default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  customer constant uuid := (select auth.uid());
  session public.user_sessions;
  plan public.session_config;
  bought public.purchase;
  digest text;
  moment timestamptz;
  wait_seconds integer;
begin
  if customer is null then
    return jsonb_build_object('outcome', 'unauthorized');
  elsif open_purchase.request_id is null then
    return jsonb_build_object('outcome', 'invalid_request', 'field', 'requestId');
  elsif open_purchase.plan_id is null or open_purchase.plan_id !~ '^[a-z][a-z0-9-]{0,31}$' then
    return jsonb_build_object('outcome', 'invalid_request', 'field', 'planId');
  elsif open_purchase.hours is null or open_purchase.hours not between 1 and 4 then
    return jsonb_build_object('outcome', 'invalid_request', 'field', 'hours');
  end if;

  moment := private.clock();
  wait_seconds := greatest(
    private.take_allowance('purchase', customer::text, moment),
    private.take_allowance('address', private.sealed_address(client_address, address_seal), moment)
  );
  if wait_seconds > 0 then
    return jsonb_build_object('outcome', 'rate_limited', 'retryAfter', wait_seconds);
  end if;

  if open_purchase.session_id is not null then
    select * into session from public.user_sessions as found
    where found.id = open_purchase.session_id and found.user_id = customer;
    if not found then
      return jsonb_build_object('outcome', 'session_not_found');
    end if;
  end if;
  digest := encode(sha256(convert_to(jsonb_build_array(
    open_purchase.plan_id, open_purchase.hours, open_purchase.session_id
  )::text, 'UTF8')), 'hex');
  select * into bought from public.purchase as found
  where found.user_id = customer and found.request_id = open_purchase.request_id;
  if not found then
    if session.id is not null then
      session := private.session_at(session, moment);
      if session.status = 'ended' then
        return jsonb_build_object('outcome', 'session_expired', 'expiresAt', session.expires_at);
      elsif session.status <> 'active' then
        return jsonb_build_object('outcome', 'invalid_request', 'field', 'sessionId');
      elsif session.plan_id <> open_purchase.plan_id then
        return jsonb_build_object('outcome', 'invalid_request', 'field', 'planId');
      elsif session.hours_purchased + open_purchase.hours > 24 then
        return jsonb_build_object('outcome', 'invalid_request', 'field', 'hours');
      end if;
    end if;
    select * into plan from public.session_config as found where found.plan_id = open_purchase.plan_id;
    if not found then
      return jsonb_build_object('outcome', 'invalid_request', 'field', 'planId');
    end if;
    insert into public.purchase (
      user_id, request_id, request_digest, kind, plan_id, hours, amount_paise, session_id, created_at, next_check_at
    )
    values (
      customer, open_purchase.request_id, digest, case when session.id is null then 'session' else 'extension' end,
      plan.plan_id, open_purchase.hours, plan.price_per_hour_paise * open_purchase.hours, session.id,
      moment, moment + interval '5 minutes'
    )
    on conflict on constraint purchase_request_key do nothing
    returning * into bought;
    if found then
      perform private.note_evidence(moment, bought, 'customer', 'opened', jsonb_build_object(
        'amountPaise', bought.amount_paise, 'currency', bought.currency
      ));
      return private.purchase_answer('purchase', bought);
    end if;
    -- The same id raced us, and was first.
    select * into bought from public.purchase as found
    where found.user_id = customer and found.request_id = open_purchase.request_id;
  end if;
  if bought.request_digest <> digest then
    return jsonb_build_object('outcome', 'request_id_reused');
  end if;
  return private.purchase_answer('purchase', bought);
end
$$;

-- A purchase of the caller, for whoever is about to confirm it. Confirming asks the provider, with the hub's one key:
-- somebody who confirmed without end would have the provider refuse everybody. A page that only wants to see a purchase
-- reads its row. Outcomes: unauthorized, rate_limited, purchase_not_found, purchase.
create function public.purchase_status(purchase_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  customer constant uuid := (select auth.uid());
  bought public.purchase;
  wait_seconds integer;
begin
  if customer is null then
    return jsonb_build_object('outcome', 'unauthorized');
  end if;
  wait_seconds := private.take_allowance('confirmation', customer::text, private.clock());
  if wait_seconds > 0 then
    return jsonb_build_object('outcome', 'rate_limited', 'retryAfter', wait_seconds);
  end if;
  select * into bought from public.purchase as found
  where found.id = purchase_status.purchase_id and found.user_id = customer;
  if not found then
    return jsonb_build_object('outcome', 'purchase_not_found');
  end if;
  return private.purchase_answer('purchase', bought);
end
$$;

/*
 * Records the order that a provider made for a purchase. The first one counts: of two that raced only one is ever shown
 * to the customer. Outcomes: purchase_not_found, order_differs (it has another, which is answered; or the order is
 * another purchase's, which the owner is told), recorded.
 */
create function public.record_order(purchase_id uuid, provider text, order_id text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  bought public.purchase;
  moment timestamptz;
  facts constant jsonb := jsonb_build_object('provider', record_order.provider, 'orderId', record_order.order_id);
begin
  select * into bought from public.purchase as found where found.id = record_order.purchase_id for update;
  if not found then
    return jsonb_build_object('outcome', 'purchase_not_found');
  end if;
  moment := private.clock();
  if bought.order_id is not null then
    if (bought.provider, bought.order_id) = (record_order.provider, record_order.order_id) then
      return private.purchase_answer('recorded', bought);
    end if;
    perform private.note_evidence(moment, bought, 'hub', 'order_surplus', facts);
    return private.purchase_answer('order_differs', bought);
  end if;
  begin
    update public.purchase as ordered
    set provider = record_order.provider, order_id = record_order.order_id, ordered_at = moment,
      status = case ordered.status when 'opened' then 'ordered' else ordered.status end
    where ordered.id = bought.id
    returning ordered.* into bought;
  exception when unique_violation then
    perform private.raise_alert(moment, 'order_differs', bought.id, record_order.order_id, null);
    return private.purchase_answer('order_differs', bought);
  end;
  perform private.note_evidence(moment, bought, 'hub', 'ordered', facts || jsonb_build_object(
    'amountPaise', bought.amount_paise, 'currency', bought.currency
  ));
  return private.purchase_answer('recorded', bought);
end
$$;

revoke execute on function
  private.purchase_json(public.purchase), private.purchase_answer(text, public.purchase), private.purchase_patience(),
  public.open_purchase(uuid, text, integer, uuid, text, text), public.purchase_status(uuid),
  public.record_order(uuid, text, text)
from public, anon, authenticated, service_role;
grant execute on function
  public.open_purchase(uuid, text, integer, uuid, text, text), public.purchase_status(uuid)
to authenticated;
grant execute on function public.record_order(uuid, text, text) to service_role;
