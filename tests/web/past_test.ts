/**
 * A past of ten thousand pictures: the page of all pictures has elements for those in sight alone, whichever those are, by
 * the wheel and by the keyboard. How smoothly it scrolls is measured and printed: this machine is not the customer's.
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { Customer } from "../edge/support/customer.ts";
import { scrollThrough, watchTasks } from "./support/in_page.js";
import { Studio } from "./support/studio.ts";

const studio = new Studio();
const { hub } = studio;

const pictureCount = 10_000;
/** More tiles than any window of this size can show, and far fewer than there are pictures. */
const tilesMax = 150;

/** A customer who has made that many; "picture 1" is the newest. All of them show the one that was really drawn. */
async function collector(): Promise<Customer> {
  const customer = await Customer.signUp(hub);
  const sessionId = await customer.grant("pro");
  const { body } = await customer.generate({ prompt: "picture 1", sessionId });
  assert.equal(body.success, true);
  await hub.sql.begin(async (sql) => {
    // They are consistent by the way they are made, and nobody needs to be told of each.
    await sql`alter table public.image_generations disable trigger user`;
    await sql`
      insert into public.image_generations (user_id, session_id, request_id, request_digest, hour_index, status, prompt,
        width, height, steps, cfg_scale, seed, storage_key, object_name, image_url, model_used, generation_time_ms,
        created_at, settled_at)
      select user_id, session_id, gen_random_uuid(), request_digest, 0, 'completed', 'picture ' || number, width, height,
        steps, cfg_scale, number, key, user_id || '/' || key || '.png', image_url || '?number=' || number,
        model_used, generation_time_ms, created_at - number * interval '1 minute', settled_at
      from public.image_generations, generate_series(2, ${pictureCount}::integer) as number,
        lateral (select md5(number::text)::uuid as key) as drawn
      where user_id = ${customer.id}`;
    await sql`alter table public.image_generations enable trigger user`;
  });
  return customer;
}

/** The tiles that have elements: the place that each says it has, and its picture's number. */
async function tiles(page: Page): Promise<{ place: number; number: number }[]> {
  return await page.locator(".tile").evaluateAll((found) =>
    found.map((tile) => ({
      place: Number(tile.getAttribute("aria-posinset")),
      number: Number(/picture (\d+)$/.exec(tile.querySelector("a")?.getAttribute("aria-label") ?? "")?.[1]),
    }))
  );
}

async function assertWindow(page: Page, name: string): Promise<void> {
  const found = await tiles(page);
  assert.ok(found.length > 0 && found.length <= tilesMax, `${name}: ${found.length} tiles`);
  for (const { place, number } of found) {
    // A place whose picture is still on its way has no number.
    assert.ok(Number.isNaN(number) || place === number, `${name}: picture ${number} stands at ${place}`);
  }
}

studio.test("ten thousand pictures scroll, and only those in sight have elements", async ({ signedIn }) => {
  const { page, pages } = await signedIn(await collector());
  await pages.goTo("Pictures");
  await page.getByText("10,000 pictures").waitFor();
  await pages.history.picture("picture 1").waitFor();
  await assertWindow(page, "at the top");

  await page.evaluate("scrollTo(0, document.documentElement.scrollHeight / 2)");
  const middle = `picture ${pictureCount / 2}`;
  await pages.history.picture(middle).waitFor();
  await assertWindow(page, "in the middle");

  // By the keyboard: to the last one, to the one before, and back to the first.
  await pages.history.picture(middle).focus();
  await page.keyboard.press("End");
  await pages.history.picture("picture 10000").and(page.locator(":focus")).waitFor();
  await assertWindow(page, "at the end");
  await page.keyboard.press("ArrowLeft");
  await pages.history.picture("picture 9999").and(page.locator(":focus")).waitFor();
  await page.keyboard.press("Home");
  await pages.history.picture("picture 1").and(page.locator(":focus")).waitFor();

  await page.evaluate(watchTasks);
  for (const step of [120, 600, 2_000, -2_000, -600, -120]) {
    const { frames, longest, long } = await page.evaluate(scrollThrough, { step, frames: 120 });
    console.log(
      `    ${step} px a frame: ${frames.toFixed(1)} frames a second, longest ${longest.toFixed(0)} ms, ` +
        `tasks over 50 ms: ${long.length ? long.map(Math.round).join(", ") : "none"}`,
    );
    await assertWindow(page, `after ${step} px a frame`);
  }
});

studio.test("Delete is about the picture that has the focus, whatever has come before it", async (bench) => {
  const customer = await bench.customer();
  const sessionId = await customer.grant("flash");
  for (const name of ["one", "two"]) await customer.generate({ prompt: `${bench.marker} ${name}`, sessionId });
  const { page, pages } = await bench.signedIn(customer);
  await pages.goTo("Pictures");
  const tile = (name: string) => pages.history.picture(`${bench.marker} ${name}`);
  await tile("two").waitFor();
  await tile("two").focus();
  await customer.generate({ prompt: `${bench.marker} three`, sessionId });
  await tile("three").waitFor();
  await tile("two").and(page.locator(":focus")).waitFor();
  await page.keyboard.press("Delete");
  await tile("two").waitFor({ state: "detached" });
  await tile("three").waitFor();
  await tile("one").waitFor();
});

studio.test("a picture that is deleted and had back in the lightbox leaves its keys at work", async (bench) => {
  const customer = await bench.customer();
  const sessionId = await customer.grant("flash");
  for (const name of ["one", "two"]) await customer.generate({ prompt: `${bench.marker} ${name}`, sessionId });
  const { page, pages } = await bench.signedIn(customer);
  await pages.goTo("Pictures");
  await pages.history.picture(`${bench.marker} two`).focus();
  await page.keyboard.press("Enter");
  const lightbox = page.getByRole("dialog", { name: "Picture" });
  await lightbox.getByText("1 of 2").waitFor();
  await page.keyboard.press("Delete");
  await lightbox.getByText("1 of 1").waitFor();
  await lightbox.getByRole("button", { name: "Undo" }).click();
  await lightbox.getByText("2 of 2").waitFor();
  await page.keyboard.press("ArrowLeft");
  await lightbox.getByText("1 of 2").waitFor();
});
