/**
 * What a customer sees of an engine that is cold, down, refusing or slow, and of a queue: why there is no picture yet or
 * none at all, that it cost nothing, and one button that helps. Whatever is waited for survives a reload.
 */
import assert from "node:assert/strict";
import type { Customer } from "../edge/support/customer.ts";
import type { Fault } from "../edge/support/easel.ts";
import { Studio, type StudioBench } from "./support/studio.ts";
import { passWaits } from "./support/waiting.ts";

const studio = new Studio();
const { hub } = studio;

/** A customer whose hour runs, in the studio. */
async function inTheStudio(bench: StudioBench, plan = "flash") {
  const customer = await bench.customer();
  const sessionId = await customer.grant(plan);
  const visitor = await bench.signedIn(customer);
  return { customer, sessionId, pages: visitor.pages, page: visitor.page, visitor };
}

const statuses = async (customer: Customer) => (await customer.rows()).map(({ status }) => status);

studio.test("a cold engine is said to wake up, with seconds, and the picture comes", async (bench) => {
  const { customer, pages } = await inTheStudio(bench);
  await bench.engine.order(bench.marker, { kind: "cold", estimated_time: 6 });
  const turn = await pages.studio.ask(bench.marker);
  await turn.says(/^The engine is waking up, about \d+ seconds?\.$/).waitFor();
  await turn.picture();
  assert.deepEqual(await statuses(customer), ["completed"]);
});

studio.test("an engine that is down is tried again, and given up without a charge; the button asks anew", async (bench) => {
  const { customer, sessionId, pages } = await inTheStudio(bench);
  await bench.engine.order(bench.marker, { kind: "status", status: 503 }, null);
  const turn = await pages.studio.ask(bench.marker);
  await turn.says(/^That try did not work\. The next one comes in \d+ seconds\.$/).waitFor();
  await passWaits(hub, bench.marker);
  await turn.says("You were not charged.").waitFor();
  assert.equal(await customer.credits(sessionId), 8);
  await bench.engine.clear();
  await hub.forgetFaults();
  await turn.button("Try again").click();
  await turn.picture();
  assert.equal(await customer.credits(sessionId), 7);
  assert.deepEqual((await statuses(customer)).sort(), ["completed", "failed"]);
});

studio.test("a refused prompt is said to be refused; its words come back to be changed", async (bench) => {
  const { customer, pages } = await inTheStudio(bench);
  await bench.engine.order(bench.marker, { kind: "refuse_prompt" }, null);
  const turn = await pages.studio.ask(`a picture ${bench.marker}`);
  await turn.says("The hub does not draw this. Say it in other words.").waitFor();
  await turn.says("You were not charged.").waitFor();
  await turn.button("Change the words").click();
  assert.equal(await pages.studio.prompt.inputValue(), `a picture ${bench.marker}`);
  assert.deepEqual(await statuses(customer), ["failed"]);
});

const broken: [name: string, fault: Fault, words: string][] = [
  ["breaks", { kind: "status", status: 500 }, "That picture did not arrive."],
  ["sends garbage", { kind: "garbage" }, "That picture did not arrive."],
];
for (const [name, fault, words] of broken) {
  studio.test(`an engine that ${name} costs nothing, and that is said`, async (bench) => {
    const { customer, sessionId, pages } = await inTheStudio(bench);
    await bench.engine.order(bench.marker, fault, null);
    const turn = await pages.studio.ask(bench.marker);
    await passWaits(hub, bench.marker);
    await turn.says(words).waitFor();
    await turn.says("You were not charged.").waitFor();
    await turn.button("Try again").waitFor();
    assert.equal(await customer.credits(sessionId), 8);
    // Nothing was made of the hour, so its clock does not run.
    await pages.studio.session.getByRole("button", { name: "Start now" }).waitFor();
  });
}

studio.test("a slow picture can be taken back, and costs nothing", async (bench) => {
  const { customer, sessionId, pages } = await inTheStudio(bench);
  const hold = bench.hold(bench.marker);
  const turn = await pages.studio.ask(bench.marker);
  await hold.arrived();
  await turn.says(/^Drawing your picture/).waitFor();
  await pages.studio.left("7 of 8 left").waitFor();
  await turn.button("Cancel").click();
  // The worker hears of it at the next beat of its lease.
  await turn.says("You took this picture back.").waitFor({ timeout: 30_000 });
  await turn.says("You were not charged.").waitFor();
  hold.open();
  await pages.studio.session.getByRole("button", { name: "Start now" }).waitFor();
  assert.equal(await customer.credits(sessionId), 8);
  assert.deepEqual(await statuses(customer), ["failed"]);
});

studio.test("who waits is told his place, which falls as others are done", async (bench) => {
  const { pages } = await inTheStudio(bench, "pro");
  const holds = await crowd(bench);
  const first = await pages.studio.ask(`${bench.marker} first`);
  await first.says(/^(Number \d+ in the queue|You are next)/).waitFor();
  const second = await pages.studio.ask(`${bench.marker} second`);
  await second.says(/^Number 2 in the queue/).waitFor();
  holds.open();
  await first.picture();
  await second.picture();
});

studio.test("a reload in the middle goes on waiting and gets the picture, once", async (bench) => {
  const { customer, pages, page } = await inTheStudio(bench);
  const hold = bench.hold(bench.marker);
  const turn = await pages.studio.ask(bench.marker);
  await hold.arrived();
  await page.reload();
  await turn.says(/^Drawing your picture/).waitFor();
  await page.reload();
  hold.open();
  await turn.picture();
  assert.deepEqual(await statuses(customer), ["completed"]);
});

studio.test("a picture comes while its customer is in another conversation, and is there when he is back", async (bench) => {
  const { customer, pages, page } = await inTheStudio(bench);
  const hold = bench.hold(`${bench.marker} one`);
  const turn = await pages.studio.ask(`${bench.marker} one`);
  await hold.arrived();
  await pages.studio.conversations.getByRole("link", { name: "New conversation" }).click();
  const other = await pages.studio.ask(`${bench.marker} two`);
  await other.picture();
  assert.equal(await turn.item.count(), 0);
  await pages.studio.conversations.getByRole("link", { name: `${bench.marker} one` }).click();
  await turn.says(/^Drawing your picture/).waitFor();
  await pages.studio.conversations.getByRole("link", { name: `${bench.marker} two` }).click();
  await other.picture();
  hold.open();
  await page.getByText(/A picture of another conversation is ready/).first().waitFor({ state: "attached" });
  await pages.studio.conversations.getByRole("link", { name: `${bench.marker} one` }).click();
  await turn.picture();
  assert.deepEqual((await statuses(customer)).sort(), ["completed", "completed"]);
});

/** Has somebody else's pictures stand at the gate, as many as are drawn at once. */
async function crowd(bench: StudioBench) {
  const other = await bench.customer();
  const hold = bench.hold(`${bench.marker} crowd`);
  const body = { prompt: `${bench.marker} crowd`, sessionId: await other.grant("flash"), batchCount: 4 };
  const answer = await other.enqueue({ ...body, requestId: crypto.randomUUID() });
  assert.equal(answer.status, 202, JSON.stringify(answer.body));
  await hold.arrived(4);
  return hold;
}
