/** The stand-in's webhooks: what they say, how they are signed, how often they come, and what a test can do to them. */
import assert from "node:assert/strict";
import { until } from "../process.ts";
import { webhookSignature } from "../razorpay/sign.ts";
import { account, makeOrder, withStandIn } from "./razorpay_support.ts";

Deno.test("a payment is told by three events, each signed over what was sent, with an id of its own", () =>
  withStandIn(async (standIn, ear) => {
    const orderId = await makeOrder(standIn, { notes: { plan: "pro" } });
    const { payment, result } = standIn.pay(orderId, { method: "card" });
    await standIn.webhooks.idle();
    assert.deepEqual(ear.events.sort(), ["order.paid", "payment.authorized", "payment.captured"]);
    for (const { headers, body } of ear.heard) {
      assert.equal(headers.get("x-razorpay-signature"), webhookSignature(account.webhookSecret, body));
      assert.equal(headers.get("content-type"), "application/json");
    }
    assert.equal(new Set(ear.heard.map(({ headers }) => headers.get("x-razorpay-event-id"))).size, 3);
    const byName = Object.fromEntries(ear.heard.map(({ json }) => [json.event, json]));
    assert.deepEqual(byName["order.paid"].contains, ["payment", "order"]);
    assert.equal(byName["order.paid"].payload.order.entity.status, "paid");
    assert.match(byName["order.paid"].account_id, /^acc_[A-Za-z0-9]{14}$/);
    // Each tells how it was then.
    const then = byName["payment.authorized"].payload.payment.entity;
    assert.deepEqual([then.id, then.status, then.captured, then.fee], [payment.id, "authorized", false, null]);
    assert.equal(then.card.name, "Asha Verma-Standin");
    assert.equal(byName["payment.captured"].payload.payment.entity.status, "captured");
    assert.deepEqual([result.razorpay_order_id, result.razorpay_payment_id], [orderId, payment.id]);
  }));

Deno.test("what is not answered with 2xx comes again: the same id, body and signature", () =>
  withStandIn(async (standIn, ear) => {
    ear.answers = [500, 302];
    const event = standIn.webhooks.announce("account.suspended", {});
    assert.ok(await until(() => ear.heard.length >= 1, 5_000));
    await standIn.webhooks.idle();
    assert.deepEqual(event.deliveries.map(({ status }) => status), [500, 302, 200]);
    assert.equal(new Set(ear.heard.map(({ body }) => body)).size, 1);
    assert.deepEqual([...new Set(ear.heard.map(({ headers }) => headers.get("x-razorpay-event-id")))], [event.id]);
    assert.equal(new Set(ear.heard.map(({ headers }) => headers.get("x-razorpay-signature"))).size, 1);
  }));

Deno.test("an answer that takes longer than five seconds is none", () =>
  withStandIn(async (standIn, ear) => {
    const gate = Promise.withResolvers<void>();
    ear.gate = gate.promise;
    standIn.webhooks.hold();
    const event = standIn.webhooks.announce("payment.downtime.started", {});
    const { status, tookMs } = await standIn.webhooks.deliver(event);
    assert.equal(status, undefined);
    assert.ok(tookMs > 4_900, `${tookMs} ms`);
    gate.resolve();
  }));

Deno.test("events that are held come when a test says so: reversed, twice, or never", () =>
  withStandIn(async (standIn, ear) => {
    standIn.webhooks.hold();
    standIn.pay(await makeOrder(standIn));
    assert.deepEqual(standIn.webhooks.held.map(({ event }) => event), [
      "payment.authorized",
      "payment.captured",
      "order.paid",
    ]);
    assert.deepEqual(ear.events, []);
    const deliveries = await standIn.webhooks.release(([authorized, , paid]) => [paid!, authorized!, paid!]);
    assert.deepEqual(ear.events, ["order.paid", "payment.authorized", "order.paid"]);
    assert.deepEqual(deliveries.map(({ status }) => status), [200, 200, 200]);
    const [first, , third] = ear.heard;
    assert.equal(first!.headers.get("x-razorpay-event-id"), third!.headers.get("x-razorpay-event-id"));
    // And then they come by themselves again.
    standIn.pay(await makeOrder(standIn), { outcome: "failed" });
    await standIn.webhooks.idle();
    assert.equal(ear.events.at(-1), "payment.failed");
  }));

Deno.test("a failed payment can be captured after all, under the same id", () =>
  withStandIn(async (standIn) => {
    standIn.webhooks.hold();
    const { payment } = standIn.pay(await makeOrder(standIn), { outcome: "failed-then-captured" });
    assert.equal(payment.status, "captured");
    const told = standIn.webhooks.about(payment.id);
    assert.deepEqual(told.map(({ event }) => event), [
      "payment.failed",
      "payment.authorized",
      "payment.captured",
      "order.paid",
    ]);
    assert.equal(JSON.parse(told[0]!.body).payload.payment.entity.error_reason, "payment_failed");
    assert.equal(JSON.parse(told[2]!.body).payload.payment.entity.error_reason, null);
  }));

Deno.test("what was changed on its way, or signed by somebody else, can be told apart by the signature alone", () =>
  withStandIn(async (standIn, ear) => {
    standIn.webhooks.hold();
    const orderId = await makeOrder(standIn);
    standIn.pay(orderId, { amount: 100, currency: "USD" });
    const event = standIn.webhooks.held[1]!;
    await standIn.webhooks.deliver(event, { corrupt: true });
    await standIn.webhooks.deliver(event, { secret: "guessed" });
    await standIn.webhooks.deliver(event, { signature: null, eventId: null });
    await standIn.webhooks.deliver(event);
    const [corrupt, guessed, bare, honest] = ear.heard;
    const isRight = (heard: typeof corrupt) =>
      heard!.headers.get("x-razorpay-signature") === webhookSignature(account.webhookSecret, heard!.body);
    assert.deepEqual([corrupt, guessed, bare, honest].map(isRight), [false, false, false, true]);
    assert.equal(corrupt!.body.length, honest!.body.length);
    assert.equal(corrupt!.json.payload.payment.entity.amount, 200);
    assert.equal(guessed!.body, honest!.body);
    assert.equal(bare!.headers.get("x-razorpay-event-id"), null);
    const { amount, currency } = honest!.json.payload.payment.entity;
    assert.deepEqual([amount, currency], [100, "USD"]);
  }));

Deno.test("a new secret signs what happens from then on, and not what happened before", () =>
  withStandIn(async (standIn, ear) => {
    standIn.webhooks.hold();
    const before = standIn.webhooks.announce("before", {});
    standIn.webhooks.changeSecret("another one");
    const after = standIn.webhooks.announce("after", {});
    await standIn.webhooks.release();
    const signatures = ear.heard.map(({ headers }) => headers.get("x-razorpay-signature"));
    assert.deepEqual(signatures, [
      webhookSignature(account.webhookSecret, before.body),
      webhookSignature("another one", after.body),
    ]);
  }));

Deno.test("with nobody to tell, everything is still remembered", () =>
  withStandIn(async (standIn, ear) => {
    standIn.webhooks.url = undefined;
    const { payment } = standIn.pay(await makeOrder(standIn));
    await standIn.webhooks.idle();
    assert.deepEqual(ear.events, []);
    const missed = standIn.webhooks.about(payment.id);
    assert.deepEqual(missed.map(({ deliveries }) => deliveries.length), [0, 0, 0]);
    standIn.webhooks.url = ear.url;
    assert.equal((await standIn.webhooks.deliver(missed[1]!)).status, 200);
  }));
