/**
 * The faults of real engines (ENGINES.md, section 11, rows 1 to 7 and 16 for hf-inference), played by easel: what the
 * customer hears, that his credit is back, and how often the engine was asked. All rows run at the same time, each in a
 * session of its own: the longest lasts as long as the budget.
 */
import assert from "node:assert/strict";
import { assertError } from "./support/codes.ts";
import type { Fault } from "./support/easel.ts";
import { Hub } from "./support/hub.ts";
import { download, formatOf, pngSize } from "./support/picture.ts";

/** With it four tries fit that wait 1, 2 and 4 seconds (and up to a quarter more), and a fifth after 8, which 429 alone would get, does not. */
const hub = new Hub({
  forgetful: true,
  functionEnv: { IMAGE_BUDGET_SECONDS: "15", IMAGE_ENGINES: "huggingface/hf-inference:easel/sketch-1" },
});

interface FaultRow {
  name: string;
  fault: Fault;
  /** How often it is played; for ever by default. */
  times?: number;
  /** The code, or none for a picture. */
  code?: string;
  /** Requests that reach the engine's model. */
  asked: number;
  /** Requests for a picture at an address that the engine named; none by default. */
  fetched?: number;
  fields?: Record<string, unknown>;
}

const status = (status: number, more: Record<string, unknown> = {}): Fault => ({ kind: "status", status, ...more });
const html = { content_type: "text/html", body: "<html><h1>504 Gateway Time-out</h1></html>" };

const rows: FaultRow[] = [
  { name: "1 a JPEG labelled PNG", fault: { kind: "mislabelled" }, asked: 1 },
  { name: "2 cold twice, then warm", fault: { kind: "cold", estimated_time: 1 }, times: 2, asked: 3 },
  {
    name: "2 cold for longer than the request may wait",
    fault: { kind: "cold", estimated_time: 20 },
    code: "model_loading",
    fields: { estimatedTime: 20, retryAfter: 20 },
    asked: 1,
  },
  { name: "3 503 as a page", fault: { kind: "cold", html: true }, code: "engine_unavailable", asked: 4 },
  { name: "3 503 as a page, once", fault: { kind: "cold", html: true }, times: 1, asked: 2 },
  {
    name: "3 503 with Retry-After alone",
    fault: status(503, { headers: { "Retry-After": "30" } }),
    code: "model_loading",
    fields: { estimatedTime: 30 },
    asked: 1,
  },
  ...[401, 402, 403, 404, 410].map((number) => (
    { name: `4 ${number}`, fault: status(number), code: "engine_misconfigured", asked: 1 }
  )),
  {
    name: "4 404 as text",
    fault: status(404, { content_type: "text/plain", body: "Not Found" }),
    code: "engine_misconfigured",
    asked: 1,
  },
  { name: "5 429 with Retry-After", fault: status(429, { headers: { "Retry-After": "2" } }), times: 1, asked: 2 },
  { name: "5 429 with RateLimit", fault: status(429, { headers: { RateLimit: '"api";r=0;t=3' } }), times: 1, asked: 2 },
  {
    name: "5 429 for longer than the request may wait",
    fault: status(429, { headers: { RateLimit: '"api";r=0;t=55' } }),
    code: "rate_limited",
    fields: { retryAfter: 55 },
    asked: 1,
  },
  {
    name: "5 429 without a word",
    fault: status(429),
    code: "rate_limited",
    fields: { retryAfter: undefined },
    asked: 4,
  },
  {
    name: "5 429 insufficient_quota",
    fault: status(429, { body: { error: { code: "insufficient_quota", message: "You exceeded your quota" } } }),
    code: "engine_misconfigured",
    asked: 1,
  },
  { name: "6 base64 in JSON", fault: { kind: "json_b64" }, asked: 1 },
  { name: "6 an address in JSON", fault: { kind: "json_url" }, asked: 1, fetched: 1 },
  { name: "6 JSON without a picture", fault: status(200, { body: { data: [] } }), code: "engine_failed", asked: 1 },
  {
    name: "6 JSON with no base64",
    fault: status(200, { body: { data: [{ b64_json: "$$$" }] } }),
    code: "engine_failed",
    asked: 1,
  },
  { name: "7 a page", fault: { kind: "text_page" }, code: "engine_failed", asked: 1 },
  { name: "7 nothing", fault: { kind: "empty" }, code: "engine_failed", asked: 1 },
  { name: "7 noise", fault: { kind: "garbage" }, code: "engine_failed", asked: 1 },
  { name: "7 half a picture", fault: { kind: "truncated" }, code: "engine_failed", asked: 1 },
  { name: "7 all but the last byte", fault: { kind: "truncated", fraction: 0.9999 }, code: "engine_failed", asked: 1 },
  {
    name: "16 the picture's address answers 404",
    fault: { kind: "json_url", missing: true },
    code: "engine_failed",
    asked: 1,
    fetched: 2,
  },
  {
    name: "an address that is no address of a picture",
    fault: status(200, { body: { output: ["file:///etc/hostname"] } }),
    code: "engine_failed",
    asked: 1,
  },
  { name: "400", fault: status(400), code: "engine_failed", asked: 1 },
  { name: "413", fault: status(413), code: "engine_failed", asked: 1 },
  { name: "moderation", fault: { kind: "refuse_prompt" }, code: "prompt_refused", asked: 1 },
  {
    name: "moderation, in detail[]",
    fault: status(422, {
      body: { detail: [{ loc: ["body", "prompt"], msg: "no", type: "content_policy_violation" }] },
    }),
    code: "prompt_refused",
    asked: 1,
  },
  { name: "500 for ever", fault: status(500), code: "engine_failed", asked: 4 },
  { name: "500 once", fault: status(500), times: 1, asked: 2 },
  { name: "504 as a page", fault: status(504, html), code: "engine_failed", asked: 4 },
  { name: "an odd status", fault: status(418), code: "engine_failed", asked: 1 },
  { name: "a connection that breaks, for ever", fault: { kind: "reset" }, code: "engine_unavailable", asked: 2 },
  { name: "a connection that breaks once", fault: { kind: "reset" }, times: 1, asked: 2 },
  {
    name: "more than a picture can be, as declared",
    fault: { kind: "huge", mib: 64 },
    code: "engine_failed",
    asked: 1,
  },
  {
    name: "more than a picture can be, undeclared",
    fault: { kind: "huge", mib: 64, declared: false },
    code: "engine_failed",
    asked: 1,
  },
  { name: "never an answer", fault: { kind: "hang" }, code: "engine_timeout", asked: 1 },
];

hub.test("each fault is told as what it is, asked about as often as it is worth, and costs nothing", async (bench) => {
  const one = await bench.customer();
  const sessions = await Promise.all(rows.map(() => one.grant()));
  const wrong: string[] = [];
  await Promise.all(rows.map(async (row, index) => {
    const sessionId = sessions[index]!;
    const prompt = `${bench.marker} (${index})`;
    try {
      await bench.engine.order(prompt, row.fault, row.times ?? null);
      const answer = await one.generate({ prompt, sessionId });
      if (row.code) {
        assertError(answer, row.code, { creditsRemaining: 3, ...row.fields });
        assert.deepEqual((await one.rows(sessionId)).map((made) => made.failure_code), [row.code]);
        assert.equal((await one.session(sessionId)).status, "ready", "a failure costs no time either");
      } else {
        assert.deepEqual([answer.status, answer.body.creditsRemaining], [200, 2], JSON.stringify(answer.body));
        assert.notEqual(formatOf((await download(answer.body.imageUrl)).bytes), "unknown");
      }
      const seen = (await bench.engine.requests(prompt)).map(({ method }) => method);
      assert.equal(seen.filter((method) => method === "POST").length, row.asked, "requests that reached the engine");
      assert.equal(seen.filter((method) => method === "GET").length, row.fetched ?? 0, "pictures that were fetched");
    } catch (error) {
      wrong.push(`${row.name}: ${(error as Error).message}`);
    }
  }));
  assert.deepEqual(wrong, []);
});

hub.test("3 a model that stays cold is asked until the time is up, and then it is still loading", async (bench) => {
  const one = await bench.customer();
  await bench.engine.order(bench.marker, { kind: "cold", estimated_time: 6 }, null);
  const answer = await one.generate({ prompt: bench.marker, sessionId: await one.grant() });
  assertError(answer, "model_loading", { estimatedTime: 6, creditsRemaining: 3 });
  const asked = (await bench.engine.requests(bench.marker)).length;
  assert.ok(asked >= 2 && asked <= 3, String(asked));
});

hub.test("the size that is told is the size of the picture", async (bench) => {
  const one = await bench.customer();
  await bench.engine.order(bench.marker, { kind: "wrong_size", width: 768, height: 512 });
  const answer = await one.generate({ prompt: bench.marker, sessionId: await one.grant(), width: 512, height: 512 });
  // Either it is refused as not what was asked for, or it is told as what it is.
  if (answer.status !== 200) return assertError(answer, "engine_failed", { creditsRemaining: 3 });
  const [image] = answer.body.images;
  assert.deepEqual(pngSize((await download(image.url)).bytes), [image.width, image.height]);
});

hub.test("the engine's key goes to the engine and to nobody that the engine points at", async (bench) => {
  const seen: string[] = [];
  const elsewhere = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    seen.push(JSON.stringify([...request.headers]));
    return new Response("nothing");
  });
  try {
    const url = `http://127.0.0.1:${elsewhere.addr.port}/picture.png`;
    const one = await bench.customer();
    for (const [index, redirect] of [302, 307, 308].entries()) {
      const prompt = `${bench.marker} (${index})`;
      await bench.engine.order(prompt, status(redirect, { headers: { location: url } }), null);
      const answer = await one.generate({ prompt, sessionId: await one.grant() });
      assert.ok(["engine_failed", "engine_unavailable"].includes(answer.body.code), JSON.stringify(answer.body));
    }
    await bench.engine.order(`${bench.marker} url`, status(200, { body: { output: [url] } }));
    const linked = await one.generate({ prompt: `${bench.marker} url`, sessionId: await one.grant() });
    assertError(linked, "engine_failed");
    assert.deepEqual(seen, []);
  } finally {
    await elsewhere.shutdown();
  }
});
