/**
 * Whoever comes, however he comes: by keyboard alone, on a phone, with large letters, in Hindi, in the dark, without motion,
 * with a token that ran out. And what people write is never HTML.
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { Customer } from "../edge/support/customer.ts";
import { overflow } from "./support/in_page.js";
import { Studio } from "./support/studio.ts";

const studio = new Studio();
const { hub } = studio;

/** Goes on by the tab key until what has the focus is called so. */
async function tabTo(page: Page, name: RegExp, key = "Tab"): Promise<void> {
  const seen: string[] = [];
  for (let nth = 0; nth < 60; nth++) {
    await page.keyboard.press(key);
    const focused = page.locator(":focus");
    const said = await focused.count()
      ? (await focused.ariaSnapshot({ timeout: 500 }).catch(() => "(gone)")).replaceAll('"', "")
      : "(nothing)";
    if (name.test(said)) return;
    seen.push(said.split("\n")[0]!);
  }
  throw new Error(`the tab key does not lead to ${name}; it led to ${seen.join(" | ")}`);
}

studio.test("the whole way goes by keyboard alone", async ({ visitor, marker }) => {
  const { page } = await visitor();
  await page.getByRole("heading", { level: 1 }).waitFor();
  await tabTo(page, /radio Sign in/);
  await page.keyboard.press("ArrowRight");
  await tabTo(page, /textbox E-mail/);
  await page.keyboard.type(`${crypto.randomUUID()}@example.test`);
  await page.keyboard.press("Tab");
  await page.keyboard.type("correct horse");
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: "Describe a picture" }).waitFor();

  await tabTo(page, /link Plans/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Buy time in the studio" }).waitFor();
  await tabTo(page, /button Buy 1 hour: Flash,/);
  await page.keyboard.press("Enter");
  await page.getByText("Paid. 1 hour of Flash is yours").first().waitFor();
  await tabTo(page, /button Start: /);
  await page.keyboard.press("Enter");

  await page.getByText("8 of 8 left").filter({ visible: true }).waitFor();
  await tabTo(page, /textbox Describe a picture/);
  await page.keyboard.type(marker);
  await page.keyboard.press("Enter");
  await page.locator("figure[data-state=there]").waitFor();
  assert.match(await page.locator(":focus").ariaSnapshot(), /textbox "Describe a picture"/);

  // Back over the picture: it opens, and Escape leads back to it.
  await tabTo(page, /button Open: /, "Shift+Tab");
  await page.keyboard.press("Enter");
  const lightbox = page.getByRole("dialog", { name: "Picture" });
  await lightbox.waitFor();
  await page.keyboard.press("Escape");
  await lightbox.waitFor({ state: "hidden" });
  assert.match(await page.locator(":focus").ariaSnapshot(), /button "Open: /);

  await tabTo(page, /link Pictures/, "Shift+Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Pictures" }).waitFor();
  await tabTo(page, /link Open: /);
  await page.keyboard.press("Delete");
  await page.getByRole("link", { name: /^Open: / }).waitFor({ state: "detached" });
  await tabTo(page, /button Undo/);
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: /^Open: / }).waitFor();
});

const widths: [name: string, width: number, height: number][] = [
  ["a phone", 390, 844],
  ["a small phone", 320, 568],
  // 1280 × 1024 at 400 %: the window that is left.
  ["400 % zoom", 320, 256],
];
for (const [name, width, height] of widths) {
  studio.test(`on ${name} everything fits, and a picture is made`, async (bench) => {
    const customer = await bench.customer();
    await customer.grant("flash");
    const { pages, page } = await bench.signedIn(customer, {
      viewport: { width, height },
      hasTouch: true,
      isMobile: width < 500,
    });
    await (await pages.studio.ask(`${bench.marker} averylongwordthatnobodywouldeverbreakanywhereunlessforced`))
      .picture();
    assert.deepEqual(await page.evaluate(overflow), [], "the studio");
    await pages.studio.openPanel();
    assert.deepEqual(await page.evaluate(overflow), [], "the panel");
    await page.getByRole("button", { name: /left/ }).click();
    await page.getByText("left of 1 hour").waitFor();
    assert.deepEqual(await page.evaluate(overflow), [], "the session");
    for (const place of ["Pictures", "Plans"] as const) {
      await pages.goTo(place);
      await page.getByRole("heading", { level: 1 }).waitFor();
      assert.deepEqual(await page.evaluate(overflow), [], place);
    }
    await pages.menu.open();
    assert.deepEqual(await page.evaluate(overflow), [], "the menu");
    await pages.menu.press("What happened");
    await page.getByRole("heading", { name: "What happened" }).waitFor();
    assert.deepEqual(await page.evaluate(overflow), [], "the log");
  });
}

studio.test("on a phone the conversations give way to the one that was chosen", async (bench) => {
  const customer = await bench.customer();
  await customer.grant("flash");
  const { pages, page } = await bench.signedIn(customer, { viewport: { width: 390, height: 844 }, hasTouch: true });
  const drawer = page.locator("#conversations");
  const open = () => page.getByRole("button", { name: "Conversations" }).tap();
  const first = await pages.studio.ask(`${bench.marker} one`);
  await first.picture();
  await open();
  await drawer.getByRole("link", { name: "New conversation" }).tap();
  await drawer.waitFor({ state: "hidden" });
  await (await pages.studio.ask(`${bench.marker} two`)).picture();
  await open();
  await drawer.getByRole("link", { name: `${bench.marker} one` }).tap();
  await drawer.waitFor({ state: "hidden" });
  await first.picture();
  await pages.menu.open();
  await pages.menu.press("What happened");
  await page.locator("#menu").waitFor({ state: "hidden" });
});

studio.test("what people write is never HTML", async (bench) => {
  const customer = await bench.customer();
  await customer.grant("flash");
  const { pages, page } = await bench.signedIn(customer);
  const evil = `<img src=x onerror="document.title='taken'"><b>${bench.marker}</b>`;
  const turn = await pages.studio.ask(evil);
  await turn.picture();
  const conversation = pages.studio.conversations.getByRole("listitem").first();
  await conversation.hover();
  await conversation.getByRole("button", { name: /^Rename/ }).click();
  await page.getByRole("textbox", { name: "Name of the conversation" }).fill(evil);
  await page.keyboard.press("Enter");
  await pages.studio.conversations.getByRole("link", { name: evil }).waitFor();
  await page.reload();
  await pages.studio.conversations.getByRole("link", { name: evil }).waitFor();
  await pages.studio.turn(evil).picture();
  await turn.act("Open large");
  await page.getByRole("dialog", { name: "Picture" }).getByText(evil).waitFor();
  await page.keyboard.press("Escape");
  await pages.goTo("Pictures");
  await pages.history.picture(evil).waitFor();
  assert.equal(await page.locator("img[onerror], b").count(), 0);
  assert.doesNotMatch(await page.title(), /taken/);
});

studio.test("the pages speak Hindi, and go on doing so after a reload", async (bench) => {
  const customer = await bench.customer();
  await customer.grant("flash");
  const { pages, page } = await bench.signedIn(customer);
  await pages.menu.open();
  await pages.menu.choose("हिन्दी");
  const words = JSON.parse(await Deno.readTextFile(new URL("../../crates/web/catalogues/hi.json", import.meta.url)));
  const prompt = page.getByRole("textbox", { name: words["prompt.label"] });
  await prompt.waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "hi");
  await page.reload();
  await prompt.waitFor();
  await prompt.fill(bench.marker);
  await page.getByRole("button", { name: words["prompt.send"] }).click();
  await page.locator("figure[data-state=there]").waitFor();
});

studio.test("a browser that speaks Hindi is spoken to in Hindi", async ({ visitor }) => {
  const { page } = await visitor({ locale: "hi-IN" });
  const words = JSON.parse(await Deno.readTextFile(new URL("../../crates/web/catalogues/hi.json", import.meta.url)));
  await page.getByRole("heading", { name: words["sign_in.heading"] }).waitFor();
});

studio.test("the theme that was chosen stands from the first paint on", async (bench) => {
  const { pages, page } = await bench.signedIn(await bench.customer());
  const ground = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
  const paper = await ground();
  await pages.menu.open();
  await pages.menu.choose("Darkroom");
  const dark = await ground();
  assert.notEqual(dark, paper);
  // While the page is still being opened and nothing of it has run but the first script.
  const looked = Promise.withResolvers<void>();
  await page.route("**/*.wasm", async (route) => {
    await looked.promise;
    await route.continue();
  });
  await page.reload({ waitUntil: "commit" });
  await page.locator("main.opening").waitFor();
  assert.equal(await ground(), dark);
  looked.resolve();
  await pages.studio.prompt.waitFor();
  assert.equal(await ground(), dark);
  await pages.menu.open();
  await pages.menu.choose("System");
  assert.equal(await ground(), paper);
  await page.emulateMedia({ colorScheme: "dark" });
  assert.equal(await ground(), dark);
});

studio.test("with reduced motion nothing moves", async (bench) => {
  const customer = await bench.customer();
  await customer.grant("flash");
  const { pages, page } = await bench.signedIn(customer, { reducedMotion: "reduce" });
  const hold = bench.hold(bench.marker);
  const turn = await pages.studio.ask(bench.marker);
  await hold.arrived();
  const moving = "document.getAnimations().filter((one) => one.effect.getComputedTiming().duration > 1).length";
  assert.equal(await page.evaluate(moving), 0);
  hold.open();
  await turn.picture();
  assert.equal(await page.evaluate(moving), 0);
});

/**
 * The access token that supabase-js keeps has run out, by its own clock, before the next document looks at it. Not in the one
 * that is there: that would renew it while it is being left.
 */
const runOut = `
  const name = Object.keys(localStorage).find((name) => name.endsWith("-auth-token"));
  if (name && !sessionStorage.ranOut) {
    sessionStorage.ranOut = "yes";
    const kept = JSON.parse(localStorage.getItem(name));
    kept.expires_at = Math.floor(Date.now() / 1000) - 60;
    localStorage.setItem(name, JSON.stringify(kept));
  }
`;

studio.test("a token that ran out is renewed, and nobody notices", async (bench) => {
  const customer = await bench.customer();
  await customer.grant("flash");
  const { pages, page, context } = await bench.signedIn(customer);
  await context.addInitScript(runOut);
  const renewed = page.waitForResponse((response) => response.url().includes("grant_type=refresh_token"));
  await page.reload();
  await renewed;
  await (await pages.studio.ask(bench.marker)).picture();
});

studio.test("a session that Auth has ended leads to signing in, says so, and keeps the draft", async (bench) => {
  const customer = await bench.customer();
  const email = await emailOf(customer);
  const { pages, page, context } = await bench.signedIn(customer, { expected: [/status of 40[0-9]/] });
  await pages.studio.prompt.fill("half a thought");
  await hub.sql`delete from auth.sessions where user_id = ${customer.id}`;
  await context.addInitScript(runOut);
  await page.reload();
  await pages.signIn.email.waitFor();
  await page.getByText("You were signed out. Sign in again; your draft is kept.").first().waitFor();
  await pages.signIn.signIn(email, "correct horse");
  await pages.studio.prompt.waitFor();
  assert.equal(await pages.studio.prompt.inputValue(), "half a thought");
});

studio.test("signing out leaves nothing of the customer in the browser", async (bench) => {
  const customer = await bench.customer();
  await customer.grant("flash");
  const { pages, page } = await bench.signedIn(customer);
  const panel = await pages.studio.openPanel();
  await panel.negative.fill("my own secret words");
  await (await pages.studio.ask(bench.marker)).picture();
  await pages.studio.prompt.fill("half a thought");
  await pages.menu.open();
  await pages.menu.press("Sign out");
  await pages.signIn.email.waitFor();
  const kept = await page.evaluate<string>("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])");
  for (const words of ["my own secret words", "half a thought", bench.marker, customer.id, "@example.test", "token"]) {
    assert.ok(!kept.includes(words), `${words} is in ${kept}`);
  }
  assert.equal(await page.getByText(bench.marker).count(), 0);
});

studio.test("signing out in one tab leaves nothing in another, and who signs in there begins anew", async (bench) => {
  const [one, other] = [await bench.customer(), await bench.customer()];
  await one.grant("flash");
  const visitor = await bench.signedIn(one);
  const turn = await visitor.pages.studio.ask(bench.marker);
  await turn.picture();
  const second = await visitor.tab();
  await second.page.goto(visitor.page.url());
  await second.studio.turn(bench.marker).act("Copy prompt");
  await second.studio.prompt.fill("half a thought");
  await visitor.pages.menu.open();
  await visitor.pages.menu.press("Sign out");
  await second.signIn.email.waitFor();
  await second.signIn.signIn(await emailOf(other), "correct horse");
  await second.studio.prompt.waitFor();
  assert.equal(await second.studio.prompt.inputValue(), "");
  assert.equal(new URL(second.page.url()).hash, "#/");
  await second.menu.open();
  await second.menu.press("What happened");
  await second.page.getByText("Nothing yet.").waitFor();
});

studio.test("who signs in where another was signed out by Auth finds nothing of his", async (bench) => {
  const [one, other] = [await bench.customer(), await bench.customer()];
  const visitor = await bench.signedIn(one, { expected: [/status of 40[0-9]/] });
  await visitor.pages.studio.prompt.fill("half a thought");
  await hub.sql`delete from auth.sessions where user_id = ${one.id}`;
  await visitor.context.addInitScript(runOut);
  await visitor.page.reload();
  await visitor.pages.signIn.email.waitFor();
  await visitor.signInAs(await emailOf(other), "correct horse");
  assert.equal(await visitor.pages.studio.prompt.inputValue(), "");
  assert.ok(!(await visitor.page.evaluate<string>("JSON.stringify({ ...localStorage })")).includes("half a thought"));
});

studio.test("what does not fit is said beside its field, and a wrong password in a sentence", async (bench) => {
  const customer = await bench.customer();
  const { pages, page } = await bench.visitor({ expected: [/status of 400/] });
  await pages.signIn.signUp("nobody", "short");
  await page.getByText("That is no e-mail address yet.").waitFor();
  await page.getByText("The password needs at least").waitFor();
  await page.getByRole("radio", { name: "Sign in" }).check();
  await pages.signIn.signIn(await emailOf(customer), "wrong horse");
  await page.getByRole("alert").getByText("E-mail and password do not fit together.").waitFor();
});

async function emailOf(customer: Customer): Promise<string> {
  const { data } = await customer.client.auth.getUser();
  return data.user!.email!;
}
