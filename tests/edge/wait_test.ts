/**
 * What a customer is told while he waits: why, until when, and over the database's broadcasts each step on the way with
 * the balance that goes with it. The engine is cold; nobody wakes the worker but the tests.
 */
import assert from "node:assert/strict";
import { until } from "../../scripts/local/process.ts";
import type { Answer, Customer } from "./support/customer.ts";
import { Hub } from "./support/hub.ts";

const hub = new Hub({ scheduler: false });

interface Told {
  event: string;
  payload: { requestId?: string; status: string; waitingFor?: string | null; balance: Record<string, unknown> };
}

/** What a customer's pages were told, in order. */
async function told(one: Customer): Promise<Told[]> {
  const found = await hub.sql<Told[]>`
    select event, payload from realtime.messages where topic = ${`customer:${one.id}`} and private order by inserted_at, ctid`;
  return [...found];
}

/** The same in short: status, what is waited for, credits left and held. */
const short = ({ event, payload: { status, waitingFor, balance } }: Told) =>
  [event, status, waitingFor, balance.creditsRemaining, balance.creditsHeld].filter((part) => part != null).join(" ");

/** Asks where a request stands until it waits for something. */
async function waiting(one: Customer, requestId: string): Promise<Answer> {
  let last: Answer | undefined;
  const waits = async () => (last = await one.status(requestId)).body.waitingFor !== undefined;
  assert.ok(await until(waits, 20_000, 50), `it waits: ${JSON.stringify(last?.body)}`);
  return last!;
}

hub.test("what waits for a cold engine in the queue says so, until it is begun again", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  // Longer than a picture of the queue is waited for in place.
  await bench.engine.order(bench.marker, { kind: "cold", estimated_time: 100 }, 1);
  const requestId = crypto.randomUUID();
  assert.equal((await one.enqueue({ prompt: bench.marker, sessionId, requestId })).status, 202);
  const before = (await one.status(requestId)).body;
  assert.deepEqual([before.status, before.waitingFor, before.notBefore], ["queued", undefined, undefined]);

  const asked = Date.now();
  assert.deepEqual(await hub.work(), { completed: 0, requeued: 1, failed: 0 });
  const { body } = await one.status(requestId);
  assert.deepEqual([body.status, body.waitingFor, body.position, body.code], ["queued", "model_loading", 1, undefined]);
  assert.ok(Date.parse(body.notBefore) - asked >= 29_000, body.notBefore);
  const { data } = await one.client.from("image_generations").select("wait_code, not_before").eq(
    "request_id",
    requestId,
  );
  assert.equal(data?.[0]?.wait_code, "model_loading", "his own row says it as well");

  await hub.sql`update public.image_generations set not_before = now() where request_id = ${requestId}`;
  assert.deepEqual(await hub.work(), { completed: 1, requeued: 0, failed: 0 });
  const after = (await one.status(requestId)).body;
  assert.deepEqual([after.status, after.waitingFor, after.notBefore], ["completed", undefined, undefined]);
  assert.deepEqual((await told(one)).map(short), [
    "session ready 3 0",
    "session active 2 1",
    "generation queued 2 1",
    "generation running 2 1",
    "generation queued model_loading 2 1",
    "generation running 2 1",
    "generation completed 2 0",
  ]);
});

hub.test("what is drawn by an engine that warms up says so while it does", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  await bench.engine.order(bench.marker, { kind: "cold", estimated_time: 4 }, 1);
  const requestId = crypto.randomUUID();
  const asked = Date.now();
  const answer = one.generate({ prompt: bench.marker, sessionId, requestId, batchCount: 2 });
  const { body } = await waiting(one, requestId);
  assert.deepEqual([body.status, body.waitingFor], ["running", "model_loading"]);
  assert.ok(Date.parse(body.notBefore) > asked, body.notBefore);
  assert.equal((await answer).status, 200);
  const after = (await one.status(requestId)).body;
  assert.deepEqual([after.status, after.waitingFor, after.notBefore], ["completed", undefined, undefined]);
  const steps = (await told(one)).map(short);
  assert.ok(steps.includes("generation running model_loading 1 2"), JSON.stringify(steps));
  assert.deepEqual(steps.at(-1), "generation completed 1 0", "a batch is told of once a commit");
  assert.equal(steps.filter((step) => step === "generation completed 1 0").length, 1);
});

hub.test("what a customer's pages are told is what he would be told if he asked", async (bench) => {
  const [one, other] = [await bench.customer(), await bench.customer()];
  const sessionId = await one.grant();
  const requestId = crypto.randomUUID();
  assert.equal((await one.generate({ prompt: bench.marker, sessionId, requestId })).status, 200);
  const last = (await told(one)).at(-1)!;
  const { data: balance } = await one.client.rpc("session_balance", { session_id: sessionId });
  const { id, ...payload } = last.payload as Told["payload"] & { id: string };
  assert.equal(typeof id, "string");
  assert.deepEqual([last.event, payload], ["generation", {
    requestId,
    conversationId: null,
    sessionId,
    status: "completed",
    waitingFor: null,
    balance,
  }]);
  assert.deepEqual(await told(other), [], "and nobody else is");
});
