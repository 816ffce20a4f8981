/**
 * What is said when something runs out: this hour's pictures, the session's time. Time is passed by setting the clock of a
 * session back; its page hears of that as of any change, by the broadcast.
 */
import assert from "node:assert/strict";
import { Studio, type StudioBench } from "./support/studio.ts";

const studio = new Studio();
const { hub } = studio;

/** A customer whose clock runs, and so many minutes of it are left. */
async function running(bench: StudioBench, { hours = 1, plan = "flash-lite" } = {}) {
  const customer = await bench.customer();
  const sessionId = await customer.grant(plan, hours);
  const visitor = await bench.signedIn(customer);
  await visitor.pages.studio.session.getByRole("button", { name: "Start now" }).click();
  await visitor.pages.studio.session.getByText(/^left of/).waitFor();
  return { customer, sessionId, pages: visitor.pages, page: visitor.page };
}

/** Sets a session's clock so that so many seconds are left of it. */
async function leave(sessionId: string, seconds: number): Promise<void> {
  await hub.sql`
    update public.user_sessions set
      expires_at = now() + ${seconds} * interval '1 second',
      started_at = now() + ${seconds} * interval '1 second' - hours_purchased * interval '1 hour'
    where id = ${sessionId}`;
}

studio.test("an hour whose pictures are made says so, when the next strip comes, and sends nothing", async (bench) => {
  const { customer, sessionId, pages, page } = await running(bench, { hours: 2 });
  for (let nth = 0; nth < 3; nth++) {
    const turn = await pages.studio.ask(`${bench.marker} ${nth}`);
    await turn.picture();
  }
  await pages.studio.notice(/^All 3 pictures of this hour are used up\. New strip in (1 hour|\d+ minutes)\.$/)
    .waitFor();
  await pages.studio.cost.getByText("All pictures of this hour are made.", { exact: true }).waitFor();
  await pages.studio.prompt.fill(`${bench.marker} one too many`);
  const sent: string[] = [];
  page.on("request", (request) => request.method() === "POST" && sent.push(request.url()));
  await pages.studio.prompt.press("Enter");
  await page.getByRole("alert").getByText("All pictures of this hour are made.").waitFor({ state: "attached" });
  assert.equal(await pages.studio.generate.getAttribute("aria-disabled"), "true");
  assert.equal(await pages.studio.prompt.inputValue(), `${bench.marker} one too many`);
  assert.deepEqual(sent.filter((url) => url.includes("generate-image")), []);
  assert.equal((await customer.rows()).length, 3);

  // An hour later there is a fresh strip, without a reload.
  await leave(sessionId, 3_590);
  await pages.studio.left("3 of 3 left").waitFor();
  const turn = await pages.studio.ask(`${bench.marker} of the second hour`);
  await turn.picture();
  assert.deepEqual((await customer.rows()).map(({ hour_index }) => hour_index), [0, 0, 0, 1]);
});

studio.test("more at once than are left is refused before it is sent, with what would do", async (bench) => {
  const { pages } = await running(bench);
  const panel = await pages.studio.openPanel();
  await (await pages.studio.ask(bench.marker)).picture();
  await panel.choose("3");
  await pages.studio.prompt.fill("three of them");
  await pages.studio.cost.getByText("Only 2 pictures are left this hour. Ask for fewer.", { exact: true }).waitFor();
});

studio.test("a session that runs out warns at ten, five and one minute, and can be extended from there", async (bench) => {
  const { customer, sessionId, pages, page } = await running(bench);
  for (const [seconds, words] of [[9 * 60 + 50, "10 minutes"], [4 * 60 + 50, "5 minutes"], [50, "1 minute"]] as const) {
    await leave(sessionId, seconds);
    await pages.studio.notice(`Your session ends in ${words}. A picture you start now will still be finished.`)
      .waitFor();
    await page.getByText(`Your session ends in ${words}.`).and(page.locator("[role=alert], [role=status]")).first()
      .waitFor({ state: "attached" });
  }
  await page.locator(".dock-notices").getByRole("link", { name: "Add an hour" }).click();
  await page.getByText(/^Your session runs on Flash Lite\./).waitFor();
  await page.getByText("Hours of Flash Lite are added").waitFor();
  await pages.plans.buy("Flash Lite").click();
  await page.getByText("Paid. 1 hour was added to your session.").first().waitFor();
  await pages.goTo("Studio");
  await pages.studio.session.getByText("left of 2 hours").waitFor();
  assert.equal(await page.locator(".dock-notices .notice").count(), 0);
  const session = await customer.session(sessionId);
  assert.ok(session.expires_at!.getTime() > Date.now() + 3_600_000);
});

studio.test("a warning can be closed, and the next one is another", async (bench) => {
  const { sessionId, pages, page } = await running(bench);
  await leave(sessionId, 9 * 60 + 50);
  const warning = page.locator(".dock-notices .notice");
  await warning.getByRole("button", { name: "Dismiss" }).click();
  await warning.waitFor({ state: "detached" });
  await leave(sessionId, 4 * 60 + 50);
  await pages.studio.notice(/^Your session ends in 5 minutes/).waitFor();
});

studio.test("a session that is over says so; what was begun is still finished, and the pictures stay", async (bench) => {
  const { customer, sessionId, pages, page } = await running(bench);
  await (await pages.studio.ask(`${bench.marker} early`)).picture();
  const hold = bench.hold(`${bench.marker} late`);
  const late = await pages.studio.ask(`${bench.marker} late`);
  await hold.arrived();
  await leave(sessionId, 1);
  await pages.studio.notice("Your session is over. Your pictures stay with you.").waitFor();
  hold.open();
  await late.picture();
  await pages.studio.cost.getByText("Buy an hour to make pictures.", { exact: true }).waitFor();
  await page.reload();
  await pages.studio.turn(`${bench.marker} early`).picture();
  await pages.studio.turn(`${bench.marker} late`).picture();
  assert.deepEqual((await customer.rows()).map(({ status }) => status), ["completed", "completed"]);
});

studio.test("who has no session is led to the plans, and keeps his words", async (bench) => {
  const { pages, page } = await bench.signedIn(await bench.customer());
  await pages.studio.session.getByText("Pictures are made in hours that you buy.").waitFor();
  await pages.studio.prompt.fill("a boat on the Brahmaputra");
  await pages.studio.cost.getByText("Buy an hour to make pictures.", { exact: true }).waitFor();
  await pages.studio.session.getByRole("link", { name: "See the plans" }).click();
  await page.getByRole("heading", { name: "Buy time in the studio" }).waitFor();
  await pages.goTo("Studio");
  assert.equal(await pages.studio.prompt.inputValue(), "a boat on the Brahmaputra");
});
