/**
 * The prompt and the generator's panel: what is chosen there is what the hub writes down, what it costs is said before, and
 * nothing typed is lost or sent by mistake.
 */
import assert from "node:assert/strict";
import { Studio, type StudioBench } from "./support/studio.ts";

const studio = new Studio();

async function inTheStudio(bench: StudioBench) {
  const customer = await bench.customer();
  const sessionId = await customer.grant("flash");
  const visitor = await bench.signedIn(customer);
  return { customer, sessionId, visitor, pages: visitor.pages, page: visitor.page };
}

studio.test("what the panel holds is what the hub writes down", async (bench) => {
  const { customer, pages } = await inTheStudio(bench);
  const panel = await pages.studio.openPanel();
  await panel.negative.fill("blur, text");
  await panel.choose(/^Landscape/);
  await panel.slider("Steps").fill("17");
  await panel.slider("Guidance").fill("9.5");
  await panel.seed.fill("424242");
  await panel.seed.blur();
  await panel.choose("2");
  await pages.studio.cost.getByText("2 pictures, 6 left after this").waitFor();
  const turn = await pages.studio.ask(bench.marker);
  await turn.picture(0);
  await turn.picture(1);
  const rows = await customer.rows();
  const told = rows.map(({ negative_prompt, width, height, steps, cfg_scale, batch_index, prompt }) => ({
    negative_prompt,
    width,
    height,
    steps,
    cfg_scale: Number(cfg_scale),
    batch_index,
    prompt,
  }));
  const expected = { negative_prompt: "blur, text", width: 768, height: 512, steps: 17, cfg_scale: 9.5 };
  assert.deepEqual(told, [0, 1].map((batch_index) => ({ ...expected, batch_index, prompt: bench.marker })));
  assert.equal(Number(rows[0]!.seed), 424242);
  await pages.studio.left("6 of 8 left").waitFor();
});

studio.test("a seed that is kept draws the next picture too; one that is not is new each time", async (bench) => {
  const { customer, pages } = await inTheStudio(bench);
  const panel = await pages.studio.openPanel();
  for (const nth of [0, 1]) await (await pages.studio.ask(`${bench.marker} loose ${nth}`)).picture();
  await panel.group.getByRole("button", { name: "Keep this seed" }).click();
  const kept = Number(await panel.seed.inputValue());
  for (const nth of [0, 1]) await (await pages.studio.ask(`${bench.marker} kept ${nth}`)).picture();
  const seeds = (await customer.rows()).map(({ seed }) => Number(seed));
  assert.notEqual(seeds[0], seeds[1]);
  assert.deepEqual(seeds.slice(2), [kept, kept]);
});

studio.test("Regenerate puts a variant beside the old picture, which stays", async (bench) => {
  const { customer, pages, page } = await inTheStudio(bench);
  const turn = await pages.studio.ask(bench.marker);
  const first = await (await turn.picture()).getAttribute("src");
  await turn.act("Regenerate");
  await turn.says("2 of 2").waitFor();
  const second = await (await turn.picture()).getAttribute("src");
  assert.notEqual(first, second);
  await turn.button("Previous variant").click();
  await turn.says("1 of 2").waitFor();
  await turn.button("Previous variant").and(page.locator(":focus")).waitFor();
  assert.equal(await (await turn.picture()).getAttribute("src"), first);
  await turn.button("Next variant").click();
  await turn.says("2 of 2").waitFor();
  assert.equal(await (await turn.picture()).getAttribute("src"), second);
  const rows = await customer.rows();
  assert.deepEqual(rows.map(({ prompt, status }) => [prompt, status]), [1, 2].map(() => [bench.marker, "completed"]));
  assert.equal(await pages.studio.turn(bench.marker).item.count(), 1);
});

studio.test("a picture's settings are had again", async (bench) => {
  const { pages, page } = await inTheStudio(bench);
  const panel = await pages.studio.openPanel();
  await panel.slider("Steps").fill("22");
  await panel.choose(/^Portrait/);
  const turn = await pages.studio.ask(bench.marker);
  await turn.picture();
  await panel.slider("Steps").fill("40");
  await panel.choose(/^Small/);
  await turn.act("Use settings");
  assert.equal(await pages.studio.prompt.inputValue(), bench.marker);
  assert.equal(await panel.slider("Steps").inputValue(), "22");
  assert.ok(await page.getByRole("radio", { name: /^Portrait/ }).isChecked());
});

studio.test("a draft and the panel survive a reload", async (bench) => {
  const { pages, page } = await inTheStudio(bench);
  const panel = await pages.studio.openPanel();
  await panel.slider("Steps").fill("33");
  await pages.studio.prompt.fill("half a thought");
  await page.reload();
  await pages.studio.prompt.waitFor();
  assert.equal(await pages.studio.prompt.inputValue(), "half a thought");
  assert.equal(await (await pages.studio.openPanel()).slider("Steps").inputValue(), "33");
});

studio.test("where the window has room the panel covers no picture: the session above it is a strip that opens", async (bench) => {
  const { pages, page } = await inTheStudio(bench);
  const { session } = pages.studio;
  await (await pages.studio.ask(bench.marker)).picture();
  const panel = await pages.studio.openPanel();
  const [beside, picture] = [await panel.group.boundingBox(), await page.locator("figure").boundingBox()];
  assert.ok(picture!.x + picture!.width < beside!.x, JSON.stringify({ picture, beside }));
  const strip = session.getByRole("button", { name: /7 of 8 left/ });
  const clock = session.getByText("left of 1 hour");
  await clock.waitFor({ state: "hidden" });
  await strip.click();
  await clock.waitFor();
  await session.getByRole("link", { name: "Add an hour" }).click({ trial: true });
  await page.keyboard.press("Escape");
  await clock.waitFor({ state: "hidden" });
  await panel.choose("2");
  // Left open, it does not lie over the panel when that is opened anew.
  await strip.click();
  await clock.waitFor();
  const generator = page.getByRole("button", { name: "Generator" });
  for (let count = 0; count < 2; count++) await generator.evaluate((button: { click(): void }) => button.click());
  await panel.choose("3");
  // Nor over fields that the keyboard goes to.
  await strip.click();
  await clock.waitFor();
  await panel.seed.focus();
  await clock.waitFor({ state: "hidden" });
  await generator.click();
  await clock.waitFor();
  await strip.waitFor({ state: "hidden" });
});

studio.test("Enter sends, Shift and Enter begin a line, and what an input method composes is not sent", async (bench) => {
  const { customer, pages, page, visitor } = await inTheStudio(bench);
  await pages.studio.cost.getByText("1 picture, 7 left after this").waitFor();
  await pages.studio.prompt.focus();
  const devtools = await visitor.context.newCDPSession(page);
  await devtools.send("Input.imeSetComposition", { text: "नदी", selectionStart: 3, selectionEnd: 3 });
  // The key that ends a composition, as Chromium reports it.
  await devtools.send("Input.dispatchKeyEvent", {
    type: "rawKeyDown",
    key: "Enter",
    code: "Enter",
    windowsVirtualKeyCode: 229,
  });
  await devtools.send("Input.insertText", { text: "नदी" });
  assert.equal(await pages.studio.prompt.inputValue(), "नदी");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type(bench.marker);
  assert.equal(await pages.studio.prompt.inputValue(), `नदी\n${bench.marker}`);
  assert.deepEqual(await customer.rows(), []);
  await page.keyboard.press("Enter");
  await page.locator("figure[data-state=there]").waitFor();
  assert.deepEqual((await customer.rows()).map(({ prompt }) => prompt), [`नदी\n${bench.marker}`]);
  assert.equal(await pages.studio.prompt.inputValue(), "");
});

studio.test("nothing is sent of an empty prompt, and how much room is left is said near the end", async (bench) => {
  const { customer, pages } = await inTheStudio(bench);
  await pages.studio.cost.getByText("1 picture, 7 left after this").waitFor();
  await pages.studio.prompt.fill("   ");
  await pages.studio.prompt.press("Enter");
  await pages.studio.prompt.fill("x".repeat(1_900));
  await pages.studio.cost.getByText(/100/).waitFor();
  await pages.studio.prompt.fill("x".repeat(2_003));
  await pages.studio.cost.getByText("3 characters too many.", { exact: true }).waitFor();
  await pages.studio.prompt.press("Enter");
  assert.equal((await pages.studio.prompt.inputValue()).length, 2_003);
  assert.deepEqual(await customer.rows(), []);
});

studio.test("sending twice in a blink asks once", async (bench) => {
  const { customer, pages, page } = await inTheStudio(bench);
  await pages.studio.cost.getByText("1 picture, 7 left after this").waitFor();
  await pages.studio.prompt.fill(bench.marker);
  await pages.studio.prompt.focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await pages.studio.turn(bench.marker).picture();
  assert.equal((await customer.rows()).length, 1);
});
