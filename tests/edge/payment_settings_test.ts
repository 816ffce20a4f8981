/** The demo, in which a click pays, and functions whose owner forgot or mistyped what payments need. */
import assert from "node:assert/strict";
import { Hub } from "./support/hub.ts";
import { copyProject } from "./support/project.ts";
import { assertRefused } from "./support/shop.ts";

const account = {
  PAYMENT_PROVIDER: "razorpay",
  RAZORPAY_KEY_ID: "rzp_test_0000000000000",
  RAZORPAY_KEY_SECRET: "a-key-secret-of-the-settings-test",
  RAZORPAY_WEBHOOK_SECRET: "a-webhook-secret-of-the-settings-test",
  RAZORPAY_API_URL: "http://127.0.0.1:1/v1",
};

type Change = Record<string, string | null>;

const faults: Record<string, { change: Change; status?: number; code?: string; logged: RegExp }> = {
  "without-a-provider": { change: { PAYMENT_PROVIDER: null }, logged: /No payment provider is set/ },
  "with-an-unknown-provider": { change: { PAYMENT_PROVIDER: "stripe" }, logged: /neither razorpay nor demo/ },
  "with-the-demo-on-the-web": {
    change: { PAYMENT_PROVIDER: "demo", SUPABASE_URL: "https://example.supabase.co" },
    logged: /takes no money.*refused/,
  },
  "with-the-demo-on-what-looks-like-this-machine": {
    change: { PAYMENT_PROVIDER: "demo", SUPABASE_URL: "https://localhost.example.com" },
    logged: /takes no money.*refused/,
  },
  "with-the-demo-on-somebody-s-own-server": {
    change: { PAYMENT_PROVIDER: "demo", SUPABASE_URL: "http://kong:8000", PUBLIC_API_URL: "https://hub.example.com" },
    logged: /takes no money.*refused/,
  },
  "without-a-key": { change: { ...account, RAZORPAY_KEY_ID: null }, logged: /RAZORPAY_KEY_ID is missing/ },
  "without-the-key-s-secret": {
    change: { ...account, RAZORPAY_KEY_SECRET: null },
    logged: /RAZORPAY_KEY_SECRET is missing/,
  },
  "without-a-webhook-secret": {
    change: { ...account, RAZORPAY_WEBHOOK_SECRET: null },
    logged: /RAZORPAY_WEBHOOK_SECRET is missing.*anybody could say that he has paid/,
  },
  "with-an-empty-webhook-secret": {
    change: { ...account, RAZORPAY_WEBHOOK_SECRET: "" },
    logged: /RAZORPAY_WEBHOOK_SECRET is missing/,
  },
  "with-an-address-that-is-not-safe": {
    change: { ...account, RAZORPAY_API_URL: "http://api.example.com/v1" },
    logged: /RAZORPAY_API_URL is neither/,
  },
  "with-a-provider-that-is-not-there": {
    change: account,
    status: 503,
    code: "payments_unavailable",
    logged: /^\[configured\] purchase [0-9a-f-]{36}: /,
  },
};

/** One process that is the real functions many times over, each time with other variables: the path says which. */
const configured = `
import { instantiate } from "../_shared/generated/payments.js";
import { handler } from "../_shared/shim.ts";

const changes = ${
  JSON.stringify(Object.fromEntries(Object.entries(faults).map(([name, { change }]) => [name, change])))
};
const handlers = {};
for (const [name, change] of Object.entries(changes)) {
  const env = Deno.env.toObject();
  for (const [variable, value] of Object.entries(change)) {
    if (value === null) delete env[variable];
    else env[variable] = value;
  }
  for (const of of ["buy-session", "payment-webhook"]) {
    handlers["/configured/" + of + "/" + name] = handler(of, instantiate, { env });
  }
}
Deno.serve((request) => handlers[new URL(request.url).pathname](request));
`;

const project = copyProject({ configured });
const hub = new Hub({ projectDir: project.dir });
Deno.test.beforeAll(() => void hub.secrets.push(account.RAZORPAY_KEY_SECRET, account.RAZORPAY_WEBHOOK_SECRET));
Deno.test.afterAll(() => project.remove());

hub.test("in the demo a click pays, and everything after it is real", async ({ customer, marker }) => {
  const one = await customer();
  const body = { planId: "pro", hours: 2, requestId: crypto.randomUUID() };
  const bought = await one.generate(body, { name: "buy-session" });
  const { purchaseId } = bought.body;
  assert.deepEqual([bought.status, bought.body.demo, bought.body.provider], [200, true, "demo"]);
  assert.deepEqual([bought.body.amountPaise, bought.body.checkout, bought.body.sessionId], [40_000, undefined, null]);
  const clicks = await Promise.all(
    Array.from({ length: 5 }, () => one.generate({ purchaseId }, { name: "confirm-payment" })),
  );
  assert.deepEqual(new Set(clicks.map(({ status, body }) => `${status} ${body.sessionId}`)).size, 1);
  const { status, body: { sessionId } } = clicks[0]!;
  assert.equal(status, 200);
  const other = await customer();
  assertRefused(await other.generate({ purchaseId }, { name: "confirm-payment" }), 404, "purchase_not_found");
  assert.equal((await one.generate({ sessionId }, { name: "start-session" })).body.creditsRemaining, 15);
  assert.equal((await one.generate({ prompt: marker, sessionId })).status, 200);
  const sessions = await hub.sql`select id from public.user_sessions where user_id = ${one.id}`;
  assert.deepEqual(sessions.map(({ id }) => id), [sessionId]);
});

hub.test("in the demo no event is believed, and money that never moved goes back", async ({ customer }) => {
  const one = await customer();
  const { purchaseId } = (await one.generate({ planId: "flash", hours: 1 }, { name: "buy-session" })).body;
  assert.equal((await one.generate({ purchaseId }, { name: "confirm-payment" })).status, 200);
  const event = await hub.fetch(hub.functionUrl("payment-webhook"), {
    method: "POST",
    headers: { "x-razorpay-signature": "0".repeat(64), "x-razorpay-event-id": "made-up" },
    body: JSON.stringify({ entity: "event", event: "order.paid", payload: {} }),
  });
  assert.deepEqual([event.status, (await event.json()).code], [401, "unauthorized"]);
  const refund = await hub.fetch(hub.functionUrl("refund-session"), {
    method: "POST",
    headers: { apikey: hub.stack.secretKey, "content-type": "application/json" },
    body: JSON.stringify({ purchaseId }),
  });
  assert.deepEqual([refund.status, (await refund.json()).status], [200, "refunded"]);
  const [session] = await hub.sql`select status from public.user_sessions where user_id = ${one.id}`;
  assert.equal(session!.status, "ended");
});

for (const [name, { status = 502, code = "payments_misconfigured", logged }] of Object.entries(faults)) {
  hub.test(`a shop ${name.replaceAll("-", " ")} answers ${code}, sells nothing and tells its owner`, async (bench) => {
    const one = await bench.customer();
    const logLength = hub.log.length;
    const body = { planId: "pro", hours: 4 };
    assertRefused(await one.generate(body, { name: `configured/buy-session/${name}` }), status, code);
    assert.ok(hub.log.slice(logLength).some((line) => logged.test(line)), `the log says ${logged}`);
    const [counted] = await hub.sql`
      select (select count(*)::int from public.user_sessions where user_id = ${one.id}) as sessions,
        (select count(*)::int from public.purchase where user_id = ${one.id} and status <> 'opened') as purchases`;
    assert.deepEqual({ ...counted }, { sessions: 0, purchases: 0 });
    if (code !== "payments_misconfigured") return;
    const event = await hub.fetch(hub.functionUrl(`configured/payment-webhook/${name}`), {
      method: "POST",
      body: "{}",
    });
    assert.deepEqual([event.status, (await event.json()).code], [status, code]);
  });
}
