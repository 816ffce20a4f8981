/** Money that goes back: by the owner's function or at Razorpay's own pages, taken or refused, heard of or not. */
import assert from "node:assert/strict";
import { Hub } from "./support/hub.ts";
import { assertRefused, Shop } from "./support/shop.ts";

const hub = new Hub({ payments: "razorpay", scheduler: false });
const shop = new Shop(hub);

/** The state of the only session of a customer who bought one. */
async function stateOf(sessionId: string): Promise<string> {
  const [row] = await hub.sql`select status from public.user_sessions where id = ${sessionId}`;
  return row!.status;
}

hub.test("a session that was not started goes back whole, and is closed from the first moment", async (bench) => {
  const one = await bench.customer();
  const { purchaseId, paymentId, sessionId } = await shop.bought(one, { planId: "pro", hours: 2 });
  const { status, body } = await shop.refund({ purchaseId, reason: "asked for it" });
  const { refundId, ...rest } = body;
  assert.deepEqual([status, rest], [200, { success: true, purchaseId, status: "refunding" }]);
  assert.equal(await stateOf(sessionId), "ended");
  assert.equal((await shop.start(one, sessionId)).body.code, "session_expired");
  assert.equal((await one.generate({ prompt: bench.marker, sessionId })).body.code, "session_expired");

  const [made] = shop.razorpay.refunds.ofPayment(paymentId);
  assert.deepEqual([made!.amount, made!.receipt, made!.status], [40_000, refundId, "pending"]);
  const asked = shop.razorpay.requests.filter(({ path }) => path === `/payments/${paymentId}/refund`);
  assert.deepEqual(asked.map(({ idempotencyKey }) => idempotencyKey), [refundId]);
  shop.razorpay.settleRefund(made!.id, "processed");
  await shop.told();
  assert.equal((await shop.purchase(purchaseId)).status, "refunded");
  const [row] = await shop.refunds(purchaseId);
  assert.deepEqual([row!.status, row!.provider_refund_id], ["processed", made!.id]);
  assert.deepEqual((await shop.refund({ purchaseId })).body, { ...body, status: "refunded" });
  assert.equal(shop.razorpay.refunds.ofPayment(paymentId).length, 1);
  assert.deepEqual(await shop.alerts(purchaseId), []);
});

hub.test("a refund is asked for by its session as well, once, however often and by how many", async ({ customer }) => {
  const one = await customer();
  const { purchaseId, paymentId, sessionId } = await shop.bought(one);
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, at) => shop.refund(at % 2 === 0 ? { purchaseId } : { sessionId })),
  );
  assert.deepEqual(new Set(answers.map(({ status, body }) => `${status} ${body.refundId}`)).size, 1);
  assert.equal(answers[0]!.status, 200, JSON.stringify(answers[0]!.body));
  assert.equal(shop.razorpay.refunds.ofPayment(paymentId).length, 1);
  assert.equal((await shop.refunds(purchaseId)).length, 1);
});

hub.test("what was started, added, or never paid is not given back", async ({ customer }) => {
  const one = await customer();
  const started = await shop.bought(one);
  await shop.start(one, started.sessionId);
  const added = await shop.bought(one, { sessionId: started.sessionId });
  const opened = await shop.open(one);
  for (
    const body of [{ purchaseId: started.purchaseId }, { sessionId: started.sessionId }, {
      purchaseId: added.purchaseId,
    }]
  ) {
    assertRefused(await shop.refund(body), 409, "session_started");
  }
  assertRefused(await shop.refund({ purchaseId: opened.purchaseId }), 409, "purchase_not_paid");
  assertRefused(await shop.refund({ purchaseId: crypto.randomUUID() }), 404, "purchase_not_found");
  for (const body of [{}, { purchaseId: "x" }, { purchaseId: opened.purchaseId, sessionId: started.sessionId }]) {
    assertRefused(await shop.refund(body), 400, "invalid_request");
  }
  assert.equal(await stateOf(started.sessionId), "active");
  assert.equal(shop.razorpay.refunds.ofPayment(started.paymentId).length, 0);
});

hub.test("a refund that the bank does not take gives the session back, and can be tried again", async ({ customer }) => {
  const one = await customer();
  const { purchaseId, paymentId, sessionId } = await shop.bought(one);
  const first = await shop.refund({ purchaseId });
  shop.razorpay.settleRefund(shop.razorpay.refunds.ofPayment(paymentId)[0]!.id, "failed");
  await shop.told();
  assert.deepEqual([(await shop.purchase(purchaseId)).status, await stateOf(sessionId)], ["paid", "ready"]);
  assert.deepEqual((await shop.alerts(purchaseId)).map(({ kind }) => kind), ["refund_failed"]);
  const second = await shop.refund({ purchaseId });
  assert.deepEqual([second.status, second.body.status], [200, "refunding"]);
  assert.notEqual(second.body.refundId, first.body.refundId);
  shop.razorpay.settleRefund(shop.razorpay.refunds.ofPayment(paymentId)[0]!.id, "processed");
  await shop.told();
  assert.deepEqual([(await shop.purchase(purchaseId)).status, await stateOf(sessionId)], ["refunded", "ended"]);
});

hub.test("a refund that the provider refuses at once leaves the customer his session", async ({ customer }) => {
  const one = await customer();
  const { purchaseId, paymentId, sessionId } = await shop.bought(one);
  shop.razorpay.faults.order("payment.refund", { kind: "status", status: 400 });
  assertRefused(await shop.refund({ purchaseId }), 409, "refund_refused");
  assert.deepEqual([(await shop.purchase(purchaseId)).status, await stateOf(sessionId)], ["paid", "ready"]);
  assert.equal(shop.razorpay.refunds.ofPayment(paymentId).length, 0);
  assert.equal((await shop.start(one, sessionId)).status, 200);
});

const faults = {
  "whose answer is lost": { kind: "cut", when: "after" },
  "that is never received": { kind: "cut", when: "before" },
  "whose answer breaks off": { kind: "malformed" },
  "that finds the provider busy": { kind: "status", status: 429 },
  "that finds the provider broken": { kind: "status", status: 502 },
  "that is still being worked on": { kind: "status", status: 409 },
} as const;

for (const [name, fault] of Object.entries(faults)) {
  hub.test(`a refund ${name} is asked for again under its key, and made once`, async ({ customer }) => {
    const one = await customer();
    const { purchaseId, paymentId, sessionId } = await shop.bought(one);
    shop.razorpay.webhooks.hold();
    shop.razorpay.faults.order("payment.refund", fault);
    const { status, body } = await shop.refund({ purchaseId });
    assert.deepEqual([status, body.status], [200, "refunding"], JSON.stringify(body));
    assert.equal(await stateOf(sessionId), "ended", "nobody draws on what may have gone back");
    await shop.reconcile(purchaseId);
    const made = shop.razorpay.refunds.ofPayment(paymentId);
    assert.deepEqual(made.map(({ amount, receipt }) => [amount, receipt]), [[5000, body.refundId]]);
    // No event comes: the worker sees for itself that it went through.
    shop.razorpay.settleRefund(made[0]!.id, "processed");
    await shop.razorpay.webhooks.release(() => []);
    await shop.reconcile(purchaseId);
    assert.equal((await shop.purchase(purchaseId)).status, "refunded");
    const [row] = await shop.refunds(purchaseId);
    assert.deepEqual([row!.status, row!.provider_refund_id], ["processed", made[0]!.id]);
  });
}

hub.test("what the owner gives back at Razorpay's own page closes the session, and a part of it does not", async (bench) => {
  const one = await bench.customer();
  const { purchaseId, paymentId, sessionId } = await shop.bought(one);
  await shop.start(one, sessionId);
  const part = shop.razorpay.refund(paymentId, { amount: 2000 });
  shop.razorpay.settleRefund(part.id, "processed");
  await shop.told();
  assert.deepEqual([(await shop.purchase(purchaseId)).status, await stateOf(sessionId)], ["paid", "active"]);
  const rest = shop.razorpay.refund(paymentId);
  shop.razorpay.settleRefund(rest.id, "processed");
  await shop.told();
  assert.deepEqual([(await shop.purchase(purchaseId)).status, await stateOf(sessionId)], ["refunded", "ended"]);
  assert.equal((await one.generate({ prompt: bench.marker, sessionId })).body.code, "session_expired");
});

hub.test("the events of a refund come in any order, and it ends the same", async ({ customer }) => {
  const one = await customer();
  for (const isReversed of [false, true]) {
    for (const by of ["owner", "dashboard"] as const) {
      const { purchaseId, paymentId, sessionId } = await shop.bought(one);
      shop.razorpay.webhooks.hold();
      if (by === "owner") await shop.refund({ purchaseId });
      else shop.razorpay.refund(paymentId);
      shop.razorpay.settleRefund(shop.razorpay.refunds.ofPayment(paymentId)[0]!.id, "processed");
      const deliveries = await shop.razorpay.webhooks.release((held) => isReversed ? held.toReversed() : held);
      assert.deepEqual(deliveries.map(({ status }) => status), [200, 200]);
      await shop.inboxIsEmpty();
      const name = `${by}, ${isReversed ? "reversed" : "in order"}`;
      assert.deepEqual(
        [(await shop.purchase(purchaseId)).status, await stateOf(sessionId)],
        ["refunded", "ended"],
        name,
      );
      assert.equal((await shop.refunds(purchaseId)).length, 1, name);
    }
  }
});

hub.test("a payment that is held goes back as much as it was", async ({ customer }) => {
  const one = await customer();
  const { purchaseId, orderId } = await shop.open(one);
  const { payment } = shop.razorpay.pay(orderId, { amount: 4900 });
  await shop.told();
  assert.equal((await shop.purchase(purchaseId)).status, "held");
  shop.razorpay.refunds.settleAtOnce = true;
  const { status, body } = await shop.refund({ purchaseId });
  shop.razorpay.refunds.settleAtOnce = false;
  assert.deepEqual([status, body.status], [200, "refunded"], JSON.stringify(body));
  assert.deepEqual(shop.razorpay.refunds.ofPayment(payment.id).map(({ amount }) => amount), [4900]);
  await shop.told();
  assert.equal((await shop.purchase(purchaseId)).status, "refunded");
  assert.deepEqual(await shop.sessions(one), []);
});

hub.test("starting and giving back at once: one of them wins, and the other one hears it", async ({ customer }) => {
  const one = await customer();
  for (let round = 0; round < 6; round++) {
    const { purchaseId, paymentId, sessionId } = await shop.bought(one);
    const [started, refunded] = await Promise.all([shop.start(one, sessionId), shop.refund({ purchaseId })]);
    const wasStarted = started.status === 200;
    assert.equal(refunded.status, wasStarted ? 409 : 200, JSON.stringify([started.body, refunded.body]));
    assert.equal(await stateOf(sessionId), wasStarted ? "active" : "ended");
    assert.equal(shop.razorpay.refunds.ofPayment(paymentId).length, wasStarted ? 0 : 1);
    await shop.told();
  }
});
