/**
 * Buying hours with money's provider, on the hub's own pages and under their policy: paid, failed and then paid, left and
 * gone on with, cut off after paying. Checkout is the stand-in's page, which signs as Razorpay does; one wish is one purchase
 * and one session, whatever happens.
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { Customer } from "../edge/support/customer.ts";
import { Studio, type StudioBench } from "./support/studio.ts";

const studio = new Studio({ payments: "razorpay" });
const { hub } = studio;

/** A customer on the page of the plans, who may be led to Checkout, which is another host. */
async function atThePlans(bench: StudioBench) {
  const customer = await bench.customer();
  const expected = [/^asks another host: .*\/v1\/checkout/, /ERR_FAILED/, /Failed to fetch/];
  const { page, pages } = await bench.signedIn(customer, { expected });
  await pages.goTo("Plans");
  return { customer, page, pages };
}

const press = (page: Page, button: string) =>
  page.frameLocator("iframe[title^=Payment]").getByRole("button", { name: button, exact: true }).click();

/** One purchase, which is paid, and one session, which waits. */
async function boughtOnce(customer: Customer, page: Page, planId: string): Promise<void> {
  await page.getByText(/^Paid\. 1 hour of .* is yours/).first().waitFor({ timeout: 30_000 });
  const rows = await hub.sql`
    select purchase.plan_id, purchase.status, session.status as session from public.purchase
    left join public.user_sessions as session on session.id = purchase.session_id
    where purchase.user_id = ${customer.id}`;
  assert.deepEqual([...rows], [{ plan_id: planId, status: "paid", session: "ready" }]);
}

studio.test("an hour is paid in Checkout, and waits to be started", async (bench) => {
  const { customer, page, pages } = await atThePlans(bench);
  await pages.plans.buy("Flash").click();
  await press(page, "Pay ₹100.00");
  await boughtOnce(customer, page, "flash");
  await pages.plans.start.click();
  await pages.studio.left("8 of 8 left").waitFor();
});

studio.test("a payment that fails is followed by one that does not, of the same purchase", async (bench) => {
  const { customer, page, pages } = await atThePlans(bench);
  await pages.plans.buy("Flash Lite").click();
  await press(page, "Fail this payment");
  await press(page, "Pay ₹50.00");
  await boughtOnce(customer, page, "flash-lite");
});

studio.test("whoever closes Checkout is not told that nothing was paid, and goes on with his purchase", async (bench) => {
  const { customer, page, pages } = await atThePlans(bench);
  await pages.plans.buy("Pro").click();
  await press(page, "Cancel");
  await page.getByText("You closed the payment. If you have paid in your bank's app, the hours come by themselves.")
    .first().waitFor();
  await page.reload();
  await page.getByRole("button", { name: /^Go on paying: Pro,/ }).click();
  await press(page, "Pay ₹200.00");
  await boughtOnce(customer, page, "pro");
});

studio.test("a browser that is cut off after paying hears of its hours from the hub", async (bench) => {
  const { customer, page, pages } = await atThePlans(bench);
  // The values that prove the payment never reach the hub: the event of the provider grants the hours.
  await page.route("**/functions/v1/confirm-payment", (route) => route.abort());
  await pages.plans.buy("Flash").click();
  await press(page, "Pay ₹100.00");
  await boughtOnce(customer, page, "flash");
});
