/** What Razorpay tells by itself: in any order, twice or never, changed on its way, or made up by somebody else. */
import assert from "node:assert/strict";
import { until } from "../../scripts/local/process.ts";
import { webhookSignature } from "../../scripts/local/razorpay/sign.ts";
import type { WebhookEvent } from "../../scripts/local/razorpay/webhooks.ts";
import { Hub } from "./support/hub.ts";
import { oldSecret, permutations, Shop } from "./support/shop.ts";

const hub = new Hub({ payments: "razorpay", functionEnv: { RAZORPAY_WEBHOOK_SECRET_PREVIOUS: oldSecret } });
const shop = new Shop(hub);

/** The parts of a list, the empty one not among them. */
function parts<T>(items: T[]): T[][] {
  const all = items.reduce<T[][]>((known, item) => [...known, ...known.map((part) => [...part, item])], [[]]);
  return all.filter((part) => part.length > 0);
}

/** The one event of that name about a payment. */
function eventOf(paymentId: string, name: string): WebhookEvent {
  const event = shop.razorpay.webhooks.about(paymentId).find(({ event }) => event === name);
  assert.ok(event, name);
  return event;
}

for (const outcome of ["captured", "failed-then-captured"] as const) {
  hub.test(`a payment that is ${outcome} is one session, in whatever order whichever of its events come`, async (bench) => {
    const one = await bench.customer();
    const { webhooks } = shop.razorpay;
    const names = ["payment.authorized", "payment.captured", "order.paid"];
    if (outcome === "failed-then-captured") names.unshift("payment.failed");
    let granted = 0;
    for (const order of parts(names).flatMap(permutations)) {
      const { purchaseId, orderId } = await shop.open(one);
      webhooks.hold();
      const { payment } = shop.razorpay.pay(orderId, { outcome });
      await webhooks.release(() => order.map((name) => eventOf(payment.id, name)));
      await shop.inboxIsEmpty();
      const row = await shop.purchase(purchaseId);
      const isPaid = order.includes("payment.captured") || order.includes("order.paid");
      granted += isPaid ? 1 : 0;
      const expected = isPaid ? ["paid", payment.id] : ["ordered", null];
      assert.deepEqual([row.status, row.payment_id], expected, order.join(", "));
      // Where there is no session, why is on file.
      const hasFailed = order.includes("payment.failed");
      if (!isPaid) assert.equal(row.last_failure !== null, hasFailed, order.join(", "));
      for (const name of order) {
        const said = name === "order.paid" ? "payment.captured" : name;
        const evidence = await shop.evidence(purchaseId);
        assert.ok(
          evidence.includes(`webhook ${said.replace(".", "_")}`),
          `${name} of ${order} is on file: ${evidence}`,
        );
      }
      assert.deepEqual(await shop.alerts(purchaseId), []);
    }
    const sessions = await shop.sessions(one);
    assert.deepEqual([sessions.length, new Set(sessions.map(({ status }) => status))], [granted, new Set(["ready"])]);
  });
}

hub.test("an event that comes again, at once or later, is one event", async ({ customer }) => {
  const one = await customer();
  const { purchaseId, orderId } = await shop.open(one);
  const { webhooks } = shop.razorpay;
  webhooks.hold();
  const { payment } = shop.razorpay.pay(orderId);
  await webhooks.release((held) => [...held, ...held.toReversed()]);
  const captured = eventOf(payment.id, "payment.captured");
  const again = await Promise.all(Array.from({ length: 10 }, () => webhooks.deliver(captured)));
  assert.deepEqual(new Set(again.map(({ status }) => status)), new Set([200]));
  await shop.told();
  assert.equal((await shop.inbox(captured)).length, 1);
  assert.equal((await shop.sessions(one)).length, 1);
  assert.equal((await shop.evidence(purchaseId)).filter((said) => said === "webhook granted").length, 1);
});

hub.test("an event without an id is known by its body", async ({ customer }) => {
  const one = await customer();
  const { orderId } = await shop.open(one);
  const { webhooks } = shop.razorpay;
  webhooks.hold();
  const { payment } = shop.razorpay.pay(orderId);
  await webhooks.release(() => []);
  const captured = eventOf(payment.id, "payment.captured");
  const count = async () => {
    const [row] = await hub.sql`select count(*)::int as rows from private.payment_event`;
    return row!.rows as number;
  };
  const before = await count();
  for (let times = 0; times < 2; times++) {
    assert.equal((await webhooks.deliver(captured, { eventId: null })).status, 200);
  }
  await shop.inboxIsEmpty();
  assert.equal(await count(), before + 1);
  assert.equal((await webhooks.deliver(captured)).status, 200);
  await shop.inboxIsEmpty();
  assert.equal((await shop.sessions(one)).length, 1);
});

hub.test("what is changed, or signed by somebody else or nobody, does nothing and is told to the owner", async (bench) => {
  const one = await bench.customer();
  const { purchaseId, orderId } = await shop.open(one);
  const { webhooks } = shop.razorpay;
  webhooks.hold();
  const { payment } = shop.razorpay.pay(orderId);
  await webhooks.release(() => []);
  const captured = eventOf(payment.id, "payment.captured");
  const told = async () => (await shop.alerts(null)).find(({ kind }) => kind === "signature_invalid")?.times ?? 0;
  const before = await told();
  const forgeries = [
    { corrupt: true },
    { secret: "guessed" },
    { secret: shop.razorpay.keySecret },
    { signature: null },
    { signature: "" },
    { signature: "0".repeat(64) },
    { signature: "not even hexadecimal" },
    { corrupt: true, secret: oldSecret },
  ];
  for (const forgery of forgeries) {
    const { status } = await webhooks.deliver(captured, forgery);
    assert.equal(status, 401, JSON.stringify(forgery));
  }
  // Razorpay never adds a space; nor do we take one away.
  assert.equal((await webhooks.deliver({ ...captured, body: `${captured.body} ` }, signedAs(captured))).status, 401);
  assert.equal(await told(), before + forgeries.length + 1);
  assert.deepEqual(await shop.inbox(captured), []);
  assert.deepEqual(await shop.sessions(one), []);
  assert.equal((await shop.purchase(purchaseId)).status, "ordered");
});

hub.test("what was signed before the secret was changed still counts, and so does what is signed since", async (bench) => {
  const one = await bench.customer();
  const { webhooks } = shop.razorpay;
  for (const secret of [oldSecret, webhooks.secret]) {
    const { purchaseId, orderId } = await shop.open(one);
    webhooks.hold();
    const { payment } = shop.razorpay.pay(orderId);
    await webhooks.release(() => []);
    assert.equal((await webhooks.deliver(eventOf(payment.id, "order.paid"), { secret })).status, 200);
    await shop.inboxIsEmpty();
    assert.equal((await shop.purchase(purchaseId)).status, "paid");
  }
});

hub.test("the answer comes before the work, however long the work takes", async ({ customer }) => {
  const one = await customer();
  const { purchaseId, orderId } = await shop.open(one);
  const { webhooks } = shop.razorpay;
  webhooks.hold();
  const { payment } = shop.razorpay.pay(orderId);
  await webhooks.release(() => []);
  const captured = eventOf(payment.id, "payment.captured");
  await hub.sql.begin(async (sql) => {
    // Nobody can do anything for this purchase now.
    await sql`select from public.purchase where id = ${purchaseId} for update`;
    const { status } = await webhooks.deliver(captured);
    assert.equal(status, 200);
    const [event] = await shop.inbox(captured);
    assert.equal(event!.outcome, null, "it is in the inbox and not worked on");
  });
  await shop.inboxIsEmpty();
  assert.equal((await shop.purchase(purchaseId)).status, "paid");
  assert.equal((await shop.sessions(one)).length, 1);
});

hub.test("an inbox that cannot be reached in time is told again", async ({ customer }) => {
  const one = await customer();
  const { purchaseId, orderId } = await shop.open(one);
  const { webhooks } = shop.razorpay;
  webhooks.hold();
  const { payment } = shop.razorpay.pay(orderId);
  await webhooks.release(() => []);
  const paid = eventOf(payment.id, "order.paid");
  await hub.sql.begin(async (sql) => {
    await sql`lock table private.payment_event in access exclusive mode`;
    const { status } = await webhooks.deliver(paid);
    assert.equal(status, undefined, "five seconds are over");
  });
  assert.equal((await webhooks.deliver(paid)).status, 200);
  await shop.inboxIsEmpty();
  assert.equal((await shop.inbox(paid)).length, 1);
  assert.equal((await shop.purchase(purchaseId)).status, "paid");
});

hub.test("what is in the inbox wakes who works through it, whoever put it there", async ({ customer }) => {
  const one = await customer();
  const { purchaseId, orderId, amountPaise } = await shop.open(one);
  const { error } = await shop.asServer.rpc("receive_payment_event", {
    event_id: crypto.randomUUID(),
    event: "payment.captured",
    occurred_at: new Date().toISOString(),
    body_sha256: "0".repeat(64),
    facts: {
      provider: "razorpay",
      orderId,
      paymentId: "pay_Inbox000000001",
      amountPaise,
      currency: "INR",
      paymentStatus: "captured",
    },
  });
  assert.equal(error, null);
  await shop.inboxIsEmpty();
  assert.equal((await shop.purchase(purchaseId)).status, "paid");
});

hub.test("events that nobody knows are taken and left alone, and so is what is signed and no event", async () => {
  const { webhooks } = shop.razorpay;
  const [before] = await hub.sql`select count(*)::int as sessions from public.user_sessions`;
  const names = [
    "payment.downtime.started",
    "subscription.charged",
    "invoice.paid",
    "refund.speed_changed",
    "new.in.2030",
  ];
  webhooks.hold();
  const events = names.map((name) => webhooks.announce(name, {}));
  const plain = webhooks.announce("payment.authorized", {});
  for (const body of ["nonsense", "[]", "null", "{}", `{"event":7}`, `{"event":"payment.captured","payload":[]}`, ""]) {
    events.push({ ...plain, id: crypto.randomUUID(), body });
  }
  for (const event of events) {
    assert.equal((await webhooks.deliver(event)).status, 200, `${event.event}: ${event.body.slice(0, 40)}`);
    assert.equal((await shop.inbox(event)).length, 1, "it is on file");
  }
  await webhooks.release(() => []);
  const isTried = async () => {
    const [row] = await hub.sql`
      select count(*)::int as left from private.payment_event where processed_at is null and attempts = 0`;
    return row!.left === 0;
  };
  assert.ok(await until(isTried, 30_000));
  for (const event of events.slice(0, names.length)) {
    const [kept] = await shop.inbox(event);
    assert.ok(["ignored", "order_unknown"].includes(kept!.outcome!), `${kept!.event}: ${kept!.outcome}`);
  }
  const [after] = await hub.sql`select count(*)::int as sessions from public.user_sessions`;
  assert.deepEqual(after, before);
  // What cannot be applied is tried again for hours; the other tests of this file wait for an empty inbox.
  await hub.sql`update private.payment_event set processed_at = now(), outcome = 'seen' where processed_at is null`;
});

hub.test("an event of an order that is not ours grants nothing, and the owner hears of the money", async () => {
  const { webhooks, orders } = shop.razorpay;
  const order = orders.create(JSON.stringify({ amount: 5000, currency: "INR", receipt: "another shop" }));
  const { payment } = shop.razorpay.pay(order.id);
  await shop.told();
  assert.deepEqual(webhooks.about(payment.id).map(({ deliveries }) => deliveries.map(({ status }) => status)), [
    [200],
    [200],
    [200],
  ]);
  const alerts = (await shop.alerts(null)).filter((alert) => alert.payment_id === payment.id);
  assert.deepEqual(alerts.map(({ kind }) => kind), ["order_unknown"]);
});

/** The honest signature of an event, to be sent with another body. */
function signedAs(event: WebhookEvent): { signature: string } {
  return { signature: webhookSignature(event.secret, event.body) };
}
