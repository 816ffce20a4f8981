/** Every row of the error table of DESIGN.md, provoked through the whole stack: what it says and what it costs. */
import assert from "node:assert/strict";
import postgres from "postgres";
import { assertError, codes, provoked } from "./support/codes.ts";
import { visitorClient } from "./support/customer.ts";
import { Hub } from "./support/hub.ts";

/** How long a request waits for its engine here. What waits for nothing else ends no later than this. */
const budgetSeconds = 15;
const hub = new Hub({ functionEnv: { IMAGE_BUDGET_SECONDS: String(budgetSeconds) } });

hub.test("400 invalid_request names the field, and nothing is asked of anybody", async ({ customer, engine, marker }) => {
  const one = await customer();
  const sessionId = await one.grant();
  const good = { prompt: marker, sessionId };
  const rows: [string, Record<string, unknown>][] = [
    ["prompt", { sessionId }],
    ["prompt", { ...good, prompt: " \n " }],
    ["prompt", { ...good, prompt: marker + "x".repeat(2_000) }],
    ["sessionId", { prompt: marker }],
    ["sessionId", { ...good, sessionId: "1" }],
    ["conversationId", { ...good, conversationId: "1" }],
    ["requestId", { ...good, requestId: "1" }],
    ["negativePrompt", { ...good, negativePrompt: "x".repeat(1_001) }],
    ["width", { ...good, width: 640 }],
    ["height", { ...good, height: 2_048 }],
    ["steps", { ...good, steps: 9 }],
    ["cfgScale", { ...good, cfgScale: 20.5 }],
    ["seed", { ...good, seed: 2 ** 32 }],
    ["batchCount", { ...good, batchCount: 5 }],
  ];
  await Promise.all(rows.map(async ([field, body]) => {
    const answer = await one.generate(body);
    assertError(answer, "invalid_request", { field });
    assert.ok(answer.body.error.includes(field) || field === "prompt", answer.body.error);
  }));
  assert.deepEqual(await one.rows(), []);
  assert.deepEqual(await engine.requests(marker), []);
});

hub.test("401 unauthorized for who is not signed in", async ({ customer, marker }) => {
  const one = await customer();
  const body = { prompt: marker, sessionId: await one.grant() };
  const { error } = await visitorClient(hub).functions.invoke("generate-image", { body });
  const answer = { status: error.context.status, headers: error.context.headers, body: await error.context.json() };
  assertError(answer, "unauthorized");
  assert.deepEqual(await one.rows(), []);
});

hub.test("403 session_not_found for no session and for somebody else's alike", async ({ customer, marker }) => {
  const [one, other] = [await customer(), await customer()];
  const nowhere = await one.generate({ prompt: marker, sessionId: crypto.randomUUID() });
  const foreign = await one.generate({ prompt: marker, sessionId: await other.grant() });
  assertError(nowhere, "session_not_found");
  assertError(foreign, "session_not_found");
  // Nobody learns from the answer which sessions there are.
  assert.equal(foreign.body.error, nowhere.body.error);
});

hub.test("403 not_in_plan for more pictures than any hour of the plan holds", async ({ customer, marker }) => {
  const one = await customer();
  const sessionId = await one.grant("flash-lite");
  const answer = await one.generate({ prompt: marker, sessionId, batchCount: 4 });
  assertError(answer, "not_in_plan", { creditsRemaining: 3 });
  assert.match(answer.body.error, /\b3 pictures an hour/);
  assert.equal((await one.session(sessionId)).status, "ready");
});

hub.test("409 request_id_reused for an id that stands for other contents", async ({ customer, engine, marker }) => {
  const one = await customer();
  const [sessionId, otherSession] = [await one.grant(), await one.grant()];
  const body = { prompt: marker, sessionId, requestId: crypto.randomUUID(), seed: 1 };
  assert.equal((await one.generate(body)).status, 200);
  for (const change of [{ prompt: `${marker} again` }, { seed: 2 }, { width: 768 }, { sessionId: otherSession }]) {
    assertError(await one.generate({ ...body, ...change }), "request_id_reused", { requestId: body.requestId });
  }
  assert.deepEqual([await one.credits(sessionId), await one.credits(otherSession)], [2, 3]);
  assert.equal((await engine.requests(marker)).length, 1);
});

hub.test("the same id of another customer is another request", async ({ customer, marker }) => {
  const requestId = crypto.randomUUID();
  for (const one of [await customer(), await customer()]) {
    const answer = await one.generate({ prompt: marker, sessionId: await one.grant(), requestId });
    assert.deepEqual([answer.status, answer.body.requestId, answer.body.creditsRemaining], [200, requestId, 2]);
  }
});

hub.test("413 too_large and 415 unsupported_media_type before anything is read", async ({ customer, marker }) => {
  const one = await customer();
  const body = JSON.stringify({ prompt: marker, sessionId: await one.grant(), filler: "x".repeat(70_000) });
  assertError(await one.send(body), "too_large");
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]) {
    assertError(await one.send("{}", { headers: { "content-type": type } }), "unsupported_media_type");
  }
});

hub.test("429 credits_exhausted says when there are new ones, and in the last hour that there are none", async (bench) => {
  const one = await bench.customer();
  const long = await one.grant("flash-lite", 2);
  assert.equal((await one.generate({ prompt: bench.marker, sessionId: long, batchCount: 2 })).status, 200);
  const few = await one.generate({ prompt: bench.marker, sessionId: long, batchCount: 2 });
  assertError(few, "credits_exhausted", { creditsRemaining: 1 });
  assert.match(few.body.error, /^Only 1 of this hour's 3/);
  const left = Date.parse(few.body.resetsAt) - Date.now();
  assert.ok(left > 3_500_000 && left <= 3_600_000, few.body.resetsAt);
  assert.ok(few.body.retryAfter > 3_500 && few.body.retryAfter <= 3_600);

  const short = await one.grant("flash-lite", 1);
  assert.equal((await one.generate({ prompt: bench.marker, sessionId: short, batchCount: 3 })).status, 200);
  const none = await one.generate({ prompt: bench.marker, sessionId: short });
  assertError(none, "credits_exhausted", { creditsRemaining: 0, resetsAt: undefined, retryAfter: undefined });
  assert.match(none.body.error, /Buy another hour/);
});

hub.test("403 session_expired when the hours are over", async ({ customer, marker }) => {
  const one = await customer();
  const sessionId = await one.grant();
  assert.equal((await one.generate({ prompt: marker, sessionId })).status, 200);
  await hub.sql`update public.user_sessions set started_at = started_at - interval '1 hour',
    expires_at = expires_at - interval '1 hour' where id = ${sessionId}`;
  assertError(await one.generate({ prompt: marker, sessionId }), "session_expired");
  assert.equal((await one.session(sessionId)).status, "ended");
});

hub.test("409 request_in_progress while a request is being worked on, 504 engine_timeout when the engine never answers", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const body = { prompt: bench.marker, sessionId, requestId: crypto.randomUUID() };
  await bench.engine.order(bench.marker, { kind: "hang" });
  const first = one.generate(body);
  await bench.engine.arrived(bench.marker);
  assert.equal(await one.credits(sessionId), 2);
  const again = await one.generate(body);
  assertError(again, "request_in_progress", { requestId: body.requestId });
  assert.ok(again.body.retryAfter >= 1);
  assertError(await first, "engine_timeout", { requestId: body.requestId, creditsRemaining: 3 });
  // A definite failure is the answer for good: nothing is asked again, nothing is charged.
  assertError(await one.generate(body), "engine_timeout", { creditsRemaining: 3 });
  const seen = await bench.engine.requests(bench.marker);
  assert.deepEqual(seen.map((request) => request.client_left), [true]);
});

hub.test("500 internal when Storage refuses the picture: the credit is back", async ({ customer, marker }) => {
  const one = await customer();
  const sessionId = await one.grant();
  const admin = postgres(hub.stack.adminDbUrl, { max: 1, onnotice: () => {} });
  const name = `refuse_${marker}`;
  await admin.unsafe(`
    create function public.${name}() returns trigger language plpgsql as $$ begin
      if starts_with(new.name, '${one.id}/') then raise exception 'refused by a test'; end if;
      return new;
    end $$;
    create trigger ${name} before insert on storage.objects for each row execute function public.${name}()`);
  try {
    assertError(await one.generate({ prompt: marker, sessionId }), "internal", { creditsRemaining: 3 });
  } finally {
    await admin.unsafe(`drop function public.${name} cascade`);
    await admin.end();
  }
  assert.deepEqual((await one.rows()).map((row) => [row.status, row.failure_code]), [["failed", "internal"]]);
  assert.equal((await one.generate({ prompt: marker, sessionId })).body.creditsRemaining, 2);
});

hub.test("500 internal when the record is refused: neither a credit nor an object is left behind", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const name = `refuse_${bench.marker}`;
  await hub.sql.unsafe(`
    create function private.${name}() returns trigger language plpgsql as $$ begin
      if new.user_id = '${one.id}' and new.status = 'completed' then raise exception 'refused by a test'; end if;
      return new;
    end $$;
    create trigger ${name} before update on public.image_generations for each row execute function private.${name}()`);
  try {
    assertError(await one.generate({ prompt: bench.marker, sessionId }), "internal");
  } finally {
    await hub.sql.unsafe(`drop function private.${name} cascade`);
  }
  assert.deepEqual((await one.rows()).map((row) => row.status), ["failed"]);
  assert.equal(await one.credits(sessionId), 3);
});

hub.test("a finished request that is sent again gets the same answer for nothing, by body or by header", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const requestId = crypto.randomUUID();
  const body = { prompt: bench.marker, sessionId };
  const key = { "Idempotency-Key": requestId };
  const first = await one.generate(body, { headers: key });
  assert.deepEqual([first.status, first.body.requestId], [200, requestId]);
  const replays = [
    await one.generate(body, { headers: key }),
    await one.generate({ ...body, requestId }),
    await one.generate({ ...body, requestId: requestId.toUpperCase() }, { headers: key }),
  ];
  for (const replay of replays) assert.deepEqual([replay.status, replay.body], [200, first.body]);
  assert.equal((await bench.engine.requests(bench.marker)).length, 1);
  assert.equal((await one.rows()).length, 1);
  const conflict = await one.generate({ ...body, requestId: crypto.randomUUID() }, { headers: key });
  assertError(conflict, "invalid_request", { field: "requestId" });
  const nonsense = await one.generate(body, { headers: { "Idempotency-Key": "again" } });
  assertError(nonsense, "invalid_request", { field: "Idempotency-Key" });
});

hub.test("a failed request that is sent again fails again for nothing, and succeeds under a new id", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const body = { prompt: bench.marker, sessionId, requestId: crypto.randomUUID() };
  await bench.engine.order(bench.marker, { kind: "text_page" });
  const first = await one.generate(body);
  assertError(first, "engine_failed", { creditsRemaining: 3 });
  const again = await one.generate(body);
  assert.deepEqual(again.body, first.body);
  assert.equal((await bench.engine.requests(bench.marker)).length, 1);
  assert.equal((await one.generate({ ...body, requestId: crypto.randomUUID() })).status, 200);
});

hub.test("of a batch, what the engine did not draw is not charged for", async ({ customer, engine, marker }) => {
  const one = await customer();
  const sessionId = await one.grant("flash");
  const body = { prompt: marker, sessionId, batchCount: 4, requestId: crypto.randomUUID() };
  await engine.order(marker, { kind: "status", status: 400 }, 3);
  const answer = await one.generate(body);
  assert.equal(answer.status, 200);
  assert.deepEqual([answer.body.images.length, answer.body.creditsUsed, answer.body.creditsRemaining], [1, 1, 7]);
  const rows = await one.rows();
  assert.deepEqual(rows.map((row) => row.status).sort(), ["completed", "failed", "failed", "failed"]);
  const replay = await one.generate(body);
  assert.deepEqual(replay.body, answer.body);
  assert.equal((await engine.requests(marker)).length, 4);

  await engine.order(marker, { kind: "status", status: 400 }, 4);
  assertError(await one.generate({ prompt: marker, sessionId, batchCount: 4 }), "engine_failed", {
    creditsRemaining: 7,
  });
});

hub.test("a conversation must be one's own", async ({ customer, marker }) => {
  const [one, other] = [await customer(), await customer()];
  const made = await other.client.from("conversations").insert({ user_id: other.id }).select("id").single();
  const sessionId = await one.grant();
  for (const conversationId of [made.data!.id, crypto.randomUUID()]) {
    const answer = await one.generate({ prompt: marker, sessionId, conversationId });
    assertError(answer, "invalid_request", { field: "conversationId" });
  }
  assert.deepEqual(await one.rows(), []);
});

hub.test("404 request_not_found for no request and for somebody else's alike, to who asks and to who takes back", async (bench) => {
  const [one, other] = [await bench.customer(), await bench.customer()];
  const made = await other.generate({ prompt: bench.marker, sessionId: await other.grant() });
  assert.equal(made.status, 200);
  const nowhere = crypto.randomUUID();
  const answers = await Promise.all(
    [nowhere, made.body.requestId].flatMap((id) => [one.status(id), one.cancel(id)]),
  );
  for (const answer of answers) {
    assertError(answer, "request_not_found");
    // Nobody learns from the answer which requests there are.
    assert.equal(answer.body.error, answers[0]!.body.error);
  }
  assert.equal((await other.status(made.body.requestId)).body.status, "completed");
});

hub.test("409 cancelled for a request that was taken back, for good", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const body = { prompt: bench.marker, sessionId, requestId: crypto.randomUUID() };
  await bench.engine.order(bench.marker, { kind: "hang" });
  const first = one.generate(body);
  await bench.engine.arrived(bench.marker);
  const under = await one.cancel(body.requestId);
  assert.deepEqual([under.status, under.body.status, under.body.cancelling], [202, "running", true]);
  assertError(await first, "cancelled", { creditsRemaining: 3, requestId: body.requestId });
  assertError(await one.generate(body), "cancelled", { creditsRemaining: 3 });
  assert.deepEqual((await bench.engine.requests(bench.marker)).map((seen) => seen.client_left), [true]);
  assert.equal((await one.session(sessionId)).status, "ready");
});

// Each with one cause here; engine_faults_test.ts has them all.
hub.test("422, 429, 502 and 503: what the engine says, in the hub's words; every code was provoked", async (bench) => {
  const one = await bench.customer();
  const words = "EngineWords: account 4711 of the owner";
  const status = (status: number, headers: Record<string, string> = {}) => ({
    kind: "status",
    status,
    headers,
    body: { error: words },
  });
  const rows: [string, { kind: string; [detail: string]: unknown }, Record<string, unknown>][] = [
    ["prompt_refused", { kind: "refuse_prompt" }, {}],
    ["rate_limited", status(429, { "Retry-After": "60" }), { retryAfter: 60 }],
    ["engine_failed", status(422), {}],
    ["engine_misconfigured", status(401), {}],
    ["model_loading", { kind: "cold", estimated_time: 20.5 }, { estimatedTime: 21, retryAfter: 21 }],
    ["engine_unavailable", { kind: "reset" }, {}],
  ];
  for (const [code, fault, fields] of rows) {
    const sessionId = await one.grant();
    const prompt = `${bench.marker} ${code}`;
    await hub.forgetFaults();
    await bench.engine.order(prompt, fault, null);
    const answer = await one.generate({ prompt, sessionId });
    assertError(answer, code, { creditsRemaining: 3, ...fields });
    assert.ok(!answer.body.error.includes(words));
    assert.equal((await one.session(sessionId)).status, "ready");
  }
  assert.deepEqual([...provoked].sort(), [...codes].sort());
});
