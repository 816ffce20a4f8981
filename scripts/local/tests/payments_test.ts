/** The payment provider of a stack: demo, the owner's own account, or the stand-in of Razorpay. */
import assert from "node:assert/strict";
import { startPayments } from "../payments.ts";
import { isFree } from "../ports.ts";
import { call, makeOrder } from "./razorpay_support.ts";
import { startTestStack } from "./support.ts";

const functionsUrl = "http://127.0.0.1:1/functions/v1";

Deno.test("a stack is paid by demo, unless functions/.env names a provider or an account", async () => {
  const rows: [fileEnv: Record<string, string>, env: Record<string, string>][] = [
    [{}, { PAYMENT_PROVIDER: "demo" }],
    [{ HUGGINGFACE_API_KEY: "hf_x" }, { PAYMENT_PROVIDER: "demo" }],
    [{ PAYMENT_PROVIDER: "razorpay" }, {}],
    [{ RAZORPAY_KEY_ID: "rzp_test_owner" }, {}],
  ];
  for (const [fileEnv, env] of rows) {
    const payments = await startPayments("demo", { functionsUrl, fileEnv });
    assert.deepEqual([payments.env, payments.razorpay], [env, undefined]);
    await payments.stop();
  }
});

Deno.test("the stand-in comes with secrets of its own, and knows where the webhook is", async () => {
  const payments = await startPayments("razorpay", { functionsUrl, fileEnv: { RAZORPAY_KEY_ID: "rzp_live_owner" } });
  const razorpay = payments.razorpay!;
  assert.deepEqual(payments.env, {
    PAYMENT_PROVIDER: "razorpay",
    RAZORPAY_KEY_ID: razorpay.keyId,
    RAZORPAY_KEY_SECRET: razorpay.keySecret,
    RAZORPAY_WEBHOOK_SECRET: razorpay.webhooks.secret,
    RAZORPAY_API_URL: razorpay.url,
  });
  assert.equal(razorpay.webhooks.url, `${functionsUrl}/payment-webhook`);
  assert.match(razorpay.keyId, /^rzp_test_[0-9a-f]{14}$/);
  assert.equal(new Set([razorpay.keyId, razorpay.keySecret, razorpay.webhooks.secret]).size, 3);
  await payments.stop();
  assert.ok(isFree(Number(new URL(razorpay.url).port)));
});

Deno.test("functions of a stack are told of the stand-in, which ends with the stack", async () => {
  const stack = await startTestStack({
    payments: "razorpay",
    functionEnv: { RAZORPAY_WEBHOOK_SECRET_PREVIOUS: "old" },
  });
  const razorpay = stack.razorpay!;
  try {
    const { env } = await (await fetch(`${stack.url}/functions/v1/hello`)).json();
    assert.deepEqual([env.PAYMENT_PROVIDER, env.RAZORPAY_API_URL], ["razorpay", razorpay.url]);
    assert.equal(env.RAZORPAY_WEBHOOK_SECRET_PREVIOUS, "old");
    assert.equal(razorpay.webhooks.url, `${stack.url}/functions/v1/payment-webhook`);
    const headers = { authorization: `Basic ${btoa(`${env.RAZORPAY_KEY_ID}:${env.RAZORPAY_KEY_SECRET}`)}` };
    assert.equal((await call(razorpay, "GET /orders", { headers })).status, 200);
    assert.equal(await makeOrder(razorpay), undefined, "the account of the other tests is another one");
  } finally {
    await stack.stop();
  }
  assert.ok(isFree(Number(new URL(razorpay.url).port)));
});
