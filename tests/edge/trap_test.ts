/**
 * What a trap inside the WebAssembly costs in a function that is deployed as it is, but for a header on which it traps;
 * shim_test.ts has the same at the level of the module. The instance that trapped is left behind, never its requests.
 */
import assert from "node:assert/strict";
import { assertError } from "./support/codes.ts";
import { Hub } from "./support/hub.ts";
import { copyProject } from "./support/project.ts";

/** `x-trap: at once` panics instead of working; `x-trap: N` goes about its work and panics at the N-th poll of it. */
const trapping = `
import { instantiate } from "../_shared/generated/pictures.js";
import { handler } from "../_shared/shim.ts";

Deno.serve(handler("generate-image", instantiate, {
  call(edge, name, request) {
    const trap = request.headers.get("x-trap");
    const panic = () => edge.Call.probe(Promise.resolve("panic"));
    if (trap === "at once") return panic();
    const call = new edge.Call(name, request);
    if (trap === null) return call;
    let polls = Number(trap);
    const trapped = panic();
    return { poll: () => (polls-- > 0 ? call : trapped).poll(), free: () => call.free() };
  },
}));
`;

const project = copyProject({ trapping });
const hub = new Hub({ projectDir: project.dir, gated: true });
Deno.test.afterAll(() => project.remove());

const name = "trapping";
const atOnce = { "x-trap": "at once" };

hub.test("a trap costs its request a 500, with what a browser needs to read it, and the next one works", async (bench) => {
  const one = await bench.customer();
  const body = { prompt: bench.marker, sessionId: await one.grant() };
  assert.equal((await one.generate(body, { name })).status, 200);
  const trapped = await one.generate(body, { name, headers: atOnce });
  assert.deepEqual([trapped.status, trapped.body.code], [500, "internal"]);
  assert.deepEqual(Object.keys(trapped.body).sort(), ["code", "error"]);
  assert.match(trapped.body.error, /A credit that was held for it comes back/);
  assert.equal(trapped.headers.get("access-control-allow-origin"), "*");
  assert.equal(trapped.headers.get("content-type"), "application/json");
  const next = await one.generate(body, { name });
  assert.deepEqual([next.status, next.body.creditsRemaining], [200, 1]);
  assert.ok(
    hub.log.some((line) => line.includes("a request failed inside the instance")),
    "its owner finds it in the log",
  );
});

hub.test("a picture that is being made during another's trap is finished and recorded", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const pid = hub.stack.pids()[`function ${name}`];
  const hold = hub.gate!.hold(bench.marker);
  const under = one.generate({ prompt: bench.marker, sessionId }, { name });
  await hold.arrived();
  for (let count = 0; count < 3; count++) {
    assert.equal((await one.generate({ prompt: "x", sessionId }, { name, headers: atOnce })).status, 500);
  }
  const other = await one.generate({ prompt: "another", sessionId }, { name });
  assert.deepEqual([other.status, other.body.creditsRemaining], [200, 1]);
  hold.open();
  const made = await under;
  assert.deepEqual([made.status, made.body.creditsUsed], [200, 1]);
  assert.equal(hub.stack.pids()[`function ${name}`], pid, "and no process had to be started anew for it");
});

hub.test("traps and pictures at the same time do not meet", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant("flash");
  const answers = await Promise.all(
    Array.from(
      { length: 16 },
      (_, at) => one.generate({ prompt: bench.marker, sessionId }, { name, headers: at % 2 ? atOnce : {} }),
    ),
  );
  assert.deepEqual(answers.map(({ status }) => status), answers.map((_, at) => at % 2 ? 500 : 200));
});

hub.test("a trap in the middle of the work leaves a hold to its lease, and then the credit is back", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant("flash-lite");
  const body = { prompt: bench.marker, sessionId, batchCount: 3 };
  // How often a request is polled is its own affair: at one of these it has taken its hold and not yet settled it.
  const isHeld = async () => (await one.rows()).some((row) => row.status === "running");
  for (let polls = 1; !(await isHeld()); polls++) {
    assert.ok(polls < 30, "a trap comes while the credits are held");
    const requestId = crypto.randomUUID();
    const answer = await one.generate({ ...body, requestId }, { name, headers: { "x-trap": String(polls) } });
    assert.deepEqual([answer.status, answer.body.code], [500, "internal"]);
  }
  assertError(await one.generate(body, { name }), "credits_exhausted", { creditsRemaining: 0 });
  await hub.sql`update public.image_generations set lease_expires_at = now() - interval '1 second'
    where session_id = ${sessionId} and status = 'running'`;
  const next = await one.generate(body, { name });
  assert.deepEqual([next.status, next.body.creditsRemaining, next.body.creditsUsed], [200, 0, 3]);
});
