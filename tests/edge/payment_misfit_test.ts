/** Payments that do not fit, that somebody doubts, or of which nothing is heard: what is granted, and what the owner sees. */
import assert from "node:assert/strict";
import { Hub } from "./support/hub.ts";
import { assertRefused, Shop } from "./support/shop.ts";

// Without a scheduler: what is due is asked about when a test says so, and by nobody else.
const hub = new Hub({ payments: "razorpay", scheduler: false });
const shop = new Shop(hub);

const misfits = {
  "a smaller amount": { how: { amount: 4900 }, kind: "amount_differs" },
  "a single paisa less": { how: { amount: 4999 }, kind: "amount_differs" },
  "a larger amount": { how: { amount: 5001 }, kind: "amount_differs" },
  "another currency": { how: { currency: "USD" }, kind: "currency_differs" },
};

for (const [name, { how, kind }] of Object.entries(misfits)) {
  for (const first of ["webhook", "browser", "reconciliation"] as const) {
    hub.test(`${name} grants nothing and is told, when the ${first} brings it`, async ({ customer }) => {
      const one = await customer();
      const { purchaseId, orderId } = await shop.open(one);
      shop.razorpay.webhooks.hold();
      const { payment, result } = shop.razorpay.pay(orderId, how);
      if (first === "browser") assertRefused(await shop.confirm(one, purchaseId, result), 409, "payment_held");
      if (first === "reconciliation") await shop.reconcile(purchaseId);
      await shop.razorpay.webhooks.release();
      await shop.told();
      assertRefused(await shop.confirm(one, purchaseId, result), 409, "payment_held");
      assertRefused(await shop.confirm(one, purchaseId), 409, "payment_held");
      const { status, payment_id, last_failure } = await shop.purchase(purchaseId);
      assert.deepEqual([status, payment_id, last_failure], ["held", payment.id, kind]);
      const alerts = await shop.alerts(purchaseId);
      assert.deepEqual(alerts.map((alert) => [alert.kind, alert.payment_id]), [[kind, payment.id]]);
      assert.deepEqual(await shop.sessions(one), []);
    });
  }
}

hub.test("after a payment that does not fit, one that does is granted", async ({ customer }) => {
  const one = await customer();
  const { purchaseId, orderId } = await shop.open(one);
  shop.razorpay.pay(orderId, { amount: 100 });
  await shop.told();
  const { payment, result } = shop.razorpay.pay(orderId, { evenIfPaid: true });
  await shop.told();
  assert.equal((await shop.confirm(one, purchaseId, result)).status, 200);
  const { status, payment_id } = await shop.purchase(purchaseId);
  assert.deepEqual([status, payment_id], ["paid", payment.id]);
  assert.equal((await shop.sessions(one)).length, 1);
});

hub.test("who pays twice has one session, and the owner knows of the second payment", async ({ customer }) => {
  const one = await customer();
  const { purchaseId, orderId, paymentId } = await shop.bought(one);
  const { payment, result } = shop.razorpay.pay(orderId, { evenIfPaid: true });
  await shop.told();
  assert.equal((await shop.confirm(one, purchaseId, result)).status, 200);
  assert.equal((await shop.purchase(purchaseId)).payment_id, paymentId);
  assert.equal((await shop.sessions(one)).length, 1);
  const alerts = await shop.alerts(purchaseId);
  assert.deepEqual(alerts.map((alert) => [alert.kind, alert.payment_id]), [["surplus_payment", payment.id]]);
});

hub.test("a payment that is authorized late, when another has paid, goes back and takes nothing along", async (bench) => {
  const one = await bench.customer();
  const { purchaseId, orderId } = await shop.open(one);
  const late = shop.razorpay.pay(orderId, { outcome: "failed" });
  shop.razorpay.pay(orderId);
  await shop.told();
  shop.razorpay.advance(late.payment.id, "captured");
  for (const refund of shop.razorpay.refunds.ofPayment(late.payment.id)) {
    shop.razorpay.settleRefund(refund.id, "processed");
  }
  await shop.told();
  assert.equal((await shop.purchase(purchaseId)).status, "paid");
  assert.deepEqual((await shop.sessions(one)).map(({ status }) => status), ["ready"]);
});

hub.test("another's payment proves nothing, whichever of its values are sent", async ({ customer }) => {
  const [one, other] = [await customer(), await customer()];
  const mine = await shop.open(one, { planId: "pro", hours: 4 });
  const his = await shop.open(other);
  const { result } = shop.razorpay.pay(his.orderId);
  await shop.told();
  const forgeries = [
    result,
    { ...result, razorpay_order_id: mine.orderId },
    { ...result, razorpay_order_id: mine.orderId, razorpay_signature: "0".repeat(64) },
    { ...result, razorpay_order_id: mine.orderId, razorpay_signature: result.razorpay_signature.slice(1) },
    { razorpay_order_id: mine.orderId, razorpay_payment_id: "pay_AAAAAAAAAAAAAA", razorpay_signature: "x" },
    { razorpay_order_id: "../orders", razorpay_payment_id: "../payments", razorpay_signature: "../" },
  ];
  for (const values of forgeries) {
    assertRefused(await shop.confirm(one, mine.purchaseId, values), 400, "payment_not_verified");
  }
  // Nor does one's own, of a cheaper purchase.
  const cheap = await shop.bought(one);
  const { razorpay_signature } = shop.razorpay.pay((await shop.open(one)).orderId).result;
  const own = { razorpay_order_id: cheap.orderId, razorpay_payment_id: cheap.paymentId, razorpay_signature };
  assertRefused(await shop.confirm(one, mine.purchaseId, own), 400, "payment_not_verified");
  await shop.told();
  assert.equal((await shop.purchase(mine.purchaseId)).status, "ordered");
  const [alert] = await shop.alerts(mine.purchaseId);
  assert.deepEqual([alert!.kind, alert!.times], ["signature_invalid", forgeries.length + 1]);
  assert.ok((await shop.sessions(one)).every(({ plan_id }) => plan_id === "flash-lite"));
  // And nobody can look at, confirm or use what another bought.
  assertRefused(await shop.confirm(one, his.purchaseId, result), 404, "purchase_not_found");
  const [session] = await shop.sessions(other);
  assertRefused(await shop.start(one, session!.id), 403, "session_not_found");
});

hub.test("a payment that the provider knows for another order is not taken, signed or not", async ({ customer }) => {
  const one = await customer();
  const { purchaseId, orderId } = await shop.open(one);
  shop.razorpay.webhooks.hold();
  const { payment, result } = shop.razorpay.pay(orderId);
  const change = (answer: object) => ({ ...answer, order_id: "order_AAAAAAAAAAAAAA" });
  shop.razorpay.faults.order("payment.read", { kind: "change", change });
  assertRefused(await shop.confirm(one, purchaseId, result), 400, "payment_not_verified");
  const [alert] = await shop.alerts(purchaseId);
  assert.deepEqual([alert!.kind, alert!.payment_id], ["order_differs", payment.id]);
  await shop.razorpay.webhooks.release(() => []);
  assert.deepEqual(await shop.sessions(one), []);
});

hub.test("what nobody told of is found: neither browser nor webhook came back", async ({ customer }) => {
  const one = await customer();
  const { purchaseId, orderId } = await shop.open(one);
  shop.razorpay.webhooks.hold();
  const { payment } = shop.razorpay.pay(orderId, { outcome: "failed-then-captured" });
  await shop.razorpay.webhooks.release(() => []);
  shop.razorpay.faults.order("order.payments", { kind: "status", status: 500 });
  await shop.reconcile(purchaseId);
  assert.equal((await shop.purchase(purchaseId)).status, "ordered", "the provider could not be asked");
  await shop.reconcile(purchaseId);
  const { status, payment_id } = await shop.purchase(purchaseId);
  assert.deepEqual([status, payment_id], ["paid", payment.id]);
  assert.ok((await shop.evidence(purchaseId)).includes("reconciliation granted"));
  assert.deepEqual((await shop.sessions(one)).map(({ status }) => status), ["ready"]);
  // Its events may still come, days later.
  for (const event of shop.razorpay.webhooks.about(payment.id)) await shop.razorpay.webhooks.deliver(event);
  await shop.inboxIsEmpty();
  assert.equal((await shop.sessions(one)).length, 1);
});

hub.test("what nobody pays is asked about less and less, given up after five days, and granted if it comes at last", async (bench) => {
  const one = await bench.customer();
  const { purchaseId, orderId } = await shop.open(one);
  const waits: number[] = [];
  for (let check = 0; check < 9; check++) {
    await shop.reconcile(purchaseId);
    const [row] = await hub.sql`
      select round(extract(epoch from next_check_at - now()) / 60)::int as minutes from public.purchase where id = ${purchaseId}`;
    waits.push(row!.minutes);
  }
  assert.deepEqual(waits, [10, 20, 40, 80, 160, 320, 360, 360, 360]);
  await laterBy("6 days", () => shop.reconcile(purchaseId));
  assert.equal((await shop.purchase(purchaseId)).status, "abandoned");
  const asked = shop.razorpay.requests.length;
  await shop.reconcile(purchaseId);
  assert.equal(shop.razorpay.requests.length, asked, "nobody is asked any more");
  shop.razorpay.pay(orderId);
  await shop.told();
  assert.equal((await shop.purchase(purchaseId)).status, "paid");
  assert.deepEqual((await shop.sessions(one)).map(({ status }) => status), ["ready"]);
});

hub.test("a dispute closes what is left of the session, and tells the owner", async ({ customer, marker }) => {
  const one = await customer();
  const ready = await shop.bought(one);
  const running = await shop.bought(one);
  assert.equal((await shop.start(one, running.sessionId)).status, 200);
  for (const { purchaseId, paymentId, sessionId } of [ready, running]) {
    const dispute = shop.razorpay.dispute(paymentId);
    await shop.told();
    const alerts = await shop.alerts(purchaseId);
    assert.deepEqual(alerts.map((alert) => [alert.kind, alert.payment_id]), [["disputed", paymentId]]);
    assert.equal((await one.generate({ prompt: marker, sessionId })).body.code, "session_expired");
    assert.equal((await shop.start(one, sessionId)).body.code, "session_expired");
    shop.razorpay.refunds.moveDispute(dispute.id, "won");
    await shop.told();
    assert.ok((await shop.evidence(purchaseId)).includes("webhook dispute_won"));
  }
});

hub.test("an extension that is paid when its session is over is a session of its own", async ({ customer }) => {
  const one = await customer();
  const { sessionId } = await shop.bought(one);
  await shop.start(one, sessionId);
  const more = await shop.open(one, { sessionId, hours: 2 });
  await hub.sql`update public.user_sessions set status = 'ended' where id = ${sessionId}`;
  shop.razorpay.pay(more.orderId);
  await shop.told();
  const sessions = await shop.sessions(one);
  assert.deepEqual(sessions.map(({ status, hours_purchased }) => [status, hours_purchased]), [["ended", 1], [
    "ready",
    2,
  ]]);
  assert.equal((await shop.purchase(more.purchaseId)).session_id, sessions[1]!.id);
});

/** Has the hub's clock be ahead until the work is done. */
async function laterBy(interval: string, work: () => Promise<unknown>): Promise<void> {
  const clock = (time: string) =>
    hub.sql.unsafe(
      `create or replace function private.clock() returns timestamptz language sql volatile set search_path = '' ` +
        `return ${time}`,
    );
  await clock(`clock_timestamp() + interval '${interval}'`);
  try {
    await work();
  } finally {
    await clock("clock_timestamp()");
  }
}
