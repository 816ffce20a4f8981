/**
 * The queue as its customers see it: a place, an estimate, a picture, or their credit back; whoever asks for much, takes
 * his request back, or whichever process dies on the way. The stack wakes the worker itself, as on the platform. What the
 * queue does about engines that fail is queue_policy_test.ts's.
 */
import assert from "node:assert/strict";
import { until } from "../../scripts/local/process.ts";
import { assertError } from "./support/codes.ts";
import type { Customer } from "./support/customer.ts";
import { Hub } from "./support/hub.ts";
import { download, formatOf } from "./support/picture.ts";

/** Pictures that are drawn at once: the default of QUEUE_CONCURRENCY. */
const atOnce = 4;

const hub = new Hub({ gated: true });

const isTime = (text: string) => !Number.isNaN(Date.parse(text));

/** Ends the leases of all that runs of a request; how many there were. */
async function endLeases(requestId: string): Promise<number> {
  const { count } = await hub.sql`
    update public.image_generations set lease_expires_at = now() - interval '1 second'
    where request_id = ${requestId} and status = 'running'`;
  return count;
}

/** Has somebody's pictures stand at the gate, as many as are drawn at once: what comes later waits. */
async function crowd(one: Customer, marker: string) {
  const hold = hub.gate!.hold(marker);
  const body = { prompt: marker, sessionId: await one.grant("flash"), batchCount: atOnce };
  const answer = await one.enqueue({ ...body, requestId: crypto.randomUUID() });
  assert.equal(answer.status, 202, JSON.stringify(answer.body));
  await hold.arrived(atOnce);
  return { hold, requestId: answer.body.requestId as string };
}

hub.test("who does not wait is told his place and his time, and finds his picture when he asks", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const requestId = crypto.randomUUID();
  const before = Date.now();
  const taken = await one.enqueue({ prompt: bench.marker, sessionId, requestId });
  assert.equal(taken.status, 202);
  assert.equal(taken.headers.get("preference-applied"), "respond-async");
  assert.equal(taken.headers.get("cache-control"), "no-store");
  const { estimatedStartAt, expiresAt, ...rest } = taken.body;
  assert.deepEqual(rest, { requestId, status: "queued", position: 1, creditsRemaining: 2, resetsAt: null });
  assert.ok(isTime(estimatedStartAt) && isTime(expiresAt));
  // Nobody is before him and the engine has no budget: it is now, give or take the clocks.
  assert.ok(Math.abs(Date.parse(estimatedStartAt) - before) < 60_000, estimatedStartAt);

  const told = await one.settled(requestId);
  assert.equal(told.status, 200);
  const { status, images, imageUrl, generationTimeMs, expiresAt: _, ...other } = told.body;
  assert.equal(status, "completed");
  assert.deepEqual(other, { success: true, requestId, creditsUsed: 1, creditsRemaining: 2, resetsAt: null });
  assert.ok(Number.isInteger(generationTimeMs));
  assert.equal(images.length, 1);
  assert.deepEqual([images[0].url, images[0].prompt, images[0].model], [imageUrl, bench.marker, "easel/sketch-1"]);
  assert.equal(formatOf((await download(imageUrl)).bytes), "png");
  assert.equal((await bench.engine.requests(bench.marker)).length, 1);
  assert.deepEqual((await one.rows()).map((row) => [row.status, row.attempts]), [["completed", 1]]);
  assert.equal((await one.session(sessionId)).images_generated, 1);
});

hub.test("a request that waits says so in every answer, and the same request again waits in the same place", async (bench) => {
  const [other, one] = [await bench.customer(), await bench.customer()];
  const { hold, requestId: first } = await crowd(other, bench.marker);
  const sessionId = await one.grant();
  const body = { prompt: `${bench.marker} later`, sessionId, requestId: crypto.randomUUID() };
  const taken = await one.enqueue(body);
  assert.deepEqual([taken.status, taken.body.position], [202, 1]);

  const waiting = await one.status(body.requestId);
  assert.equal(waiting.status, 200);
  assert.equal(waiting.headers.get("retry-after"), "2");
  const { estimatedStartAt, expiresAt, ...rest } = waiting.body;
  assert.ok(isTime(estimatedStartAt) && isTime(expiresAt));
  assert.deepEqual(rest, {
    status: "queued",
    position: 1,
    success: false,
    requestId: body.requestId,
    imageUrl: null,
    images: [],
    creditsUsed: 0,
    creditsRemaining: 2,
    resetsAt: null,
    generationTimeMs: 0,
  });

  const again = await one.enqueue(body);
  assert.deepEqual([again.status, again.body.position, again.body.creditsRemaining], [202, 1, 2]);
  // Who asks for it in the other way is told that it is under way, and when to ask.
  const impatient = await one.generate(body);
  assertError(impatient, "request_in_progress", { requestId: body.requestId });
  assertError(await one.enqueue({ ...body, seed: 5 }), "request_id_reused");
  assert.equal((await one.rows()).length, 1);
  hold.open();
  assert.equal((await one.settled(body.requestId)).body.status, "completed");
  assert.equal((await other.settled(first)).body.images.length, atOnce);
});

hub.test("a finished request is answered the same hours later, by a process that never saw it, and after its session", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant("flash-lite", 4);
  const body = { prompt: bench.marker, sessionId, requestId: crypto.randomUUID() };
  assert.equal((await one.enqueue(body)).status, 202);
  const { images, imageUrl, generationTimeMs } = (await one.settled(body.requestId)).body;
  const made = { success: true, requestId: body.requestId, images, imageUrl, generationTimeMs, creditsUsed: 1 };

  for (const hours of [3, 2]) {
    const step = `${hours} hours`;
    await hub.sql`update public.user_sessions set started_at = started_at - ${step}::interval,
      expires_at = expires_at - ${step}::interval where id = ${sessionId}`;
    const pid = hub.stack.pids()["function generate-image"]!;
    Deno.kill(pid, "SIGKILL");
    const isNew = () => hub.stack.pids()["function generate-image"] !== pid;
    assert.ok(await until(isNew, 30_000), "the function is started again");
    for (const answer of [await one.generate(body), await one.enqueue(body)]) {
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      // What is left is what is left now; all else is what it was.
      const { creditsRemaining, resetsAt: _, expiresAt: __, ...rest } = answer.body;
      assert.deepEqual(rest, made);
      assert.equal(creditsRemaining, hours === 3 ? 3 : 0);
    }
    assertError(await one.generate({ ...body, prompt: `${bench.marker} else` }), "request_id_reused");
    assert.deepEqual((await one.status(body.requestId)).body.images, images);
  }
  assert.equal((await one.rows()).length, 1);
  assert.equal((await bench.engine.requests(bench.marker)).length, 1);
});

hub.test("nobody waits behind one person's many: who comes later with one is not last", async (bench) => {
  const [many, single] = [await bench.customer(), await bench.customer()];
  const { hold, requestId: crowded } = await crowd(many, bench.marker);
  const theirs: string[] = [];
  for (const sessionId of [await many.grant("pro"), await many.grant("flash")]) {
    for (let count = 0; count < 5; count++) {
      const taken = await many.enqueue({ prompt: `${bench.marker} many`, sessionId, requestId: crypto.randomUUID() });
      assert.deepEqual([taken.status, taken.body.position], [202, theirs.length + 1]);
      theirs.push(taken.body.requestId);
    }
  }
  const body = { prompt: `${bench.marker} single`, sessionId: await single.grant(), requestId: crypto.randomUUID() };
  const taken = await single.enqueue(body);
  // One of the other's goes before: it was there first, and it is its turn. The rest lets him in.
  assert.deepEqual([taken.status, taken.body.position], [202, 2]);
  const position = async (requestId: string) => (await many.status(requestId)).body.position;
  assert.deepEqual(await Promise.all([theirs[0]!, theirs[1]!, theirs.at(-1)!].map(position)), [1, 3, 11]);

  hold.open();
  for (const requestId of [crowded, ...theirs]) {
    assert.equal((await many.settled(requestId)).body.status, "completed");
  }
  assert.equal((await single.settled(body.requestId)).body.status, "completed");
  const drawn = (await bench.engine.requests(bench.marker)).map(({ prompt }) => prompt.split(" ")[1]);
  assert.equal(drawn.length, atOnce + 11);
  // As many as are drawn at once may overtake each other on their way to the engine.
  assert.ok(drawn.indexOf("single") < atOnce + 2 + atOnce, drawn.join());
});

hub.test("what waits is taken back at once, and never drawn", async (bench) => {
  const [other, one] = [await bench.customer(), await bench.customer()];
  const { hold, requestId: first } = await crowd(other, bench.marker);
  const sessionId = await one.grant();
  const body = { prompt: `${bench.marker} unwanted`, sessionId, batchCount: 2, requestId: crypto.randomUUID() };
  assert.deepEqual((await one.enqueue(body)).body.creditsRemaining, 1);
  const back = await one.cancel(body.requestId);
  assert.equal(back.status, 200);
  assert.deepEqual([back.body.status, back.body.code, back.body.creditsRemaining], ["failed", "cancelled", 3]);
  assert.match(back.body.error, /^You took this picture back\. You were not charged\./);
  assert.equal((await one.session(sessionId)).status, "ready", "a picture that never came starts no clock");
  const again = await one.cancel(body.requestId);
  assert.deepEqual([again.status, again.body], [200, back.body]);
  assertError(await one.enqueue(body), "cancelled", { creditsRemaining: 3 });
  hold.open();
  assert.equal((await other.settled(first)).body.status, "completed");
  assert.deepEqual(await bench.engine.requests(`${bench.marker} unwanted`), []);
  assert.deepEqual((await one.rows()).map((row) => row.failure_code), ["cancelled", "cancelled"]);
});

hub.test("what is drawn for the queue is taken back: the engine is hung up on, and the credit returns", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const requestId = crypto.randomUUID();
  await bench.engine.order(bench.marker, { kind: "hang" }, null);
  assert.equal((await one.enqueue({ prompt: bench.marker, sessionId, requestId })).status, 202);
  await bench.engine.arrived(bench.marker);
  const back = await one.cancel(requestId);
  assert.deepEqual([back.status, back.body.status, back.body.cancelling], [202, "running", true]);
  assert.equal(back.headers.get("retry-after"), "2");
  assert.equal(back.body.creditsRemaining, 2, "a picture may still arrive");
  const told = await one.settled(requestId);
  assert.deepEqual([told.body.status, told.body.code, told.body.creditsRemaining], ["failed", "cancelled", 3]);
  assert.equal(told.body.cancelling, undefined);
  assert.deepEqual((await bench.engine.requests(bench.marker)).map((seen) => seen.client_left), [true]);
});

hub.test("what is finished cannot be taken back: it is the customer's and costs its credit", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const made = await one.generate({ prompt: bench.marker, sessionId });
  const back = await one.cancel(made.body.requestId);
  assert.deepEqual([back.status, back.body.status, back.body.creditsUsed], [200, "completed", 1]);
  assert.deepEqual(back.body.images, made.body.images);
  assert.equal(await one.credits(sessionId), 2);
  await download(made.body.imageUrl);

  await bench.engine.order(`${bench.marker} bad`, { kind: "text_page" });
  const failed = await one.generate({ prompt: `${bench.marker} bad`, sessionId });
  assertError(failed, "engine_failed");
  const late = await one.cancel(failed.body.requestId);
  assert.deepEqual([late.status, late.body.status, late.body.code], [200, "failed", "engine_failed"]);
});

hub.test("a batch that is taken back while a part of it is drawn keeps what is there and returns the rest", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant("flash");
  const requestId = crypto.randomUUID();
  await bench.engine.order(bench.marker, { kind: "hang" }, 3);
  assert.equal((await one.enqueue({ prompt: bench.marker, sessionId, requestId, batchCount: 4 })).status, 202);
  const made = async () => (await one.rows()).filter((row) => row.status === "completed").length === 1;
  assert.ok(await until(made, 30_000), "one of four is there");
  const part = await one.status(requestId);
  assert.deepEqual([part.body.status, part.body.images.length, part.body.success], ["running", 1, false]);
  assert.equal((await one.cancel(requestId)).status, 202);
  const told = await one.settled(requestId);
  assert.deepEqual([told.body.status, told.body.images.length, told.body.creditsUsed], ["completed", 1, 1]);
  assert.equal(told.body.creditsRemaining, 7);
  const rows = (await one.rows()).map((row) => row.failure_code ?? row.status);
  assert.deepEqual(rows.sort(), ["cancelled", "cancelled", "cancelled", "completed"]);
});

hub.test("a worker that is killed loses nobody's credit, and the next one draws what waits", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const body = { prompt: bench.marker, sessionId, requestId: crypto.randomUUID() };
  const hold = hub.gate!.hold(bench.marker);
  assert.equal((await one.enqueue(body)).status, 202);
  await hold.arrived();
  Deno.kill(hub.stack.pids()["function queue-worker"]!, "SIGKILL");
  // Nobody knows that he is dead before his lease says so.
  assert.deepEqual([(await one.status(body.requestId)).body.status, await one.credits(sessionId)], ["running", 2]);
  const next = { prompt: `another of ${sessionId}`, sessionId, requestId: crypto.randomUUID() };
  assert.equal((await one.enqueue(next)).status, 202);
  assert.equal((await one.settled(next.requestId)).body.status, "completed");

  assert.equal(await endLeases(body.requestId), 1);
  const told = await one.status(body.requestId);
  assert.deepEqual([told.body.status, told.body.code], ["expired", "engine_timeout"]);
  assert.equal(told.body.creditsRemaining, 2, "the credit is back, and the other picture costs one");
  assertError(await one.generate(body), "engine_timeout", { creditsRemaining: 2 });
  hold.open();
  assert.equal(await one.credits(sessionId), 2);
});

hub.test("a picture of the queue that comes after its lease is given for nothing", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const requestId = crypto.randomUUID();
  const hold = hub.gate!.hold(bench.marker);
  assert.equal((await one.enqueue({ prompt: bench.marker, sessionId, requestId })).status, 202);
  await hold.arrived();
  assert.equal(await endLeases(requestId), 1);
  assert.deepEqual([(await one.status(requestId)).body.status, await one.credits(sessionId)], ["expired", 3]);
  hold.open();
  const isGiven = async () => (await one.status(requestId)).body.status === "completed";
  assert.ok(await until(isGiven, 30_000), "the picture is given");
  const { body } = await one.status(requestId);
  assert.deepEqual([body.creditsUsed, body.creditsRemaining, body.images.length], [0, 3, 1]);
  assert.equal(formatOf((await download(body.imageUrl)).bytes), "png");
  assert.deepEqual((await one.rows()).map((row) => row.status), ["expired"]);
  assert.equal((await one.session(sessionId)).images_generated, 0);
});

hub.test("a lease is renewed for as long as its worker lives", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const requestId = crypto.randomUUID();
  const hold = hub.gate!.hold(bench.marker);
  const sync = one.generate({ prompt: bench.marker, sessionId, requestId });
  await hold.arrived();
  const lease = async () => {
    const [row] = await hub.sql<{ lease_expires_at: Date }[]>`
      select lease_expires_at from public.image_generations where request_id = ${requestId}`;
    return row!.lease_expires_at.getTime();
  };
  const first = await lease();
  assert.ok(await until(async () => (await lease()) > first, 30_000), "the lease ends later than it did");
  hold.open();
  assert.equal((await sync).status, 200);
});

hub.test("nobody but the hub itself wakes the worker", async (bench) => {
  const one = await bench.customer();
  const { secretKey, publishableKey } = hub.stack;
  const url = hub.functionUrl("queue-worker");
  const attempts: Record<string, string>[] = [
    {},
    { apikey: "" },
    { apikey: publishableKey },
    { apikey: `${secretKey}x` },
    { apikey: secretKey.slice(0, -1) },
    { apikey: secretKey.toUpperCase() },
    { apikey: `${secretKey}, ${secretKey}` },
    { apikey: publishableKey, authorization: `Bearer ${one.token}` },
    { authorization: `Bearer ${secretKey}` },
  ];
  for (const headers of attempts) {
    const response = await hub.fetch(url, { method: "POST", headers, body: "{}" });
    const answer = { status: response.status, headers: response.headers, body: await response.json() };
    assertError(answer, "unauthorized");
  }
  for (const method of ["GET", "DELETE", "PUT"]) {
    const response = await hub.fetch(url, { method, headers: { apikey: secretKey } });
    const answer = { status: response.status, headers: response.headers, body: await response.json() };
    assertError(answer, "invalid_request", { field: "method" });
  }
  const woken = await hub.fetch(url, { method: "POST", headers: { apikey: secretKey }, body: "{}" });
  assert.deepEqual([woken.status, await woken.json()], [200, { completed: 0, requeued: 0, failed: 0 }]);
});
