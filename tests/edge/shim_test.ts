// The shim with the real module of `cargo xtask build` inside: what a trap costs, and what it must not cost.
// The requests are `Call.probe`s, which end when the test says so; no stack and no network but loopback is needed.
// Run: deno test --allow-all --v8-flags=--expose-gc tests/edge/shim_test.ts (under every Deno that functions run on).

import { deepStrictEqual, notStrictEqual, ok, strictEqual } from "node:assert/strict";
import { type Edge, handler } from "../../supabase/functions/_shared/shim.ts";
import { instantiate } from "../../supabase/functions/_shared/generated/pictures.js";

/** Lets a probe answer with this text. */
const say = (text: string) => Promise.resolve(new Response(text));
/** Lets a probe panic, after it has waited. */
const panic = () => Promise.resolve("panic");

/** A handler whose requests are probes of the given outcomes, with what remains of each afterwards, taken in turn, and what it
 * made on the way. */
function probing(outcomes: Promise<unknown>[], rests: (Promise<unknown> | undefined)[] = []) {
  const instances: Edge[] = [];
  const counted = () => {
    const edge: Edge = instantiate();
    instances.push(edge);
    return edge;
  };
  const handle = handler("probe", counted, {
    env: {},
    call: (edge) => edge.Call.probe(outcomes.shift() ?? say("ok"), rests.shift()),
  });
  return { instances, send: () => handle(new Request("http://localhost/")) };
}

/** Runs `work` with what goes to console.error collected instead of printed. */
async function logged(work: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  const original = console.error;
  console.error = (...parts: unknown[]) => void lines.push(parts.join(" "));
  try {
    await work();
  } finally {
    console.error = original;
  }
  return lines;
}

Deno.test("a trap costs its request a 500 without details, and the next request works", async () => {
  const { instances, send } = probing([say("before"), panic(), say("after")]);
  strictEqual(await (await send()).text(), "before");

  let trapped!: Response;
  const lines = await logged(async () => trapped = await send());
  strictEqual(trapped.status, 500);
  strictEqual(trapped.headers.get("access-control-allow-origin"), "*");
  deepStrictEqual(await trapped.json(), {
    error: "Something went wrong on our side. A credit that was held for it comes back within a minute.",
    code: "internal",
  });
  strictEqual(lines.filter((line) => line.startsWith("probe: ")).length, 1, lines.join("\n"));
  strictEqual(lines.at(-1), "probe: a request failed inside the instance: RuntimeError unreachable");

  const after = await send();
  strictEqual(after.status, 200);
  strictEqual(await after.text(), "after");
  strictEqual(instances.length, 2);
});

Deno.test("a request in flight during another's trap finishes in the instance that trapped", async () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  const { instances, send } = probing([promise, panic(), say("new")]);
  const inFlight = send();
  await logged(async () => strictEqual((await send()).status, 500));
  strictEqual(await (await send()).text(), "new");
  strictEqual(instances.length, 2);
  notStrictEqual(instances[0], instances[1]);

  resolve(new Response("still here"));
  const answer = await inFlight;
  strictEqual(answer.status, 200);
  strictEqual(await answer.text(), "still here");
});

Deno.test("a second trap in an instance that is left behind does not cost the one that took over", async () => {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const { instances, send } = probing([promise, panic(), say("new"), say("newer")]);
  const inFlight = send();
  await logged(async () => {
    await send();
    strictEqual(await (await send()).text(), "new");
    resolve("panic");
    strictEqual((await inFlight).status, 500);
  });
  strictEqual(await (await send()).text(), "newer");
  strictEqual(instances.length, 2);
});

Deno.test("a hundred traps in a row leave no instance behind", async () => {
  const gc = (globalThis as { gc?: () => void }).gc;
  ok(gc, "run with --v8-flags=--expose-gc");
  const alive: WeakRef<Edge>[] = [];
  const watched = () => {
    const edge = instantiate();
    alive.push(new WeakRef(edge));
    return edge;
  };
  const handle = handler("probe", watched, { env: {}, call: (edge) => edge.Call.probe(panic()) });
  await logged(async () => {
    for (let count = 0; count < 100; count++) strictEqual((await handle(new Request("http://localhost/"))).status, 500);
  });
  strictEqual(alive.length, 100);
  // Finalizers of what was collected run between tasks; a destructor that failed there would end the process.
  const deadline = Date.now() + 60_000;
  while (alive.some((edge) => edge.deref()) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    gc();
  }
  strictEqual(alive.filter((edge) => edge.deref()).length, 0);
});

Deno.test("requests at the same time share one instance and get each its own answer", async () => {
  const texts = Array.from({ length: 100 }, (_, index) => `answer ${index}`);
  const { instances, send } = probing(texts.map(say));
  const answers = await Promise.all(texts.map(send));
  deepStrictEqual(await Promise.all(answers.map((answer) => answer.text())), texts);
  strictEqual(instances.length, 1);
});

Deno.test("an instance that cannot start is not kept, and tells nobody what it failed on", async () => {
  let starts = 0;
  const failing = () => {
    const edge: Edge = instantiate();
    const start = () => {
      if (starts++ === 0) throw new Error("SUPABASE_SECRET_KEY is sb_secret_example");
    };
    return { start, Call: edge.Call };
  };
  const handle = handler("probe", failing, { env: {}, call: (edge) => edge.Call.probe(say("ok")) });
  let refused!: Response;
  const lines = await logged(async () => refused = await handle(new Request("http://localhost/")));
  strictEqual(refused.status, 500);
  ok(!(await refused.text()).includes("sb_secret"));
  ok(!lines.join().includes("sb_secret"), lines.join());
  strictEqual((await handle(new Request("http://localhost/"))).status, 200);
});

Deno.test("a call goes on to its end when the client hangs up", async () => {
  const { promise: outcome, resolve: finish } = Promise.withResolvers<Response>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: ended, resolve: end } = Promise.withResolvers<number>();
  const handle = handler("probe", instantiate, {
    env: {},
    call: (edge) => {
      const call = edge.Call.probe(outcome);
      const poll = () => {
        const step = call.poll();
        begin();
        if (step instanceof Response) end(step.status);
        return step;
      };
      return { poll, remains: () => call.remains(), free: () => call.free() };
    },
  });
  const { promise: hungUp, resolve: hangUp } = Promise.withResolvers<void>();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    request.signal.addEventListener("abort", () => hangUp());
    return handle(request);
  });
  const client = new AbortController();
  const request = fetch(`http://127.0.0.1:${server.addr.port}/`, { signal: client.signal }).catch(() => "gone");
  await begun;
  client.abort();
  strictEqual(await request, "gone");
  await hungUp;
  finish(new Response("nobody reads this", { status: 200 }));
  strictEqual(await ended, 200);
  await server.shutdown();
});

Deno.test("what remains of a request is done after its answer, which does not wait for it", async () => {
  const { promise: rest, resolve: finish } = Promise.withResolvers<void>();
  const { promise: kept, resolve: keep } = Promise.withResolvers<Promise<unknown>[]>();
  const works: Promise<unknown>[] = [];
  const waitUntil = (work: Promise<unknown>) => works.push(work) === 2 && keep(works);
  Object.assign(globalThis, { EdgeRuntime: { waitUntil } });
  try {
    const { send } = probing([say("answered")], [rest]);
    strictEqual(await (await send()).text(), "answered");
    const [, remaining] = await kept;
    let isDone = false;
    const done = remaining!.then(() => isDone = true);
    await Promise.resolve();
    strictEqual(isDone, false);
    finish();
    await done;
  } finally {
    Reflect.deleteProperty(globalThis, "EdgeRuntime");
  }
});

Deno.test("a trap in what remains costs neither its answer nor the next request", async () => {
  const { instances, send } = probing([say("answered"), say("next")], [Promise.reject(new Error("told to panic"))]);
  const lines = await logged(async () => {
    strictEqual(await (await send()).text(), "answered");
    // The trap comes as soon as the rest is polled again.
    await new Promise((resolve) => setTimeout(resolve, 0));
  });
  strictEqual(lines.at(-1), "probe: a request failed inside the instance: RuntimeError unreachable");
  strictEqual(await (await send()).text(), "next");
  strictEqual(instances.length, 2);
});
