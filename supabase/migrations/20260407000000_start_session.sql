/*
 * Starting a session, in words that a function can answer with.
 *
 * Owns: start_session in its second form, which says why it did nothing where it did nothing.
 */

-- Starts the clock of a session that is ready, for the customer it belongs to, who need not wait for his first picture;
-- starting it twice starts it once, and a clock that a picture started runs on from then, also if that picture never
-- arrives. Security definer, since customers write no session. Outcomes: unauthorized, session_not_found,
-- session_expired, started.
create or replace function public.start_session(session_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  customer constant uuid := (select auth.uid());
  session public.user_sessions;
  moment timestamptz;
begin
  if customer is null then
    return jsonb_build_object('outcome', 'unauthorized');
  end if;
  select * into session from public.user_sessions as found
  where found.id = start_session.session_id and found.user_id = customer
  for update;
  if not found then
    return jsonb_build_object('outcome', 'session_not_found');
  end if;
  moment := private.clock();
  if private.expire_session_holds(session.id, moment) > 0 then
    select * into session from public.user_sessions as found where found.id = session.id;
  end if;
  if (private.session_at(session, moment)).status = 'ended' then
    return jsonb_build_object('outcome', 'session_expired', 'expiresAt', session.expires_at);
  end if;
  if session.status = 'ready' then
    update public.user_sessions as started
    set status = 'active', started_at = moment, started_by = 'customer',
      expires_at = moment + started.hours_purchased * interval '1 hour', updated_at = moment
    where started.id = session.id
    returning started.* into session;
  elsif session.started_by = 'picture' then
    update public.user_sessions as started set started_by = 'customer', updated_at = moment
    where started.id = session.id
    returning started.* into session;
  end if;
  return jsonb_build_object(
    'outcome', 'started', 'sessionId', session.id, 'startedAt', session.started_at,
    'balance', private.balance(session, moment)
  );
end
$$;
