/**
 * Every page, in the states that support/states.ts lists, as it looks: axe-core finds no fault with it, light and dark, in English and Hindi; nothing
 * shifts; and there is a picture of each for people to look at, in tests/.output/web. Of how fast it is only what is said is
 * measured and printed: this machine is not the customer's.
 */
import assert from "node:assert/strict";
import { measure, measured } from "./support/in_page.js";
import { assertAccessible, portray } from "./support/looks.ts";
import { states } from "./support/states.ts";
import { Studio } from "./support/studio.ts";

const studio = new Studio();

const phone = { width: 390, height: 844 };
const desk = { width: 1440, height: 900 };

/** How each state is looked at: English in every light and size, Hindi in each once. */
const views = [
  { locale: "en-IN", size: phone, light: "light" },
  { locale: "en-IN", size: phone, light: "dark" },
  { locale: "en-IN", size: desk, light: "light" },
  { locale: "en-IN", size: desk, light: "dark" },
  { locale: "hi-IN", size: phone, light: "light" },
  { locale: "hi-IN", size: desk, light: "dark" },
] as const;

for (const [name, arrive] of Object.entries(states)) {
  studio.test(`axe-core finds no fault with ${name}, in either light and language`, async (bench) => {
    const faults: string[] = [];
    for (const locale of ["en-IN", "hi-IN"]) {
      const { page } = await arrive(studio, bench, locale);
      for (const { size, light } of views.filter((view) => view.locale === locale)) {
        await page.setViewportSize(size);
        await page.emulateMedia({ colorScheme: light });
        await page.evaluate("document.fonts.ready.then(() => {})");
        const view = `${name} ${locale.slice(0, 2)} ${size.width} ${light}`;
        await portray(page, view.replaceAll(" ", "-"));
        await assertAccessible(page, view).catch((error) => faults.push(error.message));
      }
    }
    assert.deepEqual(faults, []);
  });
}

studio.test("nothing shifts while a page loads and a picture is made; how fast that is", async (bench) => {
  const customer = await bench.customer();
  await customer.grant("flash");
  const { page, pages, context } = await bench.signedIn(customer);
  await context.addInitScript(measure);
  await page.reload();
  await pages.studio.left("8 of 8 left").or(pages.studio.session.getByText(/waits for you/)).waitFor();
  const turn = await pages.studio.ask(bench.marker);
  await turn.picture();
  await (await pages.studio.ask(`${bench.marker} again`)).picture();
  await pages.studio.prompt.pressSequentially("a lighthouse in a storm, seen from the sea, oil painting", {
    delay: 15,
  });
  const { shift, interactiveMs, typingTasks } = await page.evaluate(measured);
  console.log(
    `    shift ${shift.toFixed(4)}, prompt there after ${Math.round(interactiveMs)} ms, ` +
      `tasks over 50 ms while typing: ${typingTasks.length ? typingTasks.map(Math.round).join(", ") : "none"}`,
  );
  assert.ok(shift < 0.02, `what stood there shifts by ${shift}`);
});
