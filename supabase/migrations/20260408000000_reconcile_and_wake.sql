/*
 * What happens to money without a request: asking the provider what became of a purchase or a refund, and waking who asks.
 *
 * Owns: due_payments, waking the payment worker, and the tick in its second form. Correctness waits for none of them: an
 * event or the customer's return may come first, and all of them end in the same function.
 */

/*
 * What the provider is to be asked now; taking it sets when it is due again, so that two workers do not ask for the same.
 * Purchases that nobody has paid: five minutes after they were opened, then half as often each time down to every six
 * hours, for five days; a last time then, and they are abandoned. Refunds that are under way: after a minute, then half as
 * often down to every six hours, until they are settled. For the secret key alone; security definer, since that key writes
 * here nothing. It waits for nobody: what is being worked on is passed over.
 */
create function public.due_payments(count_max integer default 20) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  moment constant timestamptz := private.clock();
  bought public.purchase;
  repaid private.refund;
  purchases jsonb := '[]'::jsonb;
  refunds jsonb := '[]'::jsonb;
begin
  for bought in
    select * from public.purchase as due
    where due.next_check_at <= moment
    order by due.next_check_at, due.id limit least(greatest(count_max, 0), 1000)
    for update skip locked
  loop
    update public.purchase as checked
    set check_count = checked.check_count + 1,
      status = case
        when checked.created_at + private.purchase_patience() <= moment then 'abandoned' else checked.status
      end,
      next_check_at = case
        when checked.created_at + private.purchase_patience() <= moment then null
        else moment + least(interval '6 hours', interval '10 minutes' * 2 ^ least(checked.check_count, 20))
      end
    where checked.id = bought.id
    returning checked.* into bought;
    if bought.status = 'abandoned' then
      perform private.note_evidence(moment, bought, 'hub', 'abandoned', '{}');
    end if;
    purchases := purchases || private.purchase_json(bought);
  end loop;
  for repaid in
    select * from private.refund as due
    where due.next_attempt_at <= moment
    order by due.next_attempt_at, due.id limit least(greatest(count_max, 0), 1000)
    for update skip locked
  loop
    update private.refund as asked
    set attempts = asked.attempts + 1,
      next_attempt_at = moment + least(interval '6 hours', interval '2 minutes' * 2 ^ least(asked.attempts, 20))
    where asked.id = repaid.id
    returning asked.* into repaid;
    select * into bought from public.purchase as found where found.id = repaid.purchase_id;
    refunds := refunds || private.refund_json(repaid, bought);
  end loop;
  return jsonb_build_object('purchases', purchases, 'refunds', refunds);
end
$$;

-- Wakes an edge function: whoever listens to the channel on this machine, and on Supabase the function at the address and
-- with the key that the owner keeps in Vault as `hub_url` (https://<project>.supabase.co) and `hub_secret_key`. It never
-- fails: whatever waits is found by the next tick.
create function private.wake(channel text, function_name text) returns void
language plpgsql volatile set search_path = ''
as $$
declare
  hub_url text;
  hub_key text;
begin
  perform pg_notify(channel, '');
  if to_regclass('vault.decrypted_secrets') is null or not exists (
    select from pg_catalog.pg_proc where proname = 'http_post' and pronamespace = to_regnamespace('net')
  ) then
    return;
  end if;
  begin
    execute 'select max(decrypted_secret) filter (where name = $1), max(decrypted_secret) filter (where name = $2)
      from vault.decrypted_secrets where name in ($1, $2)'
    into hub_url, hub_key using 'hub_url', 'hub_secret_key';
    if hub_url is null or hub_key is null then
      return;
    end if;
    -- The answer comes when the worker is done; nobody reads it.
    execute 'select net.http_post(url := $1, body := $2, headers := $3, timeout_milliseconds := 150000)'
    using rtrim(hub_url, '/') || '/functions/v1/' || function_name, '{}'::jsonb,
      jsonb_build_object('content-type', 'application/json', 'apikey', hub_key);
  exception when others then
    raise warning 'the function % was not woken: % (%)', function_name, sqlerrm, sqlstate;
  end;
end
$$;

create or replace function private.wake_worker() returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform private.wake('hub_queue', 'queue-worker');
end
$$;

create function private.wake_payment_worker() returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform private.wake('hub_payments', 'payment-worker');
end
$$;

-- One tick: ends the holds whose lease has run out, forgets allowances that are full again, wakes the worker of the queue
-- while anything that may be tried waits, and that of the payments while an event or a check is due. Answers how many
-- holds it ended.
create or replace function private.tick() returns integer
language plpgsql volatile set search_path = ''
as $$
declare
  moment constant timestamptz := private.clock();
begin
  -- Passing over what is being asked for just now: a request locks two of them, and would wait here for ever.
  delete from private.rate_bucket where bucket in (
    select idle.bucket from private.rate_bucket as idle
    where idle.full_at < moment - interval '1 hour' for update skip locked
  );
  if exists (
    select from public.image_generations as waiting
    where waiting.status = 'queued' and waiting.not_before <= moment and waiting.lease_expires_at > moment
  ) then
    perform private.wake_worker();
  end if;
  if exists (
    select from private.payment_event as waiting where waiting.processed_at is null and waiting.next_attempt_at <= moment
  ) or exists (
    select from public.purchase as due where due.next_check_at <= moment
  ) or exists (
    select from private.refund as due where due.next_attempt_at <= moment
  ) then
    perform private.wake_payment_worker();
  end if;
  return public.expire_generations();
end
$$;

revoke execute on function
  public.due_payments(integer), private.wake(text, text), private.wake_payment_worker()
from public, anon, authenticated, service_role;
grant execute on function public.due_payments(integer) to service_role;

notify pgrst, 'reload schema';
