/** Customers who want hours without paying, and what of those who pay is kept: nothing that tells who they are. */
import assert from "node:assert/strict";
import { payerSecrets } from "../../scripts/local/razorpay/payer.ts";
import { visitorClient } from "./support/customer.ts";
import { Hub } from "./support/hub.ts";
import { assertRefused, Shop } from "./support/shop.ts";

const hub = new Hub({ payments: "razorpay" });
const shop = new Shop(hub);

hub.test("what makes, pays, moves or gives back a purchase is not for customers to call", async ({ customer }) => {
  const one = await customer();
  const { purchaseId, orderId, amountPaise } = await shop.open(one, { planId: "pro", hours: 4 });
  const owned = await shop.bought(one);
  const id = crypto.randomUUID();
  const facts = { provider: "razorpay", orderId, paymentId: "pay_AAAAAAAAAAAAAA", paymentStatus: "captured" };
  const calls: Record<string, Record<string, unknown>> = {
    record_order: { purchase_id: purchaseId, provider: "demo", order_id: "mine" },
    record_payment: {
      provider: "razorpay",
      order_id: orderId,
      payment_id: facts.paymentId,
      amount_paise: amountPaise,
      currency: "INR",
      payment_status: "captured",
      source: "confirm",
    },
    receive_payment_event: {
      event_id: id,
      event: "order.paid",
      occurred_at: new Date().toISOString(),
      body_sha256: "0".repeat(64),
      facts: { ...facts, amountPaise, currency: "INR" },
    },
    process_payment_events: {},
    report_payment_alert: { kind: "event_stuck" },
    begin_refund: { purchase_id: owned.purchaseId },
    settle_refund: { refund_id: id, provider_refund_id: "rfnd_x", refund_status: "processed" },
    due_payments: {},
  };
  for (const [who, client] of Object.entries({ customer: one.client, visitor: visitorClient(hub) })) {
    for (const [name, argument] of Object.entries(calls)) {
      const { error, status } = await client.rpc(name, argument);
      assert.deepEqual([status, error?.code], [who === "visitor" ? 401 : 403, "42501"], `${who} calls ${name}`);
    }
    for (const name of ["grant_session", "grant_purchase", "apply_payment", "give_back", "settle"]) {
      const { error } = await client.rpc(name, {});
      assert.ok(error, `${who} finds no ${name}`);
    }
  }
  // That the names and arguments above are right: the hub itself may call them.
  for (const name of ["process_payment_events", "due_payments"]) {
    assert.equal((await shop.asServer.rpc(name, calls[name])).error, null, name);
  }
  assert.equal((await shop.purchase(purchaseId)).status, "ordered");
  assert.equal((await shop.purchase(owned.purchaseId)).status, "paid");
});

hub.test("no table of the books can be written, not even with the secret key, and others' rows not be read", async (bench) => {
  const [one, other] = [await bench.customer(), await bench.customer()];
  const { purchaseId, sessionId } = await shop.bought(one);
  const waiting = await shop.open(one, { planId: "pro", hours: 4 });
  const row = {
    user_id: one.id,
    request_id: crypto.randomUUID(),
    plan_id: "pro",
    hours: 4,
    amount_paise: 1,
    status: "paid",
  };
  for (const client of [one.client, other.client, visitorClient(hub), shop.asServer]) {
    const tries = [
      client.from("purchase").insert(row),
      client.from("purchase").update({ status: "paid", amount_paise: 1 }).eq("id", waiting.purchaseId),
      client.from("purchase").update({ user_id: other.id }).eq("id", purchaseId),
      client.from("purchase").delete().eq("id", purchaseId),
      client.from("user_sessions").insert({ user_id: one.id, plan_id: "pro", model_name: "x", hours_purchased: 4 }),
      client.from("user_sessions").update({ hours_purchased: 24, user_id: other.id }).eq("id", sessionId),
      client.from("session_config").update({ price_per_hour_paise: 1 }).eq("plan_id", "pro"),
      client.from("payment_evidence").select(),
      client.from("payment_event").select(),
      client.from("payment_alert").select(),
      client.from("refund").select(),
    ];
    for (const [at, attempt] of tries.entries()) {
      const { error, status } = await attempt;
      assert.ok(error && status >= 400, `attempt ${at}: ${status}`);
    }
  }
  const seen = await one.client.from("purchase").select("id").order("created_at");
  assert.deepEqual(seen.data?.map(({ id }) => id), [purchaseId, waiting.purchaseId]);
  assert.deepEqual((await other.client.from("purchase").select("id")).data, []);
  assert.deepEqual((await other.client.rpc("purchase_status", { purchase_id: purchaseId })).data, {
    outcome: "purchase_not_found",
  });
  assert.deepEqual(await shop.sessions(other), []);
});

hub.test("the owner's functions are opened by the secret key alone", async ({ customer }) => {
  const one = await customer();
  const { purchaseId, sessionId } = await shop.bought(one);
  const keys = [hub.stack.publishableKey, one.token, "", "sb_secret_guessed", shop.razorpay.keySecret];
  for (const name of ["refund-session", "payment-worker"]) {
    for (const key of keys) assertRefused(await shop.asOwner(name, { purchaseId }, key), 401, "unauthorized");
    assertRefused(await one.generate({ purchaseId }, { name }), 401, "unauthorized");
  }
  const [session] = await shop.sessions(one);
  assert.deepEqual([session!.id, session!.status], [sessionId, "ready"]);
  assert.deepEqual(await shop.refunds(purchaseId), []);
});

hub.test("who is not signed in buys, confirms and starts nothing", async ({ customer }) => {
  const one = await customer();
  const { purchaseId, sessionId } = await shop.bought(one);
  const bodies = {
    "buy-session": { planId: "pro", hours: 1 },
    "confirm-payment": { purchaseId },
    "start-session": { sessionId },
  };
  for (const [name, body] of Object.entries(bodies)) {
    for (const authorization of [undefined, "Bearer x", `Bearer ${hub.stack.publishableKey}`, `bearer ${one.token}x`]) {
      const headers: Record<string, string> = { apikey: hub.stack.publishableKey, "content-type": "application/json" };
      if (authorization) headers.authorization = authorization;
      const response = await hub.fetch(hub.functionUrl(name), { method: "POST", headers, body: JSON.stringify(body) });
      const answer = { status: response.status, headers: response.headers, body: await response.json() };
      assertRefused(answer, 401, "unauthorized");
    }
  }
  assert.deepEqual((await shop.sessions(one)).map(({ status }) => status), ["ready"]);
});

hub.test("of who pays, and how, nothing is kept and nothing is answered", async ({ customer, marker }) => {
  const one = await customer();
  const prefill = { email: `${marker}@example.com`, contact: "+919812345670" };
  for (const method of ["upi", "card", "netbanking", "wallet"] as const) {
    for (const outcome of ["failed", "captured", "failed-then-captured"] as const) {
      const { purchaseId, orderId } = await shop.open(one);
      const { result } = shop.razorpay.pay(orderId, {
        method,
        outcome,
        prefill: method === "card" ? prefill : undefined,
      });
      const { body } = await shop.confirm(one, purchaseId, result);
      assert.equal(JSON.stringify(body).includes(marker), false);
    }
  }
  const { purchaseId, paymentId } = await shop.bought(one, { requestId: crypto.randomUUID() });
  await shop.refund({ purchaseId });
  shop.razorpay.settleRefund(shop.razorpay.refunds.ofPayment(paymentId)[0]!.id, "processed");
  const disputed = await shop.bought(one);
  shop.razorpay.dispute(disputed.paymentId);
  const misfit = await shop.open(one);
  shop.razorpay.pay(misfit.orderId, { amount: 100, method: "card" });
  await shop.told();
  const secrets = [...payerSecrets, marker, prefill.contact, shop.razorpay.keySecret, shop.razorpay.webhooks.secret];
  // That the events do tell all of it.
  const bodies = shop.razorpay.webhooks.events.map(({ body }) => body).join("\n");
  for (const secret of [...payerSecrets, marker]) assert.ok(bodies.includes(secret), `${secret} was sent`);
  const kept = await shop.everythingKept();
  assert.ok(kept.some((row) => row.includes(misfit.orderId)), "the books are looked through");
  for (const row of kept) {
    for (const secret of secrets) assert.ok(!row.includes(secret), `${secret} is kept in ${row.split(":")[0]}`);
    assert.doesNotMatch(row, /"(email|contact|vpa|card|last4|bank|wallet|acquirer_data)"/);
  }
});
