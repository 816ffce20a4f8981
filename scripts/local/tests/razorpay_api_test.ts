/** The stand-in's API: what it answers to good requests, to bad ones, and when something goes wrong on the way. */
import assert from "node:assert/strict";
import type { Fault } from "../razorpay/faults.ts";
import { checkoutSignature, webhookSignature } from "../razorpay/sign.ts";
import { account, authorization, call, type CallOptions, makeOrder, withStandIn } from "./razorpay_support.ts";

Deno.test("signatures are those of the published examples", () => {
  assert.equal(
    checkoutSignature("EnLs21M47BllR3X8PSFtjtbd", "order_IEIaMR65cu6nz3", "pay_IH4NVgf4Dreq1l"),
    "0d4e745a1838664ad6c9c9902212a32d627d68e917290b0ad5f08ff4561bc50f",
  );
  const body = `{"a":1,"b":2,"c":{"d":3}}`;
  const expected = "2fe04e22977002e6c7cb553adab8b460cb9e2a4970d5953cb27a8472752e3bbc";
  assert.equal(webhookSignature("123456", body), expected);
  assert.equal(webhookSignature("123456", new TextEncoder().encode(body)), expected);
  assert.notEqual(webhookSignature("123456", `${body} `), expected);
});

Deno.test("an order is answered as documented, and found by its id and its receipt", () =>
  withStandIn(async (standIn) => {
    const body = { amount: 5000, currency: "INR", receipt: "a receipt", notes: { plan: "flash" } };
    const made = await call(standIn, "POST /orders", { body });
    assert.equal(made.status, 200);
    const { id, created_at, ...rest } = made.body;
    assert.match(id, /^order_[A-Za-z0-9]{14}$/);
    assert.ok(Math.abs(created_at - Date.now() / 1000) < 10);
    assert.deepEqual(rest, {
      entity: "order",
      amount: 5000,
      amount_paid: 0,
      amount_due: 5000,
      currency: "INR",
      receipt: "a receipt",
      offer_id: null,
      status: "created",
      attempts: 0,
      notes: { plan: "flash" },
    });
    await makeOrder(standIn);
    assert.deepEqual((await call(standIn, `GET /orders/${id}`)).body, made.body);
    const found = await call(standIn, "GET /orders?receipt=a%20receipt");
    assert.deepEqual(found.body, { entity: "collection", count: 1, items: [made.body] });
    const none = await call(standIn, "GET /orders?receipt=nobody");
    assert.deepEqual(none.body, { entity: "collection", count: 0, items: [] });
    assert.deepEqual((await call(standIn, `GET /orders/${id}/payments`)).body, none.body);
  }));

Deno.test("notes that are empty are a list", () =>
  withStandIn(async (standIn) => {
    for (const notes of [undefined, {}, []]) {
      const { body } = await call(standIn, "POST /orders", { body: { amount: 100, currency: "INR", notes } });
      assert.deepEqual(body.notes, []);
      const { payment } = standIn.pay(body.id);
      assert.deepEqual((await call(standIn, `GET /payments/${payment.id}`)).body.notes, []);
    }
  }));

Deno.test("an order that is not as documented is refused, and names the field", () =>
  withStandIn(async (standIn) => {
    const good = { amount: 5000, currency: "INR" };
    const many = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`n${index}`, "x"]));
    const rows: [CallOptions, string | undefined, RegExp][] = [
      [{ body: { currency: "INR" } }, "amount", /amount field is required/],
      [{ body: { ...good, amount: 99 } }, "amount", /at least INR 1\.00/],
      [{ body: { ...good, amount: -5000 } }, "amount", /at least/],
      [{ body: { ...good, amount: 50.5 } }, "amount", /must be an integer/],
      [{ body: { ...good, amount: "5000" } }, "amount", /must be an integer/],
      [{ body: { amount: 5000 } }, "currency", /currency field is required/],
      [{ body: { ...good, currency: "rupees" } }, "currency", /3 characters/],
      [{ body: { ...good, receipt: "r".repeat(41) } }, "receipt", /40 characters/],
      [{ body: { ...good, receipt: 7 } }, "receipt", /string/],
      [{ body: { ...good, notes: many } }, "notes", /15/],
      [{ body: { ...good, notes: { long: "x".repeat(257) } } }, "notes", /256/],
      [{ body: { ...good, notes: "text" } }, "notes", /array/],
      [{ body: { ...good, payment: { capture: "later" } } }, "payment.capture", /capture/],
      [
        { body: { ...good, payment: { capture_options: { automatic_expiry_period: 11 } } } },
        "automatic_expiry_period",
        /expiry/,
      ],
      [{ body: { ...good, plan: "pro" } }, undefined, /plan is\/are not required and should not be sent/],
      [{ text: "{" }, undefined, /JSON/],
      [{ body: [] }, undefined, /object/],
    ];
    for (const [options, field, words] of rows) {
      const { status, body } = await call(standIn, "POST /orders", options);
      assert.equal(status, 400, words.source);
      assert.deepEqual([body.error.code, body.error.field, body.error.metadata], ["BAD_REQUEST_ERROR", field, {}]);
      assert.match(body.error.description, words);
      const places = [body.error.source, body.error.step, body.error.reason];
      assert.deepEqual(
        places,
        field ? ["business", "payment_initiation", "input_validation_failed"] : ["NA", "NA", "NA"],
      );
    }
    assert.equal((await call(standIn, "GET /orders")).body.count, 0);
    const longest = { ...good, amount: 100, receipt: "r".repeat(40), notes: { long: "x".repeat(256) } };
    assert.equal((await call(standIn, "POST /orders", { body: longest })).status, 200);
  }));

Deno.test("lists have pages, and their limits", () =>
  withStandIn(async (standIn) => {
    for (let count = 0; count < 12; count++) await makeOrder(standIn, { amount: 1000 + count });
    const amounts = async (query: string) =>
      (await call(standIn, `GET /orders?${query}`)).body.items.map((order: { amount: number }) => order.amount);
    assert.equal((await amounts("")).length, 10);
    assert.deepEqual(await amounts("count=2"), [1011, 1010]);
    assert.deepEqual(await amounts("count=100&skip=10"), [1001, 1000]);
    assert.deepEqual(await amounts("to=1000"), []);
    for (const query of ["count=101", "count=x", "skip=-1"]) {
      assert.equal((await call(standIn, `GET /orders?${query}`)).status, 400, query);
    }
  }));

Deno.test("only the documented header opens the API", () =>
  withStandIn(async (standIn) => {
    const good = authorization();
    const token = good.slice("Basic ".length);
    const bad = [
      `basic ${token}`,
      `BASIC ${token}`,
      `Basic "${token}"`,
      `Basic $${token}`,
      `Basic  ${token}`,
      `Bearer ${token}`,
      token,
      authorization(account.keyId, "wrong"),
      authorization("rzp_test_another0000001"),
    ];
    for (const header of bad) {
      const { status, body } = await call(standIn, "GET /orders", { headers: { authorization: header } });
      assert.deepEqual([status, body.error.description], [401, "Authentication failed"], header);
    }
    assert.equal((await call(standIn, "GET /orders", { headers: { authorization: good } })).status, 200);
    const response = await fetch(`${standIn.url}/orders`, { headers: { authorization: good, origin: "http://hub" } });
    assert.equal(response.headers.get("access-control-allow-origin"), null);
    await response.body?.cancel();
  }));

Deno.test("what is not there is refused as documented", () =>
  withStandIn(async (standIn) => {
    const nobody = "A".repeat(14);
    for (
      const path of [
        `/orders/order_${nobody}`,
        `/orders/nonsense`,
        `/payments/pay_${nobody}`,
        `/refunds/rfnd_${nobody}`,
      ]
    ) {
      const { status, body } = await call(standIn, `GET ${path}`);
      assert.deepEqual([status, body.error.description], [400, "The id provided does not exist"], path);
      assert.deepEqual([body.error.reason, body.error.field], ["input_validation_failed", undefined]);
    }
    for (const what of ["GET /nothing", "PUT /orders", "GET /payments/x/capture"]) {
      const { status, body } = await call(standIn, what);
      assert.deepEqual([status, body.error.description], [400, "The requested URL was not found on the server."], what);
    }
  }));

Deno.test("an order is created, attempted, paid, and then closed", () =>
  withStandIn(async (standIn) => {
    const id = await makeOrder(standIn);
    const order = async () => {
      const { status, attempts, amount_paid, amount_due } = (await call(standIn, `GET /orders/${id}`)).body;
      return [status, attempts, amount_paid, amount_due];
    };
    assert.deepEqual(await order(), ["created", 0, 0, 5000]);
    standIn.pay(id, { outcome: "failed" });
    assert.deepEqual(await order(), ["attempted", 1, 0, 5000]);
    const { payment } = standIn.pay(id, { outcome: "authorized" });
    assert.throws(() => standIn.pay(id), /authorized already/);
    standIn.advance(payment.id, "captured");
    assert.deepEqual(await order(), ["paid", 2, 5000, 0]);
    assert.throws(() => standIn.pay(id), /order is already paid/);
    const { items } = (await call(standIn, `GET /orders/${id}/payments`)).body;
    assert.deepEqual(items.map((item: { status: string }) => item.status), ["failed", "captured"]);
    assert.deepEqual([items[0].fee, items[0].error_reason, items[1].fee, items[1].tax], [
      null,
      "payment_failed",
      118,
      18,
    ]);
    assert.deepEqual([items[1].error_code, items[1].captured], [null, true]);
    standIn.refund(payment.id);
    assert.deepEqual(await order(), ["paid", 2, 5000, 0]);
  }));

Deno.test("each method brings the fields that it has, and the card is not among the API's", () =>
  withStandIn(async (standIn) => {
    const paid = async (method: "upi" | "card" | "netbanking" | "wallet") => {
      const { payment } = standIn.pay(await makeOrder(standIn), { method });
      return (await call(standIn, `GET /payments/${payment.id}`)).body;
    };
    assert.equal((await paid("upi")).vpa, "asha.verma@examplebank");
    const card = await paid("card");
    assert.match(card.card_id, /^card_/);
    assert.equal(card.card, undefined);
    assert.equal((await paid("netbanking")).bank, "UTIB");
    const wallet = await paid("wallet");
    assert.deepEqual([wallet.wallet, wallet.vpa, wallet.email], ["payzapp", null, "asha.verma@example.com"]);
  }));

Deno.test("a payment is captured as it was authorized, once", () =>
  withStandIn(async (standIn) => {
    const orderId = await makeOrder(standIn, { payment: { capture: "manual" } });
    const { payment } = standIn.pay(orderId);
    assert.equal(payment.status, "authorized");
    const capture = (amount: number, currency = "INR") =>
      call(standIn, `POST /payments/${payment.id}/capture`, { body: { amount, currency } });
    assert.match((await capture(4900)).body.error.description, /equal to the amount authorized/);
    assert.match((await capture(5000, "USD")).body.error.description, /currency/);
    assert.equal((await capture(5000)).body.status, "captured");
    assert.match((await capture(5000)).body.error.description, /already been captured/);
    assert.equal((await call(standIn, `GET /orders/${orderId}`)).body.status, "paid");
  }));

Deno.test("what goes wrong on the way is what was ordered, and no more", () =>
  withStandIn(async (standIn) => {
    const body = { amount: 5000, currency: "INR", receipt: "one" };
    const create = () => call(standIn, "POST /orders", { body });
    const orders = () => standIn.ordersOf("one").length;
    for (const [status, code] of [[429, "BAD_REQUEST_ERROR"], [500, "SERVER_ERROR"], [502, "GATEWAY_ERROR"]] as const) {
      standIn.faults.order("order.create", { kind: "status", status });
      const answer = await create();
      assert.deepEqual([answer.status, answer.body.error.code, orders()], [status, code, 0]);
    }
    const lost: [Fault, number][] = [[{ kind: "cut", when: "before" }, 0], [{ kind: "cut", when: "after" }, 1]];
    for (const [fault, made] of lost) {
      const fired = standIn.faults.order("order.create", fault);
      await assert.rejects(create());
      assert.deepEqual([orders(), fired.met], [made, 1]);
    }
    standIn.faults.order("any", { kind: "malformed" });
    const torn = await create();
    assert.deepEqual([torn.status, torn.body, orders()], [200, undefined, 2]);
    standIn.faults.order("order.create", { kind: "change", change: (order) => ({ ...order, amount: 1 }) });
    assert.equal((await create()).body.amount, 1);
    assert.deepEqual(standIn.ordersOf("one").map(({ amount }) => amount), [5000, 5000, 5000]);
    // A fault of another route leaves this one alone.
    standIn.faults.order("order.read", { kind: "status", status: 500 });
    assert.equal((await create()).status, 200);
    standIn.faults.clear();
    assert.deepEqual(standIn.requests.map(({ status }) => status), [
      ...[429, 500, 502, undefined, undefined],
      ...[200, 200, 200],
    ]);
  }));

Deno.test("an answer waits until it is released", () =>
  withStandIn(async (standIn) => {
    const wait = standIn.faults.order("order.create", { kind: "wait", when: "after" }, 2);
    const answers = [1, 2].map(() => makeOrder(standIn, { receipt: "slow" }));
    await wait.arrived(2);
    assert.equal(standIn.ordersOf("slow").length, 2);
    assert.ok((await makeOrder(standIn)).startsWith("order_"), "the third does not wait");
    wait.release();
    for (const id of await Promise.all(answers)) assert.match(id, /^order_/);
  }));

Deno.test("receipts can be unique, where an account is set so", () =>
  withStandIn(async (standIn) => {
    await makeOrder(standIn, { receipt: "once" });
    assert.ok(await makeOrder(standIn, { receipt: "once" }));
    standIn.orders.receiptsAreUnique = true;
    const body = { amount: 5000, currency: "INR", receipt: "once" };
    assert.equal((await call(standIn, "POST /orders", { body })).body.error.field, "receipt");
  }));
