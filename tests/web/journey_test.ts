/**
 * The whole way of a customer, in a real browser against the whole local stack: an account, an hour, a picture that a
 * second tab hears of, the file of it, a reload, the page of all pictures, deleting and taking that back.
 */
import assert from "node:assert/strict";
import { until } from "../../scripts/local/process.ts";
import { watchForWords } from "./support/in_page.js";
import { Studio } from "./support/studio.ts";

const studio = new Studio();
const { hub } = studio;

const customerOf = async (email: string) => {
  const [user] = await hub.sql<{ id: string }[]>`select id from auth.users where email = ${email}`;
  return user!.id;
};

/** The objects of a customer in Storage. */
const objectsOf = async (customerId: string) => {
  const found = await hub.sql<{ name: string }[]>`
    select name from storage.objects where bucket_id = 'generated-images' and starts_with(name, ${customerId + "/"})`;
  return found.map(({ name }) => name);
};

studio.test("from the first visit to a picture, and back to where it was never made", async ({ visitor, marker }) => {
  const one = await visitor({ acceptDownloads: true });
  const { pages, page } = one;
  const email = `${crypto.randomUUID()}@example.test`;
  await pages.signIn.signUp(email, "correct horse");
  await pages.studio.prompt.waitFor();
  const customerId = await customerOf(email);

  // Two hours, in the demonstration.
  await pages.goTo("Plans");
  await pages.plans.choose("2 hours");
  await pages.plans.buy("Flash Lite").click();
  await page.getByText("Paid. 2 hours of Flash Lite are yours").first().waitFor();
  await page.getByText("This is a demonstration. No money moves here.").waitFor();
  const bought = await hub.sql`select plan_id, hours_purchased from public.user_sessions where user_id = ${customerId}`;
  assert.deepEqual([...bought], [{ plan_id: "flash-lite", hours_purchased: 2 }]);
  await pages.plans.start.click();

  // A second tab is told of every picture.
  await pages.studio.left("3 of 3 left").waitFor();
  const second = await one.listeningTab();
  await second.studio.left("3 of 3 left").waitFor();
  await second.page.evaluate(watchForWords, "2 of 3 left");
  const prompt = `A lighthouse in a storm ${marker}`;
  const turn = await pages.studio.ask(prompt);
  await turn.picture();
  await second.studio.left("2 of 3 left").waitFor();
  const [made] = await hub.sql<
    { created_at: Date; id: string; seed: string; object_name: string; hour_index: number }[]
  >`
    select * from public.image_generations where user_id = ${customerId}`;
  const seenAt = await second.page.evaluate(() => (globalThis as unknown as { seenAt: number }).seenAt);
  const heardMs = seenAt - made!.created_at.getTime();
  console.log(`    a second tab showed it after ${heardMs} ms`);
  // Had nobody told it, it would have asked in a minute.
  assert.ok(heardMs < 30_000, `${heardMs} ms`);

  // The file is the one in Storage, byte by byte, under a name that says what it is.
  const [download] = await Promise.all([page.waitForEvent("download"), turn.act("Download")]);
  const stamp = made!.created_at.toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  assert.equal(download.suggestedFilename(), `${slug(prompt)}_${made!.seed}_${stamp}.png`);
  const stored = await fetch(`${hub.stack.url}/storage/v1/object/public/generated-images/${made!.object_name}`);
  assert.deepEqual(await Deno.readFile(await download.path()), await stored.bytes());

  // What was there before a reload is there after it.
  await page.reload();
  await pages.studio.turn(prompt).picture();
  await pages.studio.left("2 of 3 left").waitFor();

  // Deleted, had back, deleted: and gone from Storage.
  await pages.goTo("Pictures");
  const tile = pages.history.picture(prompt);
  await tile.waitFor();
  await second.goTo("Pictures");
  await second.history.picture(prompt).waitFor();
  await tile.focus();
  await page.keyboard.press("Delete");
  await tile.waitFor({ state: "detached" });
  await second.history.picture(prompt).waitFor({ state: "detached" });
  await pages.notices.getByRole("button", { name: "Undo" }).click();
  await tile.waitFor();
  await second.history.picture(prompt).waitFor();
  assert.equal((await objectsOf(customerId)).length, 1);
  await tile.focus();
  await page.keyboard.press("Delete");
  await tile.waitFor({ state: "detached" });
  const isMarked = async () => {
    const [row] = await hub.sql`select deleted_at from public.image_generations where id = ${made!.id}`;
    return row!.deleted_at !== null;
  };
  assert.ok(await until(isMarked, 10_000), "the hub has it that it is deleted");
  await hub.sql`update public.image_generations set deleted_at = deleted_at - interval '20 seconds' where id = ${
    made!.id
  }`;
  await hub.work();
  assert.deepEqual(await objectsOf(customerId), []);
  await page.reload();
  await page.getByRole("heading", { name: "No pictures here" }).waitFor();
});

/** The words of a prompt as a name of a file has them. */
function slug(prompt: string): string {
  return prompt.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 40).replace(/-+$/, "");
}
