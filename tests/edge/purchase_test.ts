/** Buying hours, as a page does it: a purchase, the checkout, and the session that comes of it. */
import assert from "node:assert/strict";
import type { Fault, RouteName } from "../../scripts/local/razorpay/faults.ts";
import { Hub } from "./support/hub.ts";
import { assertRefused, Shop } from "./support/shop.ts";

const hub = new Hub({ payments: "razorpay" });
const shop = new Shop(hub);

hub.test("a customer buys an hour, pays, starts it and gets a picture", async ({ customer, marker }) => {
  const one = await customer();
  const requestId = crypto.randomUUID();
  const { status, body, headers } = await shop.buy(one, { requestId });
  const { purchaseId, checkout, ...rest } = body;
  assert.deepEqual([status, headers.get("cache-control")], [200, "no-store"]);
  assert.deepEqual(rest, {
    success: true,
    requestId,
    kind: "session",
    planId: "flash-lite",
    hours: 1,
    amountPaise: 5000,
    currency: "INR",
    provider: "razorpay",
    status: "ordered",
    sessionId: null,
    demo: false,
  });
  const [order] = shop.razorpay.ordersOf(purchaseId);
  assert.deepEqual([order!.amount, order!.currency, order!.status], [5000, "INR", "created"]);
  assert.deepEqual(checkout, {
    key: shop.razorpay.keyId,
    order_id: order!.id,
    amount: 5000,
    currency: "INR",
    name: "AI Access Hub",
    description: checkout.description,
  });
  assert.match(checkout.description, /^1 hour of \S/);

  const { payment, result } = shop.razorpay.pay(order!.id);
  const confirmed = await shop.confirm(one, purchaseId, result);
  const { sessionId } = confirmed.body;
  assert.deepEqual([confirmed.status, confirmed.body], [200, {
    success: true,
    purchaseId,
    status: "paid",
    sessionId,
    planId: "flash-lite",
    hours: 1,
  }]);
  await shop.told();
  assert.deepEqual(await shop.sessions(one), [{
    id: sessionId,
    status: "ready",
    hours_purchased: 1,
    plan_id: "flash-lite",
  }]);
  assert.equal((await shop.purchase(purchaseId)).payment_id, payment.id);
  const said = await shop.evidence(purchaseId);
  for (const words of ["customer opened", "hub ordered", "webhook payment_captured"]) {
    assert.ok(said.includes(words), `${words} is on file: ${said}`);
  }
  assert.equal(said.filter((words) => words.endsWith(" granted")).length, 1);
  assert.deepEqual(await shop.alerts(purchaseId), []);

  const started = await shop.start(one, sessionId);
  assert.deepEqual([started.status, started.body.status, started.body.creditsRemaining], [200, "active", 3]);
  const hour = Date.parse(started.body.expiresAt) - Date.parse(started.body.startedAt);
  assert.equal(hour, 3_600_000);
  assert.equal((await shop.start(one, sessionId)).body.startedAt, started.body.startedAt);
  const picture = await one.generate({ prompt: marker, sessionId });
  assert.deepEqual([picture.status, picture.body.creditsRemaining], [200, 2]);
});

hub.test("every plan and hour costs what it costs, whatever the client says of it", async ({ customer }) => {
  const one = await customer();
  for (const [planId, perHour] of [["flash-lite", 5000], ["flash", 10_000], ["pro", 20_000]] as const) {
    for (const hours of [1, 2, 3, 4]) {
      const { body } = await shop.buy(one, { planId, hours, amount: 1, amountPaise: 100, price: 1, currency: "USD" });
      assert.deepEqual([body.amountPaise, body.currency], [perHour * hours, "INR"]);
      const [order] = shop.razorpay.ordersOf(body.purchaseId);
      assert.deepEqual([order!.amount, order!.currency], [perHour * hours, "INR"]);
    }
  }
});

hub.test("what cannot be bought is refused, and nothing is ordered", async ({ customer }) => {
  const one = await customer();
  const before = shop.razorpay.requests.length;
  const rows: [Record<string, unknown>, string][] = [
    [{ planId: "ultra" }, "planId"],
    [{ planId: null }, "planId"],
    [{ planId: "'; drop table purchase" }, "planId"],
    [{ hours: 0 }, "hours"],
    [{ hours: 5 }, "hours"],
    [{ hours: 1.5 }, "hours"],
    [{ hours: "1" }, "hours"],
    [{ requestId: "mine" }, "requestId"],
    [{ sessionId: "mine" }, "sessionId"],
  ];
  for (const [body, field] of rows) assertRefused(await shop.buy(one, body), 400, "invalid_request", { field });
  assertRefused(await shop.buy(one, { sessionId: crypto.randomUUID() }), 403, "session_not_found");
  assert.equal(shop.razorpay.requests.length, before);
});

hub.test("the same request is one purchase and one order, by body or by header, once or twenty times", async (bench) => {
  const one = await bench.customer();
  const requestId = crypto.randomUUID();
  const answers = await Promise.all(Array.from({ length: 20 }, () => shop.buy(one, { requestId })));
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  const orders = new Set(answers.map(({ body }) => `${body.purchaseId} ${body.checkout.order_id}`));
  assert.equal(orders.size, 1, "all are shown the same order");
  const again = await shop.buy(one, {}, { "Idempotency-Key": requestId });
  assert.deepEqual(again.body, answers[0]!.body);
  assertRefused(await shop.buy(one, { requestId, hours: 2 }), 409, "request_id_reused");
  const other = await bench.customer();
  assert.notEqual((await shop.buy(other, { requestId })).body.purchaseId, answers[0]!.body.purchaseId);
});

hub.test("a reload in the middle loses nothing: the provider is asked", async ({ customer }) => {
  const one = await customer();
  const { purchaseId, orderId } = await shop.open(one);
  shop.razorpay.webhooks.hold();
  const early = await shop.confirm(one, purchaseId);
  assert.deepEqual([early.status, early.body.status, early.headers.get("retry-after")], [202, "pending", "3"]);
  const { payment } = shop.razorpay.pay(orderId, { outcome: "created" });
  assert.equal((await shop.confirm(one, purchaseId)).status, 202);
  shop.razorpay.advance(payment.id, "authorized");
  assert.equal((await shop.confirm(one, purchaseId)).status, 202, "authorized is not captured");
  shop.razorpay.advance(payment.id, "captured");
  const { status, body } = await shop.confirm(one, purchaseId);
  assert.deepEqual([status, body.status], [200, "paid"]);
  assert.deepEqual((await shop.confirm(one, purchaseId)).body, body);
  await shop.razorpay.webhooks.release();
  await shop.told();
  assert.equal((await shop.sessions(one)).length, 1);
  const again = await shop.buy(one, { requestId: await requestOf(purchaseId) });
  assert.deepEqual([again.body.status, again.body.sessionId, again.body.checkout], ["paid", body.sessionId, undefined]);
});

hub.test("a payment that fails is followed by one that does not, on the same order", async ({ customer }) => {
  const one = await customer();
  const { purchaseId, orderId } = await shop.open(one);
  const failed = shop.razorpay.pay(orderId, { outcome: "failed" });
  assertRefused(await shop.confirm(one, purchaseId, failed.result), 402, "payment_failed");
  assertRefused(await shop.confirm(one, purchaseId), 402, "payment_failed");
  await shop.told();
  const row = await shop.purchase(purchaseId);
  assert.deepEqual([row.status, row.payment_id], ["ordered", null]);
  assert.ok(row.last_failure, "why is on file");
  const { result } = shop.razorpay.pay(orderId);
  assert.equal((await shop.confirm(one, purchaseId, result)).status, 200);
  await shop.told();
  assert.equal((await shop.sessions(one)).length, 1);
  assert.equal((await shop.purchase(purchaseId)).last_failure, null);
});

hub.test("hours are added to a session that runs, and to no other", async (bench) => {
  const one = await bench.customer();
  const { sessionId } = await shop.bought(one);
  assertRefused(await shop.buy(one, { sessionId }), 400, "invalid_request", { field: "sessionId" });
  const { body } = await shop.start(one, sessionId);
  assertRefused(await shop.buy(one, { sessionId, planId: "pro" }), 400, "invalid_request", { field: "planId" });
  const stranger = await bench.customer();
  assertRefused(await shop.buy(stranger, { sessionId }), 403, "session_not_found");

  const more = await shop.bought(one, { sessionId, hours: 2 });
  assert.equal(more.sessionId, sessionId);
  const [session] = await hub.sql`select * from public.user_sessions where id = ${sessionId}`;
  assert.equal(session!.hours_purchased, 3);
  assert.equal(session!.expires_at.getTime() - Date.parse(body.expiresAt), 2 * 3_600_000);
  assert.equal((await shop.sessions(one)).length, 1);
});

/** What becomes of the first request to the provider, whether asking again is needed, and what that is answered. */
const orderFaults: [name: string, route: RouteName, fault: Fault, refusal: [number, string] | null][] = [
  ["its answer is lost", "order.create", { kind: "cut", when: "after" }, null],
  ["its answer breaks off", "order.create", { kind: "malformed" }, null],
  ["it is never received", "order.create", { kind: "cut", when: "before" }, [503, "payments_unavailable"]],
  ["the provider has too much to do", "order.create", { kind: "status", status: 429 }, [503, "payments_unavailable"]],
  ["the provider is broken", "order.create", { kind: "status", status: 500 }, [503, "payments_unavailable"]],
  ["a gateway is broken", "order.create", { kind: "status", status: 502 }, [503, "payments_unavailable"]],
  ["the key is not taken", "order.create", { kind: "status", status: 401 }, [502, "payments_misconfigured"]],
];

for (const [name, route, fault, refusal] of orderFaults) {
  hub.test(`where ${name}, the purchase is found again and has one order`, async ({ customer }) => {
    const one = await customer();
    const requestId = crypto.randomUUID();
    const met = shop.razorpay.faults.order(route, fault);
    const first = await shop.buy(one, { requestId });
    assert.equal(met.met, 1);
    if (refusal) assertRefused(first, ...refusal);
    else assert.equal(first.status, 200, JSON.stringify(first.body));
    const { body } = await shop.buy(one, { requestId });
    const orders = shop.razorpay.ordersOf(body.purchaseId);
    assert.deepEqual(orders.map(({ id }) => id), [body.checkout.order_id]);
    const { result } = shop.razorpay.pay(body.checkout.order_id);
    assert.equal((await shop.confirm(one, body.purchaseId, result)).status, 200);
  });
}

hub.test("an order whose answer does not come in time is found by its receipt", async ({ customer }) => {
  const one = await customer();
  const wait = shop.razorpay.faults.order("order.create", { kind: "wait", when: "after" });
  const { status, body } = await shop.buy(one);
  wait.release();
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(shop.razorpay.ordersOf(body.purchaseId).map(({ id }) => id), [body.checkout.order_id]);
});

hub.test("an account that takes a receipt once only is served as well", async ({ customer }) => {
  const one = await customer();
  shop.razorpay.orders.receiptsAreUnique = true;
  try {
    const requestId = crypto.randomUUID();
    // The order is made, its answer is lost, and so is the question for it.
    shop.razorpay.faults.order("order.create", { kind: "cut", when: "after" });
    shop.razorpay.faults.order("order.list", { kind: "cut", when: "before" });
    assertRefused(await shop.buy(one, { requestId }), 503, "payments_unavailable");
    const { status, body } = await shop.buy(one, { requestId });
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(shop.razorpay.ordersOf(body.purchaseId).map(({ id }) => id), [body.checkout.order_id]);
  } finally {
    shop.razorpay.orders.receiptsAreUnique = false;
  }
});

hub.test("while the provider cannot be asked, a payment is pending, and what was paid is paid", async ({ customer }) => {
  const one = await customer();
  const { purchaseId, orderId } = await shop.open(one);
  shop.razorpay.webhooks.hold();
  const { result } = shop.razorpay.pay(orderId);
  for (
    const fault of [{ kind: "cut", when: "before" }, { kind: "status", status: 429 }, { kind: "malformed" }] as const
  ) {
    shop.razorpay.faults.order("payment.read", fault);
    const answer = await shop.confirm(one, purchaseId, result);
    assert.equal(answer.status, 202, JSON.stringify(answer.body));
  }
  shop.razorpay.faults.order("order.payments", { kind: "status", status: 500 });
  assertRefused(await shop.confirm(one, purchaseId), 503, "payments_unavailable");
  await shop.razorpay.webhooks.release();
  await shop.told();
  assert.equal((await shop.confirm(one, purchaseId)).status, 200);
});

/** The id under which a purchase was asked for. */
async function requestOf(purchaseId: string): Promise<string> {
  const [row] = await hub.sql<
    { request_id: string }[]
  >`select request_id from public.purchase where id = ${purchaseId}`;
  return row!.request_id;
}
