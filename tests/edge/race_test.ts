/** Many requests at once, and clients that leave: whoever races, a credit is spent once and a picture is kept. */
import assert from "node:assert/strict";
import { until } from "../../scripts/local/process.ts";
import { assertError } from "./support/codes.ts";
import type { Answer } from "./support/customer.ts";
import { Hub } from "./support/hub.ts";
import { download } from "./support/picture.ts";

const hub = new Hub({ gated: true });

/** How many answers there are of each status. */
function tally(answers: Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const name = body.code ? `${status} ${body.code}` : String(status);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

hub.test("50 requests at once on 3 credits: 3 pictures, 47 refusals, 3 rows, 3 objects, nothing left", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant("flash-lite");
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, seed) => one.generate({ prompt: bench.marker, sessionId, seed })),
  );
  assert.deepEqual(tally(answers), { "200": 3, "429 credits_exhausted": 47 });
  for (const answer of answers.filter(({ status }) => status === 429)) {
    assertError(answer, "credits_exhausted", { creditsRemaining: 0 });
  }
  const urls = new Set(answers.filter(({ status }) => status === 200).map(({ body }) => body.imageUrl));
  assert.equal(urls.size, 3);
  const rows = await one.rows();
  assert.deepEqual(rows.map((row) => row.status), ["completed", "completed", "completed"]);
  assert.equal((await one.objects()).length, 3);
  assert.equal(await one.credits(sessionId), 0);
  assert.equal((await one.session(sessionId)).images_generated, 3);
  assert.equal((await bench.engine.requests(bench.marker)).length, 3);
});

hub.test("batches that race for the last credits are made whole or not at all", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant("flash");
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => one.generate({ prompt: bench.marker, sessionId, batchCount: 3 })),
  );
  assert.deepEqual(tally(answers), { "200": 2, "429 credits_exhausted": 10 });
  assert.equal(await one.credits(sessionId), 2);
  assert.equal((await one.rows()).length, 6);
});

hub.test("credits that are held cannot be spent by another request, and are free again when the engine fails", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant("flash-lite");
  const hold = hub.gate!.hold(bench.marker);
  await bench.engine.order(bench.marker, { kind: "text_page" }, 3);
  const batch = one.generate({ prompt: bench.marker, sessionId, batchCount: 3 });
  await hold.arrived(3);
  assert.equal(await one.credits(sessionId), 0);
  assertError(await one.generate({ prompt: "another", sessionId }), "credits_exhausted", { creditsRemaining: 0 });
  hold.open();
  assertError(await batch, "engine_failed", { creditsRemaining: 3 });
  assert.equal((await one.generate({ prompt: "another", sessionId })).body.creditsRemaining, 2);
});

hub.test("the same id 20 times at once is one picture and one credit", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant("flash");
  const body = { prompt: bench.marker, sessionId, requestId: crypto.randomUUID() };
  // The picture is not drawn before the last of them has been answered or waits, so that they really are at once.
  const hold = hub.gate!.hold(bench.marker);
  const all = Array.from({ length: 20 }, () => one.generate(body));
  let open = all.length;
  for (const each of all) each.then(() => open--);
  await hold.arrived();
  assert.ok(await until(() => open === 1, 30_000), `${open} requests wait for a picture`);
  hold.open();
  const answers = await Promise.all(all);
  assert.deepEqual(tally(answers), { "200": 1, "409 request_in_progress": 19 });
  for (const answer of answers.filter(({ status }) => status === 409)) {
    assertError(answer, "request_in_progress", { requestId: body.requestId });
  }
  assert.equal((await one.rows()).length, 1);
  assert.equal(await one.credits(sessionId), 7);
  assert.equal((await bench.engine.requests(bench.marker)).length, 1);
  assert.deepEqual((await one.generate(body)).body, answers.find(({ status }) => status === 200)!.body);
});

hub.test("the same id 20 times at once, without a wait, is one picture however the answers fall", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant("flash");
  const body = { prompt: bench.marker, sessionId, requestId: crypto.randomUUID() };
  const answers = await Promise.all(Array.from({ length: 20 }, () => one.generate(body)));
  const made = answers.filter(({ status }) => status === 200);
  assert.ok(made.length >= 1);
  for (const answer of made) assert.deepEqual(answer.body, made[0]!.body);
  for (const answer of answers.filter((other) => !made.includes(other))) assertError(answer, "request_in_progress");
  assert.equal((await one.rows()).length, 1);
  assert.equal(await one.credits(sessionId), 7);
});

hub.test("one id raced on two sessions of a customer is one request, and the other one is refused", async (bench) => {
  const one = await bench.customer();
  const sessions = [await one.grant(), await one.grant()];
  const requestId = crypto.randomUUID();
  const answers = await Promise.all(
    Array.from(
      { length: 10 },
      (_, at) => one.generate({ prompt: bench.marker, sessionId: sessions[at % 2], requestId }),
    ),
  );
  const winner = answers.find(({ status }) => status === 200)!.body;
  for (const answer of answers) {
    if (answer.status === 200) assert.deepEqual(answer.body, winner);
    else assert.match(answer.body.code, /^request_(in_progress|id_reused)$/);
  }
  assert.equal((await one.rows()).length, 1);
  assert.deepEqual((await Promise.all(sessions.map((id) => one.credits(id)))).sort(), [2, 3]);
  const states = await Promise.all(sessions.map(async (id) => (await one.session(id)).status));
  assert.deepEqual(states.sort(), ["active", "ready"]);
});

hub.test("customers at the same time do not get each other's pictures", async (bench) => {
  const customers = await Promise.all(Array.from({ length: 4 }, () => bench.customer()));
  await Promise.all(customers.map(async (one, index) => {
    const prompt = `${bench.marker} of number ${index}`;
    const sessionId = await one.grant();
    const answers = await Promise.all([1, 2, 3].map((seed) => one.generate({ prompt, sessionId, seed })));
    for (const { status, body } of answers) {
      assert.equal(status, 200);
      assert.equal(body.images[0].prompt, prompt);
      assert.ok(body.imageUrl.includes(`/${one.id}/`));
    }
  }));
});

hub.test("a client that leaves in the middle gets its picture when it comes back", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const body = { prompt: bench.marker, sessionId, requestId: crypto.randomUUID() };
  const hold = hub.gate!.hold(bench.marker);
  const client = new AbortController();
  const left = one.generate(body, { signal: client.signal }).then(() => "answered", () => "left");
  await hold.arrived();
  client.abort();
  assert.equal(await left, "left");
  assert.deepEqual((await one.rows()).map((row) => row.status), ["running"]);
  assertError(await one.generate(body), "request_in_progress");

  hold.open();
  const isRecorded = async () => (await one.rows())[0]!.status === "completed";
  assert.ok(await until(isRecorded, 30_000), "the picture is recorded without its client");
  const back = await one.generate(body);
  assert.deepEqual([back.status, back.body.creditsRemaining, back.body.creditsUsed], [200, 2, 1]);
  await download(back.body.imageUrl);
  assert.equal((await bench.engine.requests(bench.marker)).length, 1);
});

hub.test("20 clients that leave at once leave nothing held behind", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant("pro");
  const hold = hub.gate!.hold(bench.marker);
  const client = new AbortController();
  const left = Array.from(
    { length: 20 },
    () => one.generate({ prompt: bench.marker, sessionId }, { signal: client.signal }).catch(() => undefined),
  );
  await hold.arrived(15);
  client.abort();
  await Promise.all(left);
  hold.open();
  const isSettled = async () => (await one.rows()).filter((row) => row.status === "completed").length === 15;
  assert.ok(await until(isSettled, 30_000), "all fifteen are recorded");
  assert.equal(await one.credits(sessionId), 0);
});
