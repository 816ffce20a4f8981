/*
 * How often a customer may have his purchases looked at.
 *
 * Owns: purchase_status in its second form. Confirming asks the provider each time, with the hub's one key: somebody who
 * confirms without end would have the provider refuse everybody. A page that only wants to see a purchase reads its row.
 */

alter table private.rate_limit
  drop constraint rate_limit_scope_check,
  add constraint rate_limit_scope_check check (scope in ('customer', 'address', 'purchase', 'confirmation'));
insert into private.rate_limit (scope, per_minute, burst) values ('confirmation', 30, 60);

-- A purchase of the caller, for whoever is about to confirm it. Security definer, since customers write no allowance.
-- Outcomes: unauthorized, rate_limited, purchase_not_found, purchase.
create or replace function public.purchase_status(purchase_id uuid) returns jsonb
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

notify pgrst, 'reload schema';
