/**
 * The hours of a session, through the whole stack: when its clock starts, what each hour holds, when it ends, and what
 * becomes of a hold whose worker is late. Time is moved by moving the rows, as the project's owner could.
 */
import assert from "node:assert/strict";
import { assertError } from "./support/codes.ts";
import { Hub } from "./support/hub.ts";
import { download, formatOf } from "./support/picture.ts";

const hub = new Hub({ gated: true });

/** Lets that many minutes of a session pass. */
async function pass(sessionId: string, minutes: number): Promise<void> {
  const step = `${minutes} minutes`;
  await hub.sql`
    update public.user_sessions
    set created_at = created_at - ${step}::interval, started_at = started_at - ${step}::interval,
      expires_at = expires_at - ${step}::interval
    where id = ${sessionId}`;
}

/** Ends the leases of all of a session's holds; how many there were. */
async function endLeases(sessionId: string): Promise<number> {
  const { count } = await hub.sql`
    update public.image_generations set lease_expires_at = now() - interval '1 second'
    where session_id = ${sessionId} and status = 'running'`;
  return count;
}

hub.test("the clock starts with the first picture", async ({ customer, marker }) => {
  const one = await customer();
  const sessionId = await one.grant("flash-lite", 3);
  await pass(sessionId, 60 * 24 * 29);
  assert.deepEqual((({ status, started_at }) => [status, started_at])(await one.session(sessionId)), ["ready", null]);
  const answer = await one.generate({ prompt: marker, sessionId });
  assert.equal(answer.status, 200);
  const session = await one.session(sessionId);
  assert.equal(session.status, "active");
  assert.equal(session.expires_at!.getTime() - session.started_at!.getTime(), 3 * 3_600_000);
  assert.equal(Date.parse(answer.body.expiresAt), session.expires_at!.getTime());
  assert.ok(Math.abs(Date.now() - session.started_at!.getTime()) < 60_000);
});

hub.test("a session that was never started ends after thirty days", async ({ customer, marker }) => {
  const one = await customer();
  const sessionId = await one.grant();
  await pass(sessionId, 60 * 24 * 30);
  assertError(await one.generate({ prompt: marker, sessionId }), "session_expired");
});

hub.test("a first picture that fails leaves the session ready, its hour untouched", async ({ customer, engine, marker }) => {
  const one = await customer();
  const sessionId = await one.grant();
  await engine.order(marker, { kind: "text_page" });
  assertError(await one.generate({ prompt: marker, sessionId }), "engine_failed", { creditsRemaining: 3 });
  assert.deepEqual(
    (({ status, started_at, expires_at }) => [status, started_at, expires_at])(await one.session(sessionId)),
    ["ready", null, null],
  );
});

hub.test("a clock that was started by hand runs on when the first picture fails", async ({ customer, engine, marker }) => {
  const one = await customer();
  const sessionId = await one.grant();
  assert.equal((await one.client.rpc("start_session", { session_id: sessionId })).error, null);
  const before = await one.session(sessionId);
  await engine.order(marker, { kind: "text_page" });
  assertError(await one.generate({ prompt: marker, sessionId }), "engine_failed", { creditsRemaining: 3 });
  const after = await one.session(sessionId);
  assert.deepEqual([after.status, after.started_at, after.expires_at], [
    "active",
    before.started_at,
    before.expires_at,
  ]);
});

hub.test("each full hour gives the plan's credits again, nothing rolls over, and after the last it is over", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant("flash-lite", 2);
  const ask = (batchCount = 1) => one.generate({ prompt: bench.marker, sessionId, batchCount });
  assert.equal((await ask(1)).body.creditsRemaining, 2);
  await pass(sessionId, 59);
  assert.equal((await ask(1)).body.creditsRemaining, 1);

  await pass(sessionId, 1);
  assert.equal(await one.credits(sessionId), 3);
  const second = await ask(3);
  assert.deepEqual([second.status, second.body.creditsRemaining, second.body.resetsAt], [200, 0, null]);
  assertError(await ask(), "credits_exhausted", { creditsRemaining: 0, resetsAt: undefined });

  await pass(sessionId, 60);
  assertError(await ask(), "session_expired");
  const session = await one.session(sessionId);
  assert.deepEqual([session.status, session.images_generated], ["ended", 5]);
  assert.deepEqual((await one.rows()).map((row) => row.hour_index), [0, 0, 1, 1, 1]);
});

hub.test("a picture that was begun in one hour is charged to that hour, though it arrives in the next", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant("flash-lite", 2);
  const hold = hub.gate!.hold(bench.marker);
  const slow = one.generate({ prompt: bench.marker, sessionId, batchCount: 3 });
  await hold.arrived(3);
  assert.equal(await one.credits(sessionId), 0);
  await pass(sessionId, 60);
  assert.equal(await one.credits(sessionId), 3);
  hold.open();
  const answer = await slow;
  assert.deepEqual([answer.status, answer.body.creditsUsed, answer.body.creditsRemaining], [200, 3, 3]);
});

hub.test("a picture that arrives after the session's end is still the customer's", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const hold = hub.gate!.hold(bench.marker);
  const slow = one.generate({ prompt: bench.marker, sessionId });
  await hold.arrived();
  await pass(sessionId, 60);
  hold.open();
  const answer = await slow;
  assert.deepEqual([answer.status, answer.body.creditsUsed, answer.body.creditsRemaining], [200, 1, 0]);
});

hub.test("a lease that ran out is released by the next request; the late pictures are given and not charged", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant("flash-lite");
  const body = { prompt: bench.marker, sessionId, batchCount: 3, requestId: crypto.randomUUID() };
  const hold = hub.gate!.hold(bench.marker);
  const late = one.generate(body);
  await hold.arrived(3);
  assertError(await one.generate({ prompt: "another", sessionId }), "credits_exhausted");
  assert.equal(await endLeases(sessionId), 3);
  const next = await one.generate({ prompt: "another", sessionId });
  assert.deepEqual([next.status, next.body.creditsRemaining], [200, 2]);
  assert.deepEqual((await one.rows()).map((row) => row.status).sort(), ["completed", "expired", "expired", "expired"]);

  hold.open();
  const told = await late;
  assert.deepEqual([told.status, told.body.requestId, told.body.images.length], [200, body.requestId, 3]);
  assert.deepEqual([told.body.creditsUsed, told.body.creditsRemaining], [0, 2]);
  assert.equal((await one.objects()).length, 4);
  for (const image of told.body.images) assert.notEqual(formatOf((await download(image.url)).bytes), "unknown");
  assert.deepEqual((await one.rows()).map((row) => row.status).sort(), ["completed", "expired", "expired", "expired"]);
  // And it stays that way for whoever asks again.
  assert.deepEqual((await one.generate(body)).body, told.body);
  assert.equal(await one.credits(sessionId), 2);
});

hub.test("a completion after its lease costs nothing even if nobody came by in between", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const hold = hub.gate!.hold(bench.marker);
  const late = one.generate({ prompt: bench.marker, sessionId });
  await hold.arrived();
  assert.equal(await endLeases(sessionId), 1);
  hold.open();
  const told = await late;
  assert.deepEqual([told.status, told.body.creditsUsed, told.body.creditsRemaining], [200, 0, 3]);
  assert.deepEqual((await one.rows()).map((row) => row.status), ["expired"]);
  assert.equal((await one.objects()).length, 1);
  assert.equal((await one.session(sessionId)).status, "ready");
});

hub.test("a worker that is killed loses nobody's credit: its hold ends with its lease", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant("flash-lite");
  const body = { prompt: bench.marker, sessionId, batchCount: 3, requestId: crypto.randomUUID() };
  const hold = hub.gate!.hold(bench.marker);
  const orphan = one.generate(body);
  await hold.arrived(3);
  Deno.kill(hub.stack.pids()["function generate-image"]!, "SIGKILL");
  assert.equal((await orphan).status, 500);
  hold.open();
  // The next worker is there at once, and knows what the last one held.
  assertError(await one.generate(body), "request_in_progress");
  assertError(await one.generate({ prompt: "another", sessionId }), "credits_exhausted");
  assert.equal(await endLeases(sessionId), 3);
  assert.equal(await one.credits(sessionId), 3);
  assertError(await one.generate(body), "engine_timeout", { creditsRemaining: 3 });
  assert.equal((await one.session(sessionId)).status, "ready");
  assert.equal((await one.generate({ prompt: "another", sessionId })).body.creditsRemaining, 2);
});

hub.test("a failure after its lease changes nothing any more", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const hold = hub.gate!.hold(bench.marker);
  await bench.engine.order(bench.marker, { kind: "text_page" });
  const late = one.generate({ prompt: bench.marker, sessionId });
  await hold.arrived();
  assert.equal(await endLeases(sessionId), 1);
  hold.open();
  assertError(await late, "engine_failed", { creditsRemaining: 3 });
  assert.deepEqual((await one.rows()).map((row) => row.status), ["expired"]);
});
