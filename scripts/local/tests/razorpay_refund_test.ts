/** The stand-in's refunds: whole and in parts, once under a key, taken or refused by the bank. */
import assert from "node:assert/strict";
import type { RazorpayStandIn } from "../razorpay/server.ts";
import { call, makeOrder, withStandIn } from "./razorpay_support.ts";

async function paid(standIn: RazorpayStandIn): Promise<string> {
  return standIn.pay(await makeOrder(standIn)).payment.id;
}

function refund(standIn: RazorpayStandIn, paymentId: string, body: unknown, key?: string) {
  const headers: Record<string, string> = key === undefined ? {} : { "x-refund-idempotency": key };
  return call(standIn, `POST /payments/${paymentId}/refund`, { body, headers });
}

Deno.test("a refund of everything is pending, and final once the bank has taken it", () =>
  withStandIn(async (standIn, ear) => {
    const paymentId = await paid(standIn);
    await standIn.webhooks.idle();
    ear.heard.length = 0;
    const made = await refund(standIn, paymentId, { receipt: "ours" });
    assert.equal(made.status, 200);
    const { id, created_at, ...rest } = made.body;
    assert.match(id, /^rfnd_[A-Za-z0-9]{14}$/);
    assert.ok(created_at > 0);
    assert.deepEqual(rest, {
      entity: "refund",
      amount: 5000,
      currency: "INR",
      payment_id: paymentId,
      notes: [],
      receipt: "ours",
      acquirer_data: { rrn: null },
      batch_id: null,
      status: "pending",
      speed_processed: "normal",
      speed_requested: "normal",
    });
    const payment = (await call(standIn, `GET /payments/${paymentId}`)).body;
    assert.deepEqual([payment.status, payment.amount_refunded, payment.refund_status], ["refunded", 5000, "full"]);
    standIn.settleRefund(id, "processed");
    assert.equal((await call(standIn, `GET /refunds/${id}`)).body.status, "processed");
    assert.throws(() => standIn.settleRefund(id, "failed"), /processed already/);
    assert.equal((await call(standIn, `GET /payments/${paymentId}/refunds`)).body.items[0].id, id);
    await standIn.webhooks.idle();
    assert.deepEqual(ear.events.sort(), ["refund.created", "refund.processed"]);
    assert.deepEqual(ear.heard[0]!.json.contains, ["refund", "payment"]);
  }));

Deno.test("a refund that fails gives the payment back what it had", () =>
  withStandIn(async (standIn, ear) => {
    const paymentId = await paid(standIn);
    standIn.settleRefund(standIn.refund(paymentId).id, "failed");
    const payment = (await call(standIn, `GET /payments/${paymentId}`)).body;
    assert.deepEqual([payment.status, payment.amount_refunded, payment.refund_status], ["captured", 0, null]);
    await standIn.webhooks.idle();
    assert.ok(ear.events.includes("refund.failed"));
    assert.equal((await refund(standIn, paymentId, {})).status, 200);
  }));

Deno.test("parts add up to the whole and to no more", () =>
  withStandIn(async (standIn) => {
    const paymentId = await paid(standIn);
    assert.equal((await refund(standIn, paymentId, { amount: 2000 })).body.amount, 2000);
    assert.match((await refund(standIn, paymentId, { amount: 3001 })).body.error.description, /greater than/);
    assert.match((await refund(standIn, paymentId, { amount: 99 })).body.error.description, /at least/);
    assert.match(
      (await refund(standIn, paymentId, { reason: "x" })).body.error.description,
      /reason is\/are not required/,
    );
    assert.equal((await refund(standIn, paymentId, {})).body.amount, 3000);
    assert.match((await refund(standIn, paymentId, {})).body.error.description, /fully refunded already/);
    const failed = standIn.pay(await makeOrder(standIn), { outcome: "failed" }).payment.id;
    assert.match((await refund(standIn, failed, {})).body.error.description, /captured/);
  }));

Deno.test("one key is one refund; another body under it is refused, as is one that is still under way", () =>
  withStandIn(async (standIn) => {
    const paymentId = await paid(standIn);
    const key = crypto.randomUUID();
    const wait = standIn.faults.order("payment.refund", { kind: "wait", when: "before" });
    const first = refund(standIn, paymentId, { amount: 1000 }, key);
    await wait.arrived();
    const second = await refund(standIn, paymentId, { amount: 1000 }, key);
    assert.deepEqual([second.status, /in progress/.test(second.body.error.description)], [409, true]);
    wait.release();
    const { body } = await first;
    assert.deepEqual((await refund(standIn, paymentId, { amount: 1000 }, key)).body, body);
    const other = await refund(standIn, paymentId, { amount: 2000 }, key);
    assert.deepEqual([other.status, /Different request/.test(other.body.error.description)], [400, true]);
    assert.equal((await call(standIn, `GET /payments/${paymentId}/refunds`)).body.count, 1);
    // An answer that is lost is answered again; a refund that was never made is made.
    const lost = crypto.randomUUID();
    standIn.faults.order("payment.refund", { kind: "cut", when: "after" });
    await assert.rejects(refund(standIn, paymentId, { amount: 500 }, lost));
    assert.equal((await refund(standIn, paymentId, { amount: 500 }, lost)).status, 200);
    const never = crypto.randomUUID();
    standIn.faults.order("payment.refund", { kind: "cut", when: "before" });
    await assert.rejects(refund(standIn, paymentId, { amount: 700 }, never));
    assert.equal((await refund(standIn, paymentId, { amount: 700 }, never)).body.amount, 700);
    const { items } = (await call(standIn, `GET /payments/${paymentId}/refunds`)).body;
    assert.deepEqual(items.map((item: { amount: number }) => item.amount), [700, 500, 1000]);
  }));

Deno.test("a key has a shape", () =>
  withStandIn(async (standIn) => {
    const paymentId = await paid(standIn);
    for (const key of ["short", "has a space in it", "has.dots.in.it"]) {
      assert.equal((await refund(standIn, paymentId, {}, key)).status, 400, key);
    }
    assert.equal((await refund(standIn, paymentId, {}, "just_10-ch")).status, 200);
  }));

Deno.test("what is authorized late on an order that somebody has paid meanwhile goes back by itself", () =>
  withStandIn(async (standIn, ear) => {
    const orderId = await makeOrder(standIn);
    const late = standIn.pay(orderId, { outcome: "failed" }).payment.id;
    standIn.pay(orderId);
    const payment = standIn.advance(late, "captured");
    assert.deepEqual([payment.status, payment.captured, payment.amount_refunded], ["refunded", false, 5000]);
    await standIn.webhooks.idle();
    const told = ear.heard.find(({ json }) => json.event === "refund.created")!.json;
    assert.equal(told.payload.payment.entity.captured, false);
  }));

Deno.test("a dispute is told, and how it goes on", () =>
  withStandIn(async (standIn, ear) => {
    const paymentId = await paid(standIn);
    const { id } = standIn.dispute(paymentId, "fraud");
    standIn.refunds.moveDispute(id, "lost");
    await standIn.webhooks.idle();
    const told = ear.heard.filter(({ json }) => json.event.startsWith("payment.dispute."));
    const created = told.find(({ json }) => json.event === "payment.dispute.created")!.json;
    assert.deepEqual(created.contains, ["payment", "dispute"]);
    const { phase, status, amount_deducted } = created.payload.dispute.entity;
    assert.deepEqual([phase, status, amount_deducted], ["fraud", "open", 0]);
    const lost = told.find(({ json }) => json.event === "payment.dispute.lost")!.json;
    assert.equal(lost.payload.dispute.entity.amount_deducted, 5000);
  }));
