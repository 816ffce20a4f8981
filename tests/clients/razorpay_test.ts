/**
 * Razorpay's own Node client against the stand-in: what our functions are tested with is their protocol and not just
 * ours. The client calls the real host; its base address is led to the stand-in.
 */
import assert from "node:assert/strict";
import Razorpay from "razorpay";
import { validatePaymentVerification, validateWebhookSignature } from "razorpay/dist/utils/razorpay-utils.js";
import type { RazorpayStandIn } from "../../scripts/local/razorpay/server.ts";
import { account, withStandIn } from "../../scripts/local/tests/razorpay_support.ts";

/** A client of the account, or of one with another secret. */
function clientOf(standIn: RazorpayStandIn, keySecret = account.keySecret): Razorpay {
  const client = new Razorpay({ key_id: account.keyId, key_secret: keySecret });
  const { defaults } = (client.api as unknown as { rq: { defaults: { baseURL: string } } }).rq;
  assert.equal(defaults.baseURL, "https://api.razorpay.com");
  defaults.baseURL = new URL(standIn.url).origin;
  return client;
}

/** What the client throws. */
async function refused(work: Promise<unknown>): Promise<{ statusCode: number; error: { description: string } }> {
  return await work.then(() => assert.fail("it was not refused"), (error) => error);
}

const rupees = { amount: 5000, currency: "INR", receipt: "a purchase", notes: { plan: "flash-lite" } };

Deno.test("it makes an order and finds it by id and by receipt", () =>
  withStandIn(async (standIn) => {
    const client = clientOf(standIn);
    const made = await client.orders.create(rupees);
    assert.deepEqual([made.status, made.amount, made.notes], ["created", 5000, { plan: "flash-lite" }]);
    assert.deepEqual(await client.orders.fetch(made.id), made);
    await client.orders.create({ ...rupees, receipt: "another purchase" });
    const found = await client.orders.all({ receipt: "a purchase" });
    assert.deepEqual([found.entity, found.count, found.items], ["collection", 1, [made]]);
    assert.equal((await client.orders.all()).count, 2);
  }));

Deno.test("it reads payments, and captures one as its order asks", () =>
  withStandIn(async (standIn) => {
    const client = clientOf(standIn);
    const order = await client.orders.create({ ...rupees, payment: { capture: "manual" } } as typeof rupees);
    standIn.pay(order.id, { outcome: "failed" });
    const { payment } = standIn.pay(order.id, { method: "card" });
    assert.equal((await client.payments.fetch(payment.id)).status, "authorized");
    const captured = await client.payments.capture(payment.id, 5000, "INR");
    assert.deepEqual([captured.status, captured.captured, captured.fee], ["captured", true, 118]);
    assert.equal((await client.orders.fetch(order.id)).status, "paid");
    const { count, items } = await client.orders.fetchPayments(order.id);
    assert.deepEqual([count, items.map(({ status }) => status)], [2, ["failed", "captured"]]);
  }));

Deno.test("it gives money back, and reads the refund both ways", () =>
  withStandIn(async (standIn) => {
    const client = clientOf(standIn);
    const order = await client.orders.create(rupees);
    const { payment } = standIn.pay(order.id);
    const refund = await client.payments.refund(payment.id, { amount: 2000, speed: "normal", receipt: "ours" });
    assert.deepEqual([refund.status, refund.amount, refund.payment_id], ["pending", 2000, payment.id]);
    standIn.settleRefund(refund.id, "processed");
    assert.equal((await client.refunds.fetch(refund.id)).status, "processed");
    const all = await client.payments.fetchMultipleRefund(payment.id);
    assert.deepEqual([all.count, all.items[0]!.id], [1, refund.id]);
    assert.equal((await client.payments.fetch(payment.id)).refund_status, "partial");
  }));

Deno.test("it takes the stand-in's refusals for Razorpay's", () =>
  withStandIn(async (standIn) => {
    const client = clientOf(standIn);
    const small = await refused(client.orders.create({ ...rupees, amount: 99 }));
    assert.deepEqual([small.statusCode, small.error.description], [400, "The amount must be at least INR 1.00"]);
    const unknown = await refused(client.payments.fetch("pay_AAAAAAAAAAAAAA"));
    assert.deepEqual([unknown.statusCode, unknown.error.description], [400, "The id provided does not exist"]);
    assert.equal((await refused(clientOf(standIn, "guessed").orders.all())).statusCode, 401);
    standIn.faults.order("order.list", { kind: "status", status: 429 });
    assert.equal((await refused(client.orders.all())).statusCode, 429);
  }));

Deno.test("it accepts the signatures that the stand-in makes, and no others", () =>
  withStandIn(async (standIn, ear) => {
    const order = await clientOf(standIn).orders.create(rupees);
    const { result } = standIn.pay(order.id);
    const verify = (orderId: string, paymentId: string, secret: string) =>
      validatePaymentVerification({ order_id: orderId, payment_id: paymentId }, result.razorpay_signature, secret);
    assert.equal(verify(order.id, result.razorpay_payment_id, account.keySecret), true);
    assert.equal(verify("order_AAAAAAAAAAAAAA", result.razorpay_payment_id, account.keySecret), false);
    assert.equal(verify(order.id, "pay_AAAAAAAAAAAAAA", account.keySecret), false);
    assert.equal(verify(order.id, result.razorpay_payment_id, account.webhookSecret), false);

    await standIn.webhooks.idle();
    assert.equal(ear.heard.length, 3);
    for (const { body, headers } of ear.heard) {
      const signature = headers.get("x-razorpay-signature")!;
      assert.equal(validateWebhookSignature(body, signature, account.webhookSecret), true);
      assert.equal(Razorpay.validateWebhookSignature(body, signature, account.webhookSecret), true);
      assert.equal(validateWebhookSignature(`${body} `, signature, account.webhookSecret), false);
      assert.equal(validateWebhookSignature(body, signature, account.keySecret), false);
    }
  }));
