/** Many buyers at once, and everything about one purchase at once: nobody pays for nothing, and nobody is given more. */
import assert from "node:assert/strict";
import { signToken } from "../../scripts/local/tests/support.ts";
import { Hub } from "./support/hub.ts";
import { Shop } from "./support/shop.ts";

const hub = new Hub({ payments: "razorpay" });
const shop = new Shop(hub);

interface Buyer {
  id: string;
  ask(name: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
}

/** Customers by the dozen: signed in, though never with a password. */
async function buyers(count: number): Promise<Buyer[]> {
  const ids = Array.from({ length: count }, () => crypto.randomUUID());
  await hub.sql`
    insert into auth.users (id, aud, role, email)
    select id, 'authenticated', 'authenticated', 'buyer-' || id || '@example.test' from unnest(${ids}::uuid[]) as id`;
  return await Promise.all(ids.map(async (id) => {
    const claims = { sub: id, role: "authenticated", aud: "authenticated", exp: Math.floor(Date.now() / 1000) + 3600 };
    const authorization = `Bearer ${await signToken(hub.jwtSecret, claims)}`;
    const headers = { authorization, apikey: hub.stack.publishableKey, "content-type": "application/json" };
    return {
      id,
      async ask(name: string, body: unknown) {
        const request = { method: "POST", headers, body: JSON.stringify(body) };
        const response = await hub.fetch(hub.functionUrl(name), request);
        return { status: response.status, body: await response.json() };
      },
    };
  }));
}

hub.test("200 buyers at once have 200 sessions, whether their pages come back or not", async () => {
  const all = await buyers(200);
  await Promise.all(all.map(async (buyer, at) => {
    const bought = await buyer.ask("buy-session", { planId: at % 2 === 0 ? "flash" : "pro", hours: 1 + at % 4 });
    assert.equal(bought.status, 200, JSON.stringify(bought.body));
    const { order_id: orderId } = bought.body.checkout as { order_id: string };
    const { result } = shop.razorpay.pay(orderId, { method: at % 3 === 0 ? "card" : "upi" });
    // Every third page is closed before it can tell.
    if (at % 3 === 2) return;
    const confirmed = await buyer.ask("confirm-payment", { purchaseId: bought.body.purchaseId, ...result });
    assert.equal(confirmed.status, 200, JSON.stringify(confirmed.body));
  }));
  await shop.told();
  const ids = all.map(({ id }) => id);
  const granted = await hub.sql`
    select session.user_id, session.plan_id, session.hours_purchased, session.price_paid::text, session.status,
      bought.amount_paise, bought.plan_id = session.plan_id and bought.hours = session.hours_purchased as fits,
      bought.amount_paise = session.price_paid * 100 as costs
    from public.user_sessions as session join public.purchase as bought on bought.session_id = session.id
    where session.user_id = any (${ids})`;
  assert.equal(granted.length, 200);
  assert.equal(new Set(granted.map(({ user_id }) => user_id)).size, 200);
  assert.ok(granted.every(({ fits, costs, status }) => fits && costs && status === "ready"));
  const [counted] = await hub.sql`
    select (select count(*)::int from public.user_sessions where user_id = any (${ids})) as sessions,
      (select count(*)::int from public.purchase where user_id = any (${ids}) and status = 'paid') as paid,
      (select count(*)::int from private.payment_alert) as alerts`;
  assert.deepEqual({ ...counted }, { sessions: 200, paid: 200, alerts: 0 });
});

hub.test("page, events and worker at once, ten times each, grant one session", async ({ customer }) => {
  const one = await customer();
  for (const outcome of ["captured", "failed-then-captured"] as const) {
    const { purchaseId, orderId } = await shop.open(one);
    const { webhooks } = shop.razorpay;
    webhooks.hold();
    const { payment, result } = shop.razorpay.pay(orderId, { outcome });
    const events = webhooks.about(payment.id);
    await Promise.all(
      Array.from({ length: 10 }, (_, at) => [
        shop.confirm(one, purchaseId, at % 2 === 0 ? result : {}),
        webhooks.deliver(events[at % events.length]!),
        shop.reconcile(purchaseId),
      ]).flat(),
    );
    await webhooks.release(() => []);
    await shop.inboxIsEmpty();
    assert.equal((await shop.purchase(purchaseId)).status, "paid");
    // I13: whoever brings the word of a payment, it grants once.
    assert.equal((await shop.evidence(purchaseId)).filter((said) => said.endsWith(" granted")).length, 1);
    assert.deepEqual(await shop.alerts(purchaseId), []);
  }
  assert.equal((await shop.sessions(one)).length, 2);
});

hub.test("two payments of one order at once: one is the session, the other is told", async ({ customer }) => {
  const one = await customer();
  const { purchaseId, orderId } = await shop.open(one);
  shop.razorpay.webhooks.hold();
  const paid = [1, 2].map(() => shop.razorpay.pay(orderId, { evenIfPaid: true }));
  const answers = await Promise.all(paid.map(({ result }) => shop.confirm(one, purchaseId, result)));
  assert.deepEqual(answers.map(({ status }) => status), [200, 200]);
  await shop.razorpay.webhooks.release();
  await shop.told();
  assert.equal((await shop.sessions(one)).length, 1);
  const { payment_id } = await shop.purchase(purchaseId);
  const other = paid.map(({ payment }) => payment.id).find((id) => id !== payment_id);
  const alerts = await shop.alerts(purchaseId);
  assert.deepEqual(alerts.map((alert) => [alert.kind, alert.payment_id]), [["surplus_payment", other]]);
});

hub.test("hours for one session from several purchases at once are all added", async ({ customer }) => {
  const one = await customer();
  const { sessionId } = await shop.bought(one);
  await shop.start(one, sessionId);
  const more = await Promise.all([1, 2, 3, 4].map((hours) => shop.open(one, { sessionId, hours })));
  for (const { orderId } of more) shop.razorpay.pay(orderId);
  await Promise.all(more.map(({ purchaseId }) => shop.confirm(one, purchaseId)));
  await shop.told();
  const [session] = await shop.sessions(one);
  assert.equal(session!.hours_purchased, 1 + 1 + 2 + 3 + 4);
});
