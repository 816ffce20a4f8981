/**
 * Buying an hour as a customer does it: in a real browser, on a page that knows supabase-js and Checkout, against the
 * whole local stack. Checkout is the stand-in's page, which signs as Razorpay does.
 */
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import postgres from "postgres";
import { until } from "../../scripts/local/process.ts";
import { type Stack, startStack } from "../../scripts/local/stack.ts";
import { startBrowser } from "./chromium.ts";
import { openShop, type Shop } from "./shop.ts";

let stack: Stack;
let shop: Shop;
let browser: Browser;
let sql: postgres.Sql;

Deno.test.beforeAll(async () => {
  stack = await startStack({ port: 0, ephemeral: true, watch: false, payments: "razorpay" });
  shop = openShop(stack);
  sql = postgres(stack.dbUrl, { max: 1, onnotice: () => {} });
  browser = await startBrowser();
});

Deno.test.afterAll(async () => {
  await browser?.close();
  await sql?.end();
  await shop?.stop();
  await stack?.stop();
});

/** A customer's browser, as wide as a phone; what its page complains of fails the test. */
async function withPage(work: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (/Content Security Policy|CORS/.test(message.text())) complaints.push(message.text());
    });
    await page.goto(shop.url);
    const visit = async () => {
      await page.getByText("Choose a plan.").waitFor();
      await work(page);
    };
    await visit().catch(async (error) => {
      throw new Error(`the page says "${await page.getByRole("status").textContent()}"`, { cause: error });
    });
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
}

async function order(page: Page, plan: string, hours: number): Promise<void> {
  await page.getByLabel("Plan").selectOption(plan);
  await page.getByLabel("Hours").fill(String(hours));
  await page.getByRole("button", { name: "Buy" }).click();
}

const checkout = (page: Page) => page.frameLocator("iframe[title^=Payment]");
const press = (page: Page, button: string | RegExp) =>
  checkout(page).getByRole("button", { name: button, exact: typeof button === "string" }).click();

/** The session that the page shows in the end; the database has it, paid, once. */
async function bought(page: Page, words: string): Promise<void> {
  await page.getByRole("status").getByText(words).waitFor();
  const sessionId = await page.locator("a:visible").textContent();
  const rows = await sql`
    select purchase.status, session.status as session from public.purchase
    join public.user_sessions as session on session.id = purchase.session_id and session.user_id = purchase.user_id
    where session.id = ${sessionId}`;
  assert.deepEqual([...rows], [{ status: "paid", session: "ready" }]);
  const [count] = await sql`
    select count(*)::int as sessions from public.user_sessions
    where user_id = (select user_id from public.user_sessions where id = ${sessionId})`;
  assert.equal(count!.sessions, 1);
}

Deno.test("an hour is chosen, paid and there", () =>
  withPage(async (page) => {
    await order(page, "flash", 2);
    await press(page, "Pay ₹200.00");
    await bought(page, "2 h of flash: ready, paid ₹200");
  }));

Deno.test("a payment that fails costs nothing, and the next one pays the same purchase", () =>
  withPage(async (page) => {
    await order(page, "flash-lite", 1);
    await press(page, "Fail this payment");
    await press(page, "Pay ₹50.00");
    await bought(page, "1 h of flash-lite: ready, paid ₹50");
  }));

Deno.test("whoever leaves the payment and comes back pays the purchase that he began", () =>
  withPage(async (page) => {
    await order(page, "pro", 4);
    await press(page, "Cancel");
    await page.getByText("You left the payment.").waitFor();
    await order(page, "pro", 4);
    await press(page, "Pay ₹800.00");
    await bought(page, "4 h of pro: ready, paid ₹800");
    const [purchases] = await sql`
      select count(*)::int as count from public.purchase where plan_id = 'pro' and hours = 4`;
    assert.equal(purchases!.count, 1);
  }));

Deno.test("a page that is closed after paying, before it could say so, finds the session when it is back", () =>
  withPage(async (page) => {
    // The browser is gone before the values that prove it: the event of the provider pays.
    await page.route("**/functions/v1/confirm-payment", (route) => route.abort());
    await order(page, "flash", 1);
    await press(page, "Pay ₹100.00");
    await page.getByRole("status").getByText(/Failed|failed/).waitFor();
    await page.unroute("**/functions/v1/confirm-payment");
    const isPaid = async () => {
      const [row] = await sql`select count(*)::int as paid from public.purchase
        where plan_id = 'flash' and hours = 1 and status = 'paid'`;
      return row!.paid === 1;
    };
    assert.ok(await until(isPaid, 20_000, 100), "the event of the provider pays");
    await page.reload();
    await bought(page, "1 h of flash: ready, paid ₹100");
  }));
