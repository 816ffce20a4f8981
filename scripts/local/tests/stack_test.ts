/** The life of a stack: what it keeps, what it survives, what it leaves behind. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { isFree } from "../ports.ts";
import { isAlive, startChild, until } from "../process.ts";
import { type Stack, StackFailure, startStack } from "../stack.ts";
import {
  customer,
  easelPath,
  fixtureDir,
  leftOver,
  mainModule,
  service,
  startTestStack,
  visitor,
  withFolder,
} from "./support.ts";

async function callHello(stack: Stack): Promise<{ status: number; pid?: number }> {
  const response = await fetch(`${stack.url}/functions/v1/hello`);
  return { status: response.status, ...(response.ok ? await response.json() : await response.body?.cancel()) };
}

function portOf(stack: Stack): number {
  return Number(new URL(stack.url).port);
}

/** The user as whom a process runs. */
async function userOf(pid: number): Promise<number> {
  return Number(/^Uid:\s+(\d+)/m.exec(await Deno.readTextFile(`/proc/${pid}/status`))?.[1]);
}

/** Runs the command line of the stack as a person would. */
function runMain(folder: string, ...flags: string[]) {
  const lines: string[] = [];
  const started = Promise.withResolvers<true>();
  const child = startChild({
    command: [
      Deno.execPath(),
      "run",
      "-A",
      mainModule,
      "--state-dir",
      folder,
      "--easel",
      easelPath,
      "--engine",
      "easel",
      ...flags,
    ],
    env: { PATH: Deno.env.get("PATH") ?? "", HOME: Deno.env.get("HOME") ?? "/", NO_COLOR: "1" },
    deathSignal: "TERM",
    onLine(line) {
      lines.push(line);
      if (/ s {2}ready$/.test(line)) started.resolve(true);
    },
  });
  return { child, lines, ready: Promise.race([started.promise, child.ended.then(() => false)]) };
}

Deno.test("a second start finds users, rows, pictures and keys of the first, and is quick; a reset finds nothing", () =>
  withFolder(async (stateDir) => {
    const email = "keeper@example.test";
    const firstAt = performance.now();
    let stack = await startTestStack({ stateDir });
    const firstMs = performance.now() - firstAt;
    const first = { publishableKey: stack.publishableKey, secretKey: stack.secretKey };
    const made = await visitor(stack).auth.signUp({ email, password: "correct horse" });
    const id = made.data.user!.id;
    const put = await service(stack).storage.from("pictures").upload(`${id}/a.txt`, "kept", {
      contentType: "text/plain",
    });
    assert.equal(put.error, null);
    await stack.stop();

    const startedAt = performance.now();
    stack = await startTestStack({ stateDir });
    assert.ok(performance.now() - startedAt < firstMs, "what is there already need not be made");
    assert.deepEqual({ publishableKey: stack.publishableKey, secretKey: stack.secretKey }, first);
    const again = await visitor(stack).auth.signInWithPassword({ email, password: "correct horse" });
    assert.equal(again.data.user?.id, id);
    const { publicUrl } = visitor(stack).storage.from("pictures").getPublicUrl(`${id}/a.txt`).data;
    assert.equal(await (await fetch(publicUrl)).text(), "kept");
    await stack.stop();

    stack = await startTestStack({ stateDir, reset: true });
    assert.notEqual(stack.secretKey, first.secretKey);
    assert.equal(
      (await visitor(stack).auth.signInWithPassword({ email, password: "correct horse" })).error?.code,
      "invalid_credentials",
    );
    const gone = await fetch(publicUrl.replace(/^http:..[^/]+/, stack.url));
    assert.equal((await gone.json()).statusCode, "404");
    await stack.stop();
  }));

Deno.test("nothing is left after a stop: no process, no port, no local.env, no folder", async () => {
  const stack = await startTestStack();
  const pids = Object.values(stack.pids());
  assert.equal(pids.length, 4);
  assert.ok(pids.every(isAlive));
  const env = await Deno.readTextFile(join(stack.stateDir, "local.env"));
  for (
    const name of [
      "SUPABASE_URL",
      "SUPABASE_PUBLISHABLE_KEY",
      "SUPABASE_SECRET_KEY",
      "SUPABASE_DB_URL",
      "WEB_URL",
      "ENGINE_URL",
    ]
  ) {
    assert.match(env, new RegExp(`^${name}=.+$`, "m"));
  }
  await stack.stop();
  await stack.stop();
  assert.deepEqual(await leftOver(pids, 0), []);
  assert.ok(isFree(portOf(stack)));
  await assert.rejects(Deno.stat(stack.stateDir), Deno.errors.NotFound);
});

Deno.test("PostgreSQL never runs as root, wherever the state lies", () =>
  withFolder(async (folder) => {
    // Nobody else can enter here: under root the data has to lie somewhere else, and be found there again.
    const stateDir = join(folder, "closed", "state");
    await Deno.mkdir(stateDir, { recursive: true });
    await Deno.chmod(join(folder, "closed"), 0o700);
    let stack = await startTestStack({ stateDir });
    assert.notEqual(await userOf(stack.pids().postgres!), 0);
    const { id } = await customer(stack);
    await stack.stop();
    const { postgresData } = JSON.parse(await Deno.readTextFile(join(stateDir, "stack.json")));
    try {
      stack = await startTestStack({ stateDir });
      const made = await service(stack).from("note").select();
      assert.equal(made.error, null);
      const insert = await fetch(`${stack.url}/auth/v1/health`, { headers: { apikey: stack.publishableKey } });
      await insert.body?.cancel();
      const { default: postgres } = await import("postgres");
      const sql = postgres(stack.dbUrl, { max: 1 });
      assert.equal((await sql`select from auth.users where id = ${id}`).length, 1);
      await sql.end();
      await stack.stop();
    } finally {
      if (!postgresData.startsWith(stateDir)) await Deno.remove(join(postgresData, ".."), { recursive: true });
    }
  }));

Deno.test("what dies is started again, and nothing that was stored is lost", async (t) => {
  const stack = await startTestStack();
  try {
    const { client, id } = await customer(stack);
    await t.step("a function that is killed, and one that ends by itself", async () => {
      const before = await callHello(stack);
      Deno.kill(before.pid!, "SIGKILL");
      assert.ok(await until(() => !isAlive(before.pid!), 5_000));
      const after = await callHello(stack);
      assert.equal(after.status, 200);
      assert.notEqual(after.pid, before.pid);
      const exit = await fetch(`${stack.url}/functions/v1/hello/exit`);
      assert.deepEqual([exit.status, (await exit.json()).code], [500, "WORKER_ERROR"]);
      assert.equal((await callHello(stack)).status, 200);
    });
    await t.step("the engine", async () => {
      const before = stack.pids().easel!;
      Deno.kill(before, "SIGKILL");
      const answers = () => fetch(stack.engineUrl).then((response) => response.text(), () => "");
      assert.ok(await until(async () => /^stand-in/.test(await answers()) && !isAlive(before), 10_000));
      assert.notEqual(stack.pids().easel, before);
    });
    await t.step("PostgreSQL, killed in the middle of work", async () => {
      await client.from("note").insert({ owner_id: id, body: "written before" });
      const before = stack.pids().postgres!;
      const during = Array.from({ length: 20 }, () => client.from("note").select("body"));
      Deno.kill(before, "SIGKILL");
      for (const { status, error } of await Promise.all(during)) {
        assert.ok([200, 503].includes(status), JSON.stringify({ status, error }));
      }
      const isBack = async () => (await client.from("note").select("body")).data?.[0]?.body === "written before";
      assert.ok(await until(isBack, 20_000, 100));
      assert.notEqual(stack.pids().postgres, before);
    });
  } finally {
    await stack.stop();
  }
});

Deno.test("a function starts anew when a file of it changes, and a new function is found", () =>
  withFolder(async (folder) => {
    const functions = join(folder, "supabase/functions");
    const write = (name: string, text: string) =>
      Deno.writeTextFile(join(functions, name, "index.ts"), `Deno.serve(() => new Response("${text}"));`);
    await Deno.mkdir(join(functions, "one"), { recursive: true });
    await Deno.mkdir(join(functions, "two"), { recursive: true });
    await Deno.writeTextFile(
      join(folder, "supabase/config.toml"),
      "[functions.one]\nverify_jwt = false\n[functions.two]\nverify_jwt = false\n",
    );
    await write("one", "old");
    const stack = await startTestStack({ projectDir: folder, watch: true });
    const says = async (name: string) => (await fetch(`${stack.url}/functions/v1/${name}`)).text();
    try {
      assert.equal(await says("one"), "old");
      await write("one", "new");
      assert.ok(await until(async () => (await says("one")) === "new", 10_000));
      await write("two", "second");
      assert.ok(await until(async () => (await says("two")) === "second", 10_000));
    } finally {
      await stack.stop();
    }
  }));

Deno.test("functions run unmodified under the version of Deno that the hosted runtime is built on", async () => {
  const stack = await startTestStack({ denoPath: join(fixtureDir, "../../../../node_modules/deno-hosted/bin.cjs") });
  try {
    const pid = stack.pids()["function hello"];
    const { status, ...said } = await callHello(stack);
    // The process that answers is the one that is kept, not a launcher in front of it.
    assert.deepEqual([status, said.pid], [200, pid]);
  } finally {
    await stack.stop();
  }
});

Deno.test("a stack that is killed leaves no process, and the next one goes on with its data", () =>
  withFolder(async (stateDir) => {
    const { child, lines, ready } = runMain(stateDir, "--project-dir", fixtureDir, "--port", "0");
    assert.ok(await ready, lines.join("\n"));
    const children = await childrenOf(child.pid);
    assert.equal(children.length, 4);
    child.signal("SIGKILL");
    await child.ended;
    assert.deepEqual(await leftOver(children), []);
    const stack = await startTestStack({ stateDir });
    await customer(stack);
    await stack.stop();
  }));

Deno.test("Ctrl-C, and a polite end, stop everything with code 0 and leave no process", () =>
  withFolder(async (stateDir) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const { child, lines, ready } = runMain(stateDir, "--project-dir", fixtureDir, "--port", "0");
      assert.ok(await ready, lines.join("\n"));
      const children = await childrenOf(child.pid);
      child.signal(signal);
      assert.deepEqual({ ...(await child.ended) }, { success: true, code: 0, signal: null });
      assert.deepEqual(await leftOver(children, 0), []);
      assert.match(lines.at(-1)!, /stopped$/);
    }
  }));

Deno.test("every known failure ends with code 1 and one sentence that says what to do", () =>
  withFolder(async (folder) => {
    const fails = async (expected: RegExp, ...flags: string[]) => {
      const { child, lines } = runMain(join(folder, "state"), ...flags);
      const { code } = await child.ended;
      assert.deepEqual([code, lines.filter((line) => line.startsWith("error: ")).length], [1, 1], lines.join("\n"));
      assert.match(lines.slice(lines.findIndex((line) => line.startsWith("error: "))).join("\n"), expected);
    };
    const broken = join(folder, "broken");
    await Deno.mkdir(join(broken, "supabase/migrations"), { recursive: true });
    await Deno.writeTextFile(
      join(broken, "supabase/migrations/20260101000000_bad.sql"),
      "alter table storage.objects enable row level security;",
    );
    const unbuilt = join(folder, "unbuilt");
    await Deno.mkdir(join(unbuilt, "supabase/functions/_shared"), { recursive: true });

    const holder = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = holder.addr as Deno.NetAddr;
    await fails(
      new RegExp(`port ${port} is taken by deno \\(process ${Deno.pid}\\): stop it, or start with --port`),
      "--project-dir",
      fixtureDir,
      "--port",
      String(port),
    );
    holder.close();
    const fixture = ["--project-dir", fixtureDir, "--port", "0"];
    await fails(/easel is not built \(\/nowhere\): run cargo build/, ...fixture, "--easel", "/nowhere");
    await fails(/WebAssembly is not built: run cargo xtask build/, "--project-dir", unbuilt, "--port", "0");
    await fails(
      /a migration failed, says the Supabase CLI:\n[^]*must be owner of table objects/,
      "--project-dir",
      broken,
      "--port",
      "0",
    );
    await fails(/needs HUGGINGFACE_API_KEY/, ...fixture, "--engine", "huggingface");
    await fails(/--engine takes easel or huggingface, not dall-e/, ...fixture, "--engine", "dall-e");
    await fails(/--port takes a number/, "--port", "many");
    await fails(/Unknown option '--rest'/, "--rest");

    const running = await startTestStack({ stateDir: join(folder, "shared") });
    await assert.rejects(
      startStack({ port: 0, stateDir: running.stateDir, projectDir: fixtureDir }),
      (error) => error instanceof StackFailure && /a stack is running on .* already/.test(error.message),
    );
    await running.stop();
    await Deno.writeTextFile(join(running.stateDir, "stack.json"), "{ cut off");
    await assert.rejects(startTestStack({ stateDir: running.stateDir }), /stack.json is damaged: start with --reset/);
    await (await startTestStack({ stateDir: running.stateDir, reset: true })).stop();
  }));

/** The direct children of a process. */
async function childrenOf(pid: number): Promise<number[]> {
  const text = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
  return text.trim().split(" ").map(Number);
}
