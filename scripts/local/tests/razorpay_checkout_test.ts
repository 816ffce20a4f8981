/** The stand-in's checkout over HTTP: what a browser is served, and that it pays an order and nothing else. */
import assert from "node:assert/strict";
import type { RazorpayStandIn } from "../razorpay/server.ts";
import { checkoutSignature } from "../razorpay/sign.ts";
import { account, makeOrder, withStandIn } from "./razorpay_support.ts";

function query(orderId: string, changes: Record<string, string> = {}): URLSearchParams {
  return new URLSearchParams({
    key: account.keyId,
    amount: "5000",
    currency: "INR",
    order_id: orderId,
    name: "AI <Access> Hub",
    ...changes,
  });
}

async function press(standIn: RazorpayStandIn, asked: URLSearchParams, origin = new URL(standIn.url).origin) {
  const body = new URLSearchParams({ outcome: "captured", method: "upi", ...Object.fromEntries(asked) });
  const response = await fetch(`${standIn.url}/checkout/pay`, { method: "POST", body, headers: { origin } });
  return { status: response.status, body: await response.json() };
}

Deno.test("paying hands back the three values, with a signature that proves them", () =>
  withStandIn(async (standIn, ear) => {
    const orderId = await makeOrder(standIn);
    const { status, body } = await press(standIn, query(orderId, { email: "prefilled@example.com" }));
    assert.deepEqual([status, Object.keys(body).sort()], [200, [
      "razorpay_order_id",
      "razorpay_payment_id",
      "razorpay_signature",
    ]]);
    assert.equal(body.razorpay_order_id, orderId);
    const expected = checkoutSignature(account.keySecret, orderId, body.razorpay_payment_id);
    assert.equal(body.razorpay_signature, expected);
    await standIn.webhooks.idle();
    assert.ok(ear.events.includes("order.paid"));
    assert.equal(standIn.payments.get(body.razorpay_payment_id).email, "prefilled@example.com");
  }));

Deno.test("a failure tells why, and leaves the order open for another try", () =>
  withStandIn(async (standIn) => {
    const orderId = await makeOrder(standIn);
    const asked = query(orderId);
    const failed = await press(standIn, query(orderId, { outcome: "failed", method: "card" }));
    assert.equal(failed.body.error.reason, "payment_failed");
    assert.equal(failed.body.error.metadata.order_id, orderId);
    assert.match(failed.body.error.metadata.payment_id, /^pay_/);
    assert.equal((await press(standIn, asked)).status, 200);
    assert.match((await press(standIn, asked)).body.error.description, /already paid/);
  }));

Deno.test("another key, amount or currency, and another page, pay nothing", () =>
  withStandIn(async (standIn) => {
    const orderId = await makeOrder(standIn);
    const rows: [Record<string, string>, RegExp][] = [
      [{ key: "rzp_live_another" }, /does not exist/],
      [{ order_id: "order_AAAAAAAAAAAAAA" }, /does not exist/],
      [{ amount: "100" }, /different from your order amount/],
      [{ currency: "USD" }, /different from your order amount/],
      [{ method: "cash" }, /method/],
      [{ outcome: "refunded" }, /outcome/],
    ];
    for (const [changes, words] of rows) {
      assert.match((await press(standIn, query(orderId, changes))).body.error.description, words);
    }
    assert.equal((await press(standIn, query(orderId), "http://127.0.0.1:1")).status, 403);
    assert.equal(standIn.orders.get(orderId).attempts, 0);
  }));

Deno.test("the page brings no inline script or style, and shows what it is given as text", () =>
  withStandIn(async (standIn) => {
    const orderId = await makeOrder(standIn);
    const response = await fetch(`${standIn.url}/checkout/page?${query(orderId)}`);
    const page = await response.text();
    assert.equal(response.status, 200);
    const policy = response.headers.get("content-security-policy")!;
    assert.match(policy, /default-src 'none'; script-src 'self'/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.match(page, /AI &lt;Access&gt; Hub/);
    assert.match(page, /₹50\.00/);
    assert.doesNotMatch(page, /<script>|style=|onclick/);
    assert.ok(!page.includes(account.keySecret));
    for (const button of ["Pay ₹50.00", "Fail this payment", "Cancel"]) assert.ok(page.includes(`>${button}</button>`));
    const refused = await fetch(`${standIn.url}/checkout/page?${query(orderId, { amount: "1" })}`);
    assert.deepEqual([refused.status, /role="alert"/.test(await refused.text())], [400, true]);
  }));

Deno.test("the script and what belongs to the page are served as what they are", () =>
  withStandIn(async (standIn) => {
    const rows = [
      [standIn.checkoutScriptUrl, "text/javascript", /globalThis\.Razorpay = Razorpay/],
      [`${standIn.url}/checkout/page.js`, "text/javascript", /checkout\/pay/],
      [`${standIn.url}/checkout/page.css`, "text/css", /font/],
    ] as const;
    for (const [url, type, words] of rows) {
      const response = await fetch(url);
      assert.equal(response.headers.get("content-type"), `${type}; charset=utf-8`);
      const text = await response.text();
      assert.match(text, words);
      assert.ok(!text.includes(account.keySecret));
    }
  }));
