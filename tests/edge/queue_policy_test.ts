/**
 * What becomes of pictures that wait when engines fail, cost, or are limited: how often they are tried, when they are
 * given up, whose turn it is, and that an engine which would only say no again is not asked. Nobody wakes the worker but
 * the tests, and what is put back is tried at once; how long it should have waited is looked up.
 */
import assert from "node:assert/strict";
import postgres from "postgres";
import { assertError } from "./support/codes.ts";
import type { Customer } from "./support/customer.ts";
import type { Fault, Seen } from "./support/easel.ts";
import { Hub } from "./support/hub.ts";
import { copyProject } from "./support/project.ts";

/** With it an engine that breaks is asked three times for each try of a picture: waits of 1 and 2 seconds fit, and one of 4
 * does not. */
const budgetSeconds = "7";

/** The two functions once more, with two engines of two accounts; both are easel. */
const failingOver = (name: string) => `
import { instantiate } from "../_shared/generated/pictures.js";
import { handler } from "../_shared/shim.ts";

const env = Deno.env.toObject();
const engines = {
  IMAGE_ENGINES: "huggingface/hf-inference:easel/sketch-1, openai:easel/sketch-2",
  OPENAI_BASE_URL: env.HUGGINGFACE_BASE_URL + "/v1",
  OPENAI_API_KEY: env.HUGGINGFACE_API_KEY,
  IMAGE_BUDGET_SECONDS: "60",
};
Deno.serve(handler("${name}", instantiate, { env: { ...env, ...engines } }));
`;

/** The two functions once more, with so much time for an engine that nothing here depends on it. */
const patient = (name: string) => `
import { instantiate } from "../_shared/generated/pictures.js";
import { handler } from "../_shared/shim.ts";

Deno.serve(handler("${name}", instantiate, { env: { ...Deno.env.toObject(), IMAGE_BUDGET_SECONDS: "60" } }));
`;
const project = copyProject({
  "failing-over": failingOver("generate-image"),
  "failing-over-worker": failingOver("queue-worker"),
  "patient": patient("generate-image"),
  "patient-worker": patient("queue-worker"),
});

const hub = new Hub({
  projectDir: project.dir,
  scheduler: false,
  impatient: true,
  easelArgs: ["--model", "easel/sketch-2"],
  functionEnv: { IMAGE_BUDGET_SECONDS: budgetSeconds },
});
Deno.test.afterAll(() => project.remove());

const broken: Fault = { kind: "status", status: 500 };

/** Queues a picture and has the worker do what it can about it. */
async function queueAndWork(one: Customer, sessionId: string, prompt: string) {
  const requestId = crypto.randomUUID();
  const taken = await one.enqueue({ prompt, sessionId, requestId });
  assert.equal(taken.status, 202, JSON.stringify(taken.body));
  const shift = await hub.work();
  const { body } = await one.status(requestId);
  const attempts = (await one.rows()).filter((row) => row.request_id === requestId).map((row) => row.attempts);
  return { requestId, shift, told: body, attempts, waits: await hub.waits(requestId) };
}

/** Whom the engines were asked for pictures by, in order. */
const paths = (seen: Seen[]) => seen.filter(({ method }) => method === "POST").map(({ path }) => path);

interface Case {
  name: string;
  fault: Fault;
  /** How often it is played; for ever by default. */
  times?: number;
  /** The code, or none for a picture. */
  code?: string;
  attempts: number;
  /** Seconds to each next try. */
  waits: number[];
  /** Requests that reach the engine. */
  asked: number;
}

const cases: Case[] = [
  { name: "breaks four times", fault: broken, times: 4, attempts: 2, waits: [15], asked: 5 },
  { name: "breaks for ever", fault: broken, code: "engine_failed", attempts: 4, waits: [15, 30, 60], asked: 12 },
  {
    name: "hangs up for ever",
    fault: { kind: "reset" },
    code: "engine_unavailable",
    attempts: 4,
    waits: [15, 30, 60],
    asked: 8,
  },
  {
    name: "says that it is busy, without a word on when",
    fault: { kind: "status", status: 429 },
    code: "rate_limited",
    attempts: 4,
    waits: [15, 30, 60],
    asked: 12,
  },
  {
    name: "says when to ask again, until then",
    fault: { kind: "status", status: 429, headers: { "Retry-After": "90" } },
    times: 6,
    attempts: 7,
    waits: [90, 90, 90, 90, 90, 90],
    asked: 7,
  },
  {
    name: "says to ask again when nobody waits any more",
    fault: { kind: "status", status: 429, headers: { "Retry-After": "7200" } },
    code: "rate_limited",
    attempts: 1,
    waits: [],
    asked: 1,
  },
  {
    name: "wakes up",
    fault: { kind: "cold", estimated_time: 20 },
    times: 6,
    attempts: 7,
    waits: Array(6).fill(20),
    asked: 7,
  },
  { name: "answers with a page once", fault: { kind: "text_page" }, times: 1, attempts: 2, waits: [5], asked: 2 },
  {
    name: "answers with pages",
    fault: { kind: "text_page" },
    code: "engine_failed",
    attempts: 2,
    waits: [5],
    asked: 2,
  },
  {
    name: "refuses the prompt",
    fault: { kind: "refuse_prompt" },
    code: "prompt_refused",
    attempts: 1,
    waits: [],
    asked: 1,
  },
  {
    name: "finds fault with the request",
    fault: { kind: "status", status: 400 },
    code: "engine_failed",
    attempts: 1,
    waits: [],
    asked: 1,
  },
  {
    name: "refuses the hub's key",
    fault: { kind: "status", status: 401 },
    code: "engine_misconfigured",
    attempts: 1,
    waits: [],
    asked: 1,
  },
];

for (const { name, fault, times, code, attempts, waits, asked } of cases) {
  const end = code ? `ends as ${code}` : "is drawn";
  hub.test(`a picture of the queue whose engine ${name} ${end}`, async (bench) => {
    const one = await bench.customer();
    const sessionId = await one.grant();
    await bench.engine.order(bench.marker, fault, times ?? null);
    // What one try found out is no reason to refuse the next one here: that is tested by itself.
    const seen = await hub.whileForgetful(() => queueAndWork(one, sessionId, bench.marker));
    const left = code ? 3 : 2;
    assert.deepEqual([seen.attempts, seen.waits], [[attempts], waits]);
    assert.deepEqual([seen.told.status, seen.told.code], [code ? "failed" : "completed", code]);
    assert.deepEqual([seen.told.creditsUsed, seen.told.creditsRemaining], [3 - left, left]);
    assert.equal(seen.shift.completed, code ? 0 : 1);
    assert.equal((await bench.engine.requests(bench.marker)).length, asked);
    assert.equal(await one.credits(sessionId), left);
    if (code) {
      // The same request is told the same whichever way it is asked for.
      const again = await one.generate({ prompt: bench.marker, sessionId, requestId: seen.requestId });
      assertError(again, code, { creditsRemaining: 3 });
      assert.equal((await one.session(sessionId)).status, "ready");
    }
  });
}

hub.test("a picture that Storage did not take is drawn again, and paid for once", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const admin = postgres(hub.stack.adminDbUrl, { max: 1, onnotice: () => {} });
  const name = `refuse_${bench.marker}`;
  await admin.unsafe(`
    create sequence public.${name};
    create function public.${name}() returns trigger language plpgsql security definer as $$ begin
      if starts_with(new.name, '${one.id}/') and nextval('public.${name}') <= 2 then raise exception 'refused by a test'; end if;
      return new;
    end $$;
    create trigger ${name} before insert on storage.objects for each row execute function public.${name}()`);
  try {
    const seen = await queueAndWork(one, sessionId, bench.marker);
    assert.equal(seen.told.status, "completed", JSON.stringify(seen));
    assert.deepEqual([seen.told.creditsUsed, seen.told.creditsRemaining], [1, 2]);
    assert.deepEqual(seen.waits, Array(seen.attempts[0]! - 1).fill(15));
  } finally {
    await admin.unsafe(`drop function public.${name} cascade; drop sequence public.${name}`);
    await admin.end();
  }
});

hub.test("a picture that has waited for its hour is given up, whether or not anybody comes by", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const body = { prompt: bench.marker, sessionId, requestId: crypto.randomUUID() };
  assert.equal((await one.enqueue(body)).status, 202);
  await hub.sql`update public.image_generations set created_at = created_at - interval '1 hour',
    lease_expires_at = lease_expires_at - interval '1 hour' where request_id = ${body.requestId}`;
  const told = await one.status(body.requestId);
  assert.deepEqual([told.body.status, told.body.code, told.body.creditsRemaining], ["expired", "engine_timeout", 3]);
  assert.deepEqual(await hub.work(), { completed: 0, requeued: 0, failed: 0 });
  assert.deepEqual(await bench.engine.requests(bench.marker), []);
  assertError(await one.generate(body), "engine_timeout", { creditsRemaining: 3 });
  assert.deepEqual((await one.rows()).map((row) => row.status), ["expired"]);
});

/** Gives the account of the tests' engine a budget for as long as a test lasts. */
async function withBudget(turnsPerHour: number | null, gap: string, body: () => Promise<void>): Promise<void> {
  const account = `huggingface@${hub.stack.engineUrl}`;
  await hub.sql`insert into private.engine_budget (account, turns_per_hour, gap)
    values (${account}, ${turnsPerHour}, ${gap}::interval)`;
  try {
    await body();
  } finally {
    await hub.sql`delete from private.engine_budget where account = ${account}`;
  }
}

/** Lets an hour pass for the budgets. */
const passHour = () => hub.sql`update private.engine_turn set taken_at = taken_at - interval '1 hour'`;

hub.test("an hour's budget is kept by all workers together, and the rest waits for the next hour", async (bench) => {
  const customers = await Promise.all([bench.customer(), bench.customer(), bench.customer()]);
  const asked = async () => (await bench.engine.requests(bench.marker)).length;
  await withBudget(5, "0", async () => {
    const requests = await Promise.all(customers.flatMap((one) =>
      Array.from({ length: 3 }, async () => {
        const requestId = crypto.randomUUID();
        const taken = await one.enqueue({ prompt: bench.marker, sessionId: await one.grant(), requestId });
        assert.equal(taken.status, 202);
        return { one, requestId };
      })
    ));
    const work = () => hub.work("patient-worker");
    const shifts = await Promise.all([work(), work(), work(), work()]);
    assert.equal(shifts.reduce((sum, { completed }) => sum + completed, 0), 5);
    assert.equal(await asked(), 5);
    const waiting = requests.map(async ({ one, requestId }) => (await one.status(requestId)).body);
    const places = (await Promise.all(waiting)).filter(({ status }) => status === "queued");
    assert.deepEqual(places.map(({ position }) => position).sort(), [1, 2, 3, 4]);
    for (const { estimatedStartAt } of places) {
      // Not before the oldest of the five turns is an hour old.
      assert.ok(Date.parse(estimatedStartAt) - Date.now() > 3_000_000, estimatedStartAt);
    }
    // Nobody draws meanwhile, however often the worker is woken.
    await Promise.all([work(), work()]);
    assert.equal(await asked(), 5);

    await passHour();
    await Promise.all([work(), work()]);
    assert.equal(await asked(), 9);
    for (const { one, requestId } of requests) assert.equal((await one.status(requestId)).body.status, "completed");
  });
});

hub.test("turns of an account are as far apart as its budget says, retries and all workers included", async (bench) => {
  const one = await bench.customer();
  await bench.engine.order(bench.marker, broken, 1);
  await withBudget(null, "700 milliseconds", async () => {
    for (let count = 0; count < 4; count++) {
      const body = { prompt: bench.marker, sessionId: await one.grant(), requestId: crypto.randomUUID() };
      assert.equal((await one.enqueue(body)).status, 202);
    }
    const sync = { prompt: bench.marker, sessionId: await one.grant() };
    const work = () => hub.work("patient-worker");
    const [answer] = await Promise.all([one.generate(sync, { name: "patient" }), work(), work(), work()]);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    const made = (await one.rows()).filter((row) => row.status === "completed").length;
    assert.equal(made, 5);
    const asked = (await bench.engine.requests(bench.marker)).length;
    assert.equal(asked, made + 1, "one was asked twice");
    const gaps = await hub.sql<{ ms: number }[]>`
      select extract(epoch from taken_at - lag(taken_at) over (order by taken_at))::float8 * 1000 as ms
      from private.engine_turn order by taken_at offset 1`;
    assert.equal(gaps.length, asked - 1, "every request to the engine took a turn");
    for (const { ms } of gaps) assert.ok(ms >= 700, `${ms} ms between two turns`);
  });
});

hub.test("429 with a true retryAfter for who does not wait as long as the budget takes; the credit is back", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const patience = { name: "patient", headers: { Prefer: "wait=30" } };
  const ask = () => one.generate({ prompt: bench.marker, sessionId }, patience);
  await withBudget(1, "0", async () => {
    assert.equal((await ask()).status, 200);
    await hub.sql`update private.engine_turn set taken_at = taken_at - interval '50 minutes'`;
    const refused = await ask();
    assertError(refused, "rate_limited", { creditsRemaining: 2 });
    assert.ok(refused.body.retryAfter > 590 && refused.body.retryAfter <= 600, String(refused.body.retryAfter));
    assert.match(refused.body.error, /Try again in about 10 minutes/);
    assert.equal((await bench.engine.requests(bench.marker)).length, 1, "the engine is not asked beyond its budget");
    // What was said is true: after that long it works.
    await hub.sql`update private.engine_turn
      set taken_at = taken_at - ${refused.body.retryAfter} * interval '1 second'`;
    assert.equal((await ask()).status, 200);
  });
});

hub.test("a turn that comes while the client waits is waited for", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  await withBudget(null, "1 second", async () => {
    for (const creditsRemaining of [2, 1]) {
      const answer = await one.generate({ prompt: bench.marker, sessionId });
      assert.deepEqual([answer.status, answer.body.creditsRemaining], [200, creditsRemaining]);
    }
  });
});

hub.test("who waits in the queue goes before who asks now", async (bench) => {
  const [first, second] = [await bench.customer(), await bench.customer()];
  await withBudget(2, "0", async () => {
    const queued = { prompt: `${bench.marker} queued`, sessionId: await first.grant(), batchCount: 2 };
    const taken = await first.enqueue({ ...queued, requestId: crypto.randomUUID() });
    assert.equal(taken.status, 202);
    const sessionId = await second.grant();
    const refused = await second.generate({ prompt: `${bench.marker} now`, sessionId });
    assertError(refused, "rate_limited", { creditsRemaining: 3 });
    assert.deepEqual(await hub.work(), { completed: 2, requeued: 0, failed: 0 });
    assert.deepEqual(await bench.engine.requests(`${bench.marker} now`), []);
    assert.equal((await first.status(taken.body.requestId)).body.creditsUsed, 2);
  });
});

hub.test("503 with the engine's own estimate for who does not wait until it is warm; the credit is back", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  await bench.engine.order(bench.marker, { kind: "cold", estimated_time: 40 }, 1);
  const patience = { name: "patient", headers: { Prefer: "wait=30" } };
  const ask = () => one.generate({ prompt: bench.marker, sessionId }, patience);
  assertError(await ask(), "model_loading", { estimatedTime: 40, retryAfter: 40, creditsRemaining: 3 });
  assert.equal((await one.session(sessionId)).status, "ready");
  assert.equal((await bench.engine.requests(bench.marker)).length, 1);
  assert.equal((await ask()).status, 200);
  // Nobody waits longer than the hub lets him, whatever he prefers.
  await bench.engine.order(`${bench.marker} late`, { kind: "hang" });
  const late = await one.generate({ prompt: `${bench.marker} late`, sessionId }, {
    headers: { Prefer: "wait=100000" },
  });
  assertError(late, "engine_timeout", { creditsRemaining: 2 });
});

for (const [what, status] of [["unpaid", 402], ["gone", 410], ["locked", 401]] as const) {
  hub.test(`an engine that is ${what} is asked once by ten requests, and the next of the list draws`, async (bench) => {
    const one = await bench.customer();
    const sessionId = await one.grant("pro");
    await bench.engine.order(bench.marker, { kind: "status", status }, null, "/hf-inference/");
    for (let count = 0; count < 10; count++) {
      const answer = await one.generate({ prompt: bench.marker, sessionId }, { name: "failing-over" });
      assert.deepEqual(
        [answer.status, answer.body.images?.[0].model],
        [200, "easel/sketch-2"],
        JSON.stringify(answer.body),
      );
    }
    const requestId = crypto.randomUUID();
    const taken = await one.enqueue({ prompt: bench.marker, sessionId, requestId }, { name: "failing-over" });
    assert.equal(taken.status, 202);
    assert.equal((await hub.work("failing-over-worker")).completed, 1);
    assert.deepEqual(paths(await bench.engine.requests(bench.marker)), [
      "/hf-inference/models/easel/sketch-1",
      ...Array(11).fill("/v1/images/generations"),
    ]);
    assert.deepEqual(new Set((await one.rows()).map((row) => row.model_used)), new Set(["easel/sketch-2"]));
    assert.equal(await one.credits(sessionId), 4);
    // Until its owner has mended it and says so.
    await hub.forgetFaults();
    const seen = await bench.engine.requests(bench.marker);
    await one.generate({ prompt: bench.marker, sessionId }, { name: "failing-over" });
    assert.deepEqual(paths((await bench.engine.requests(bench.marker)).slice(seen.length)), [
      "/hf-inference/models/easel/sketch-1",
      "/v1/images/generations",
    ]);
  });
}

hub.test("an engine that broke five times in a row is left alone for a while, by everybody", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant("pro");
  // Of which nobody knows whether it arrived: it is asked once more, however much time there is.
  await bench.engine.order(bench.marker, { kind: "reset" }, null, "/hf-inference/");
  for (let count = 0; count < 7; count++) {
    const answer = await one.generate({ prompt: bench.marker, sessionId }, { name: "failing-over" });
    assert.deepEqual(
      [answer.status, answer.body.images?.[0].model],
      [200, "easel/sketch-2"],
      JSON.stringify(answer.body),
    );
  }
  const asked = paths(await bench.engine.requests(bench.marker)).filter((path) => path.startsWith("/hf-inference/"));
  assert.equal(asked.length, 10, "twice for each of the first five");
  // A picture of it sets the count back.
  await hub.sql`update private.engine_standing set passed_over_until = now() - interval '1 second'`;
  const answer = await one.generate({ prompt: "another one", sessionId }, { name: "failing-over" });
  assert.equal(answer.body.images[0].model, "easel/sketch-1");
  const [standing] = await hub.sql`select failures from private.engine_standing where engine like 'huggingface/%'`;
  assert.equal(standing!.failures, 0);
});

hub.test("where no engine is worth asking none is asked: the customer is told at once, and nothing is held", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const sent = { prompt: bench.marker, sessionId };
  await bench.engine.order(bench.marker, { kind: "status", status: 402 });
  assertError(await one.generate(sent), "engine_misconfigured", { creditsRemaining: 3 });
  const rows = (await one.rows()).length;
  assertError(await one.generate(sent), "engine_misconfigured", { creditsRemaining: 3 });
  // Nothing waits for what its owner has to mend.
  assertError(await one.enqueue(sent), "engine_misconfigured", { creditsRemaining: 3 });
  assert.equal((await one.rows()).length, rows, "nothing was held");
  assert.equal((await bench.engine.requests(bench.marker)).length, 1);

  await hub.forgetFaults();
  await bench.engine.order(bench.marker, { kind: "status", status: 429, headers: { "Retry-After": "100" } });
  assertError(await one.generate(sent), "rate_limited", { retryAfter: 100 });
  const refused = await one.generate(sent);
  assertError(refused, "rate_limited", { creditsRemaining: 3 });
  assert.ok(refused.body.retryAfter > 90 && refused.body.retryAfter <= 100);
  // What comes back by itself is waited for by who has the time.
  const requestId = crypto.randomUUID();
  assert.equal((await one.enqueue({ ...sent, requestId })).status, 202);
  assert.deepEqual(await hub.work(), { completed: 0, requeued: 0, failed: 0 });
  assert.equal((await bench.engine.requests(bench.marker)).length, 2);
  await hub.forgetFaults();
  assert.deepEqual(await hub.work(), { completed: 1, requeued: 0, failed: 0 });
  assert.equal((await one.status(requestId)).body.creditsUsed, 1);
});
