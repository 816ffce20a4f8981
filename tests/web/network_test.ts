/**
 * What a customer sees of a network that is gone or swallows answers, and that he pays once whatever it does. That these can
 * fail was seen by sending each request under a new id: then there are two pictures and two credits.
 */
import assert from "node:assert/strict";
import type { Page, Route } from "playwright-core";
import { until } from "../../scripts/local/process.ts";
import type { Customer } from "../edge/support/customer.ts";
import { Studio, type StudioBench } from "./support/studio.ts";

const studio = new Studio();
const { hub } = studio;

/** What a browser writes into its console by itself when there is no network, or what is said twice is there already. */
const gone = [
  /status of 502/,
  /ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|ERR_FAILED|ERR_CONNECTION|WebSocket/,
  /Failed to fetch/,
  /status of 40[349]/,
];

async function inTheStudio(bench: StudioBench) {
  const customer = await bench.customer();
  const sessionId = await customer.grant("flash");
  const visitor = await bench.signedIn(customer, { expected: gone });
  return { customer, sessionId, visitor, pages: visitor.pages, page: visitor.page };
}

/** Lets the first request reach the hub and its answer not the page; the ids of all that are sent. */
async function spoilFirstAnswer(page: Page, spoil: (route: Route) => Promise<void>): Promise<string[]> {
  const ids: string[] = [];
  await page.route("**/functions/v1/generate-image", async (route) => {
    if (route.request().method() !== "POST") return await route.continue();
    ids.push(route.request().postDataJSON().requestId);
    if (ids.length > 1) return await route.continue();
    await route.fetch();
    await spoil(route);
  });
  return ids;
}

/** One picture, one credit, one message, and one request that the engine saw. */
async function paidOnce(bench: StudioBench, customer: Customer, sessionId: string): Promise<void> {
  assert.deepEqual((await customer.rows()).map(({ status }) => status), ["completed"]);
  assert.equal(await customer.credits(sessionId), 7);
  assert.equal((await customer.session(sessionId)).images_generated, 1);
  const [said] = await hub.sql`
    select count(*)::int as count from public.chat_messages as message
    join public.conversations as conversation on conversation.id = message.conversation_id
    where conversation.user_id = ${customer.id} and message.role = 'user'`;
  assert.equal(said!.count, 1);
  assert.equal((await bench.engine.requests(bench.marker)).filter(({ method }) => method === "POST").length, 1);
}

studio.test("a network that goes while a picture is drawn is said to be gone, and comes back by itself", async (bench) => {
  const { customer, sessionId, visitor, pages } = await inTheStudio(bench);
  const hold = bench.hold(bench.marker);
  const turn = await pages.studio.ask(bench.marker);
  await hold.arrived();
  await turn.says(/^Drawing your picture/).waitFor();
  await visitor.context.setOffline(true);
  await pages.offline.waitFor();
  await turn.says("You are offline. The picture goes on without you.").waitFor();
  // Nobody is told of the picture that is done meanwhile.
  hold.open();
  await customer.settled((await customer.rows())[0]!.request_id);
  await visitor.context.setOffline(false);
  await turn.picture();
  await pages.offline.waitFor({ state: "detached" });
  await pages.studio.left("7 of 8 left").waitFor();
  await paidOnce(bench, customer, sessionId);
});

studio.test("a request that is made without a network is kept, and sent when there is one", async (bench) => {
  const { customer, sessionId, visitor, pages } = await inTheStudio(bench);
  await pages.studio.cost.getByText("1 picture, 7 left after this").waitFor();
  await visitor.context.setOffline(true);
  await pages.offline.waitFor();
  const turn = await pages.studio.ask(bench.marker);
  await turn.says(/There is no connection\. Your words are kept/).waitFor();
  await visitor.context.setOffline(false);
  await turn.picture();
  await paidOnce(bench, customer, sessionId);
});

studio.test("an answer that is lost is asked for again under the same id, and one picture is paid", async (bench) => {
  const { customer, sessionId, pages, page } = await inTheStudio(bench);
  const ids = await spoilFirstAnswer(page, (route) => route.abort());
  const turn = await pages.studio.ask(bench.marker);
  await turn.picture();
  assert.equal(new Set(ids).size, 1, "every try has the same id");
  await paidOnce(bench, customer, sessionId);
});

studio.test("an answer of whatever stands before the hub decides nothing, and one picture is paid", async (bench) => {
  const { customer, sessionId, pages, page } = await inTheStudio(bench);
  const gateways = { status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" };
  const ids = await spoilFirstAnswer(page, (route) => route.fulfill(gateways));
  const turn = await pages.studio.ask(bench.marker);
  await turn.picture();
  assert.equal(new Set(ids).size, 1, "every try has the same id");
  await paidOnce(bench, customer, sessionId);
});

studio.test("a page that is closed before the answer came goes on where it was, and one picture is paid", async (bench) => {
  const { customer, sessionId, pages, page } = await inTheStudio(bench);
  const lost = Promise.withResolvers<void>();
  await page.route("**/functions/v1/generate-image", async (route) => {
    await route.fetch();
    lost.resolve();
    // Nobody answers before the page is gone.
  });
  const turn = await pages.studio.ask(bench.marker);
  await lost.promise;
  await page.unroute("**/functions/v1/generate-image");
  await page.reload();
  await turn.picture();
  await paidOnce(bench, customer, sessionId);
});

studio.test("a hub that never answers is said so after a while, and the button asks again under the same id", async (bench) => {
  const { customer, sessionId, pages, page } = await inTheStudio(bench);
  const ids: string[] = [];
  await page.route("**/functions/v1/generate-image", async (route) => {
    ids.push(route.request().postDataJSON().requestId);
    await route.abort();
  });
  const turn = await pages.studio.ask(bench.marker);
  // It is asked for by itself three times first, which takes as long as that takes.
  await turn.says("Sending your request.").waitFor();
  await turn.button("Ask again").waitFor({ timeout: 30_000 });
  await turn.says("No answer came.").waitFor();
  assert.ok(ids.length > 1, "it was asked for by itself");
  await page.unroute("**/functions/v1/generate-image");
  await turn.button("Ask again").click();
  await turn.picture();
  assert.equal(new Set(ids).size, 1);
  await paidOnce(bench, customer, sessionId);
});

studio.test("pictures that did not arrive come as soon as there is a network again, wherever they are shown", async (bench) => {
  const { visitor, pages, page } = await inTheStudio(bench);
  const objects = "**/storage/v1/object/**";
  await page.route(objects, (route) => route.abort("internetdisconnected"));
  const turn = await pages.studio.ask(bench.marker);
  await turn.picture();
  const arrived = (place: string) =>
    page.locator(`${place} img`).evaluate((image: { naturalWidth: number }) => image.naturalWidth > 0);
  const again = async (...places: string[]) => {
    await visitor.context.setOffline(true);
    await pages.offline.waitFor();
    for (const place of places) assert.equal(await arrived(place), false, place);
    await page.unroute(objects);
    await visitor.context.setOffline(false);
    for (const place of places) await until(() => arrived(place), 10_000, 50).then((is) => assert.ok(is, place));
  };
  await again("figure", ".reel .frame");
  // The same in the past, from which nothing is kept in memory.
  await page.route(objects, (route) => route.abort("internetdisconnected"));
  await pages.goTo("Pictures");
  await page.reload();
  await pages.history.picture(bench.marker).waitFor();
  await again(".tile");
});

studio.test("an image that does not arrive is asked for again, also where the network never went", async (bench) => {
  const { pages, page } = await inTheStudio(bench);
  let tries = 0;
  await page.route("**/storage/v1/object/**", (route) => ++tries <= 2 ? route.abort() : route.continue());
  const turn = await pages.studio.ask(bench.marker);
  await turn.picture();
  const arrived = () =>
    page.locator("figure img").evaluate((image: { naturalWidth: number }) => image.naturalWidth > 0);
  assert.ok(await until(arrived, 20_000, 50));
  assert.ok(tries > 2);
});

studio.test("an undo whose answer is lost is asked for again, and the picture is there", async (bench) => {
  const { customer, pages, page } = await inTheStudio(bench);
  const turn = await pages.studio.ask(bench.marker);
  await turn.picture();
  let tries = 0;
  await page.route("**/rest/v1/rpc/restore_pictures", async (route) => {
    if (route.request().method() !== "POST" || ++tries > 1) return await route.continue();
    await route.fetch();
    await route.abort();
  });
  const deletedAt = async () => (await customer.rows()).map(({ deleted_at }) => deleted_at);
  await turn.button("Delete").click();
  await turn.says(/^Deleted/).waitFor();
  assert.ok(await until(async () => (await deletedAt())[0] !== null, 10_000, 50));
  await pages.notices.getByRole("button", { name: "Undo" }).click();
  await turn.picture();
  assert.ok(await until(() => tries === 2, 10_000, 50));
  await turn.picture();
  assert.deepEqual(await deletedAt(), [null]);
});

studio.test("where no socket is to be had, what is left is asked for", async (bench) => {
  const customer = await bench.customer();
  const sessionId = await customer.grant("flash");
  const visitor = await bench.visitor({ expected: gone });
  let refused = 0;
  await visitor.context.routeWebSocket(/\/realtime\//, (socket) => {
    refused += 1;
    socket.close();
  });
  await visitor.page.reload();
  await visitor.signInAs((await customer.client.auth.getUser()).data.user!.email!, "correct horse");
  await visitor.pages.studio.session.getByText(/waits for you/).waitFor();
  const answer = await customer.generate({ prompt: bench.marker, sessionId });
  assert.equal(answer.body.success, true);
  await visitor.pages.studio.left("7 of 8 left").waitFor();
  assert.ok(refused > 0, "the page asked for a socket");
});
