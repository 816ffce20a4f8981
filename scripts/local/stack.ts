/**
 * Starts and stops the whole local stack: PostgreSQL, the project's migrations, Auth, PostgREST and Storage, the edge
 * functions, the engine, the payment provider, Realtime, the pages, and the gateway in front of them. Owns the order of it, and that whatever was started is ended
 * when a later step fails. `startStack` is what tests and the benchmark use; main.ts is its command line.
 */
import { readConfig } from "./config.ts";
import { databaseUrl, type LoginRole, prepareDatabase } from "./database.ts";
import { type Engine, type EngineName, startEasel, useHuggingFace } from "./engine.ts";
import { messageOf, StackFailure } from "./failure.ts";
import { Functions, readEnvFile } from "./functions.ts";
import { gateway, type Handler } from "./gateway.ts";
import { startLite } from "./lite.ts";
import { applyMigrations } from "./migrations.ts";
import { dirname, easelBinary, join, resolve, root } from "./paths.ts";
import { type PaymentsName, startPayments } from "./payments.ts";
import { freePort, holderOf, isFree } from "./ports.ts";
import { endOrphan, hasCluster, makeCluster, PostgresKeeper, startPostgres, superuser } from "./postgres.ts";
import { findPostgresHome } from "./postgres_home.ts";
import type { RazorpayStandIn } from "./razorpay/server.ts";
import { Realtime } from "./realtime/server.ts";
import { Scheduler } from "./scheduler.ts";
import { razorpayCheckoutUrl, Site } from "./site.ts";
import { removeIfThere, StateFolder } from "./state.ts";
import { tokenVerifier } from "./tokens.ts";

export type { EngineName } from "./engine.ts";
export { StackFailure } from "./failure.ts";
export type { PaymentsName } from "./payments.ts";

/** How to start a stack. Everything has a default. */
export interface StackOptions {
  /** The gateway's port on 127.0.0.1; 54321, as the Supabase CLI's own. 0 takes a free one. */
  port?: number;
  /** Where the stack keeps its state; `supabase/.temp` of the project. */
  stateDir?: string;
  /** Drops database, objects, users and keys first. */
  reset?: boolean;
  /** easel, or Hugging Face; the latter is the default where HUGGINGFACE_API_KEY is set. */
  engine?: EngineName;
  /** easel's program, and further arguments for it. */
  easelPath?: string;
  easelArgs?: string[];
  /** demo, which a click pays, or a stand-in of Razorpay; demo gives way to an account in functions/.env. */
  payments?: PaymentsName;
  /** Set in the functions' environment, over everything else. */
  functionEnv?: Record<string, string>;
  /** Uses a state folder of its own under the system's temporary folder and removes it at the end. */
  ephemeral?: boolean;
  /** Starts the functions anew when their files change. */
  watch?: boolean;
  /** Ticks, and wakes the workers of the queue and of payments; true unless said otherwise. */
  scheduler?: boolean;
  /** The Deno that runs the functions. */
  denoPath?: string;
  /** The folder that holds `supabase/`; this repository. */
  projectDir?: string;
  /** The pages, as `cargo xtask build-web` writes them; `target/site` of this repository. */
  siteDir?: string;
  /** Is told what happens, in short lines. */
  log?: (line: string) => void;
}

/** A running stack. */
export interface Stack {
  url: string;
  publishableKey: string;
  secretKey: string;
  /** As role `postgres`, no superuser: what a project's owner has on the platform. */
  dbUrl: string;
  /** As the superuser. */
  adminDbUrl: string;
  webUrl: string;
  engine: EngineName;
  engineUrl: string;
  /** The stand-in, where the stack was started with it. */
  razorpay?: RazorpayStandIn;
  /** Names of the functions. */
  functions: string[];
  stateDir: string;
  /** The processes by name (`postgres`, `easel`, `function <name>`), for tests that kill them. */
  pids(): Record<string, number>;
  /** The connection string of any role that can log in. */
  dbUrlOf(role: LoginRole): string;
  /** Ends everything. Calling it again changes nothing. */
  stop(): Promise<void>;
}

/** Starts a stack; rejects with a StackFailure for every known reason why it cannot. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const undo: (() => unknown)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = () => stopping ??= unwind(undo);
  try {
    return await start(options, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(options: StackOptions, undo: (() => unknown)[], stop: () => Promise<void>): Promise<Stack> {
  const log = options.log ?? (() => {});
  const projectDir = resolve(options.projectDir ?? root);
  const supabaseDir = join(projectDir, "supabase");
  checkBuilt(supabaseDir);
  const config = await readConfig(supabaseDir);

  // The port comes first: a stack that runs already is told apart from everything else that can fail.
  const server = openPort(options.port ?? 54321);
  undo.push(() => server.stop());

  const stateDir = await stateFolder(options, supabaseDir, undo);
  const folder = await StateFolder.open(stateDir, { forgiving: options.reset });
  undo.push(() => folder.close());
  await folder.removeEnv();

  const postgres = await bringUpPostgres(folder, options, undo, log);
  const fileEnv = await readEnvFile(join(supabaseDir, "functions/.env"));
  const engine = await chooseEngine(options, fileEnv, folder, log);
  undo.push(() => engine.stop());
  const functionsUrl = `${server.url}/functions/v1`;
  const payments = await startPayments(options.payments ?? "demo", { functionsUrl, fileEnv });
  undo.push(() => payments.stop());

  await prepareDatabase(folder.state);
  // Without the database a function can start, but not answer; that it starts takes as long as the migrations do.
  const functions = await Functions.start({
    supabaseDir,
    config,
    deno: options.denoPath,
    env: {
      ...platformEnv(server.url, folder),
      ...fileEnv,
      ...engine.env,
      ...engineChoice(fileEnv),
      ...payments.env,
      ...options.functionEnv,
    },
    cacheDir: join(stateDir, "deno"),
    log,
  });
  undo.push(() => functions.stop());
  const applied = await applyMigrations(projectDir, folder.state, config);
  log(applied === 0 ? "database ready" : `database ready, ${applied} migration${applied === 1 ? "" : "s"} applied`);

  const lite = await startLite(folder.state, config, join(stateDir, "storage"), log);
  undo.push(() => lite.close());
  const { publishableKey, secretKey } = folder.state;
  const verify = await tokenVerifier(folder.state.jwtSecret);
  const realtime = await Realtime.start({ dbUrl: databaseUrl(folder.state, "postgres"), verify, log });
  undo.push(() => realtime.close());
  const site = new Site(resolve(options.siteDir ?? join(root, "target/site")), {
    hubUrl: server.url,
    publishableKey,
    checkoutUrl: payments.razorpay?.checkoutScriptUrl ?? razorpayCheckoutUrl,
  });
  server.serve(gateway({ publishableKey, secretKey, config, lite, functions, verify, realtime, site }));

  const late = await functions.ready(30_000);
  if (late.length > 0) log(`not answering yet: ${late.join(", ")}`);
  if (options.watch) functions.watch();
  if (options.scheduler ?? true) {
    const scheduler = await Scheduler.start({
      dbUrl: databaseUrl(folder.state, "postgres"),
      workers: { hub_queue: "queue-worker", hub_payments: "payment-worker" },
      callWorker: (name) => wakeWorker(functions, name, secretKey),
      log,
    });
    undo.push(() => scheduler?.stop());
  }
  const stack: Stack = {
    url: server.url,
    publishableKey,
    secretKey,
    dbUrl: databaseUrl(folder.state, "postgres"),
    adminDbUrl: databaseUrl(folder.state, superuser),
    webUrl: `${server.url}/`,
    engine: engine.name,
    engineUrl: engine.url,
    razorpay: payments.razorpay,
    functions: functions.names,
    stateDir,
    pids: () => processes(postgres, engine, functions),
    dbUrlOf: (role) => databaseUrl(folder.state, role),
    stop,
  };
  undo.push(() => folder.removeEnv());
  await folder.writeEnv({
    SUPABASE_URL: stack.url,
    SUPABASE_PUBLISHABLE_KEY: stack.publishableKey,
    SUPABASE_SECRET_KEY: stack.secretKey,
    SUPABASE_DB_URL: stack.dbUrl,
    WEB_URL: stack.webUrl,
    ENGINE_URL: stack.engineUrl,
  });
  return stack;
}

/** Undoes in the opposite order. One step that fails must not keep the others from being tried. */
async function unwind(undo: (() => unknown)[]): Promise<void> {
  for (let step = undo.pop(); step; step = undo.pop()) {
    try {
      await step();
    } catch (error) {
      console.error("while stopping:", messageOf(error));
    }
  }
}

function checkBuilt(supabaseDir: string): void {
  const shared = join(supabaseDir, "functions/_shared");
  const isFolder = (path: string) => {
    try {
      return Deno.statSync(path).isDirectory;
    } catch {
      return false;
    }
  };
  if (isFolder(shared) && !isFolder(join(shared, "generated"))) {
    throw new StackFailure("the functions' WebAssembly is not built: run cargo xtask build");
  }
}

interface OpenPort {
  url: string;
  serve(handler: Handler): void;
  stop(): Promise<void>;
}

/** Takes the port and answers 503 on it until there is something to serve. */
function openPort(wanted: number): OpenPort {
  let handler: Handler = () =>
    Promise.resolve(Response.json({ message: "the local stack is starting" }, { status: 503 }));
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve({
      hostname: "127.0.0.1",
      port: wanted,
      onListen: () => {},
      onError: (error) => {
        console.error("gateway:", error);
        return Response.json({ message: "An unexpected error occurred" }, { status: 500 });
      },
    }, (request, from) => handler(request, from));
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new StackFailure(`port ${wanted} is taken by ${holderOf(wanted)}: stop it, or start with --port`);
  }
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    serve: (next) => (handler = next),
    async stop() {
      // Answers that are under way may finish, but a stream that nobody ends must not hold up the stop.
      const done = server.shutdown();
      const timer = setTimeout(() => abort.abort(), 2_000);
      const abort = new AbortController();
      const late = new Promise<void>((resolve) => abort.signal.addEventListener("abort", () => resolve()));
      await Promise.race([done, late]);
      clearTimeout(timer);
    },
  };
}

async function stateFolder(options: StackOptions, supabaseDir: string, undo: (() => unknown)[]): Promise<string> {
  if (!options.ephemeral) return resolve(options.stateDir ?? join(supabaseDir, ".temp"));
  const folder = await Deno.makeTempDir({ prefix: "ai-access-hub-", dir: options.stateDir });
  // PostgreSQL under root runs as another user, who has to come through.
  await Deno.chmod(folder, 0o711);
  undo.push(() => removeIfThere(folder));
  return folder;
}

async function bringUpPostgres(
  folder: StateFolder,
  options: StackOptions,
  undo: (() => unknown)[],
  log: (line: string) => void,
): Promise<PostgresKeeper> {
  const home = await findPostgresHome(folder.path, folder.state.postgresData);
  await endOrphan(home, log);
  if (options.reset) {
    log("dropping database, objects, users and keys");
    await removeIfThere(home.data);
    await removeIfThere(join(folder.path, "storage"));
    await folder.renew();
  }
  await folder.save({ postgresData: home.data });
  const isNew = !(await hasCluster(home));
  if (isNew) {
    log("making the database");
    // Objects whose rows are gone would only be in the way.
    await removeIfThere(join(folder.path, "storage"));
    await makeCluster(home, folder.state.passwords[superuser]);
  }
  if (options.ephemeral && dirname(home.data) !== folder.path) undo.push(() => removeIfThere(dirname(home.data)));
  if (!isFree(folder.state.postgresPort)) await folder.save({ postgresPort: freePort() });
  const logFile = join(folder.path, "postgres.log");
  const start = () => startPostgres(home, folder.state.postgresPort, logFile);
  const postgres = await PostgresKeeper.start(start, log);
  undo.push(() => postgres.stop());
  return postgres;
}

function chooseEngine(
  options: StackOptions,
  fileEnv: Record<string, string>,
  folder: StateFolder,
  log: (line: string) => void,
): Promise<Engine> {
  const hasKey = Boolean(Deno.env.get("HUGGINGFACE_API_KEY") || fileEnv.HUGGINGFACE_API_KEY);
  const engine = options.engine ?? (hasKey ? "huggingface" : "easel");
  if (engine === "huggingface") return Promise.resolve().then(() => useHuggingFace(fileEnv));
  return startEasel({ path: options.easelPath ?? easelBinary, args: options.easelArgs ?? [], folder, log });
}

/** A choice of engines written into functions/.env stands. */
function engineChoice(fileEnv: Record<string, string>): Record<string, string> {
  return fileEnv.IMAGE_ENGINES ? { IMAGE_ENGINES: fileEnv.IMAGE_ENGINES } : {};
}

/** Calls a worker as pg_net does, with the secret key. Not every project has each of them. */
async function wakeWorker(functions: Functions, name: string, secretKey: string): Promise<void> {
  if (!functions.names.includes(name)) return;
  const headers = { apikey: secretKey, "content-type": "application/json" };
  const request = new Request(`http://stack.invalid/${name}`, { method: "POST", headers, body: "{}" });
  await (await functions.fetch(request, name, name, "127.0.0.1")).body?.cancel();
}

/** What the platform puts into every function's environment. */
function platformEnv(url: string, folder: StateFolder): Record<string, string> {
  return {
    SUPABASE_URL: url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: folder.state.publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: folder.state.secretKey }),
    // Customers' tokens are signed with a shared secret here, so there is no public key to publish.
    SUPABASE_JWKS: JSON.stringify({ keys: [] }),
    SUPABASE_DB_URL: databaseUrl(folder.state, "postgres"),
  };
}

function processes(postgres: PostgresKeeper, engine: Engine, functions: Functions): Record<string, number> {
  const pids: Record<string, number> = { postgres: postgres.pid };
  const easel = engine.pid();
  if (easel !== undefined) pids.easel = easel;
  for (const name of functions.names) {
    const pid = functions.pid(name);
    if (pid !== undefined) pids[`function ${name}`] = pid;
  }
  return pids;
}
