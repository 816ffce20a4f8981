/**
 * The edge functions: finds them, runs each unmodified as a Deno process of its own, and passes requests on to it. Owns
 * what a function can see (environment, files, network) and what a caller sees while it is down. Does not look at
 * tokens; the gateway has done so where config.toml asks for it.
 */
import type { Config } from "./config.ts";
import { StackFailure } from "./failure.ts";
import { Keeper } from "./keeper.ts";
import { dirname, join, localDir } from "./paths.ts";
import { freePort } from "./ports.ts";
import { type Child, startChild, until } from "./process.ts";

/** What the functions are run with. */
export interface FunctionsOptions {
  supabaseDir: string;
  config: Config;
  /** The Deno to run them with; this process's own when not given. */
  deno?: string;
  env: Record<string, string>;
  /** Where Deno keeps what it has compiled. */
  cacheDir: string;
  log: (line: string) => void;
}

/** A request waits this long for a function that is just being started. */
const startPatienceMs = 10_000;
/** The platform cuts a request off when no byte has come for this long. */
const firstByteMs = 150_000;

interface Running {
  keeper: Keeper;
  port: number;
}

/** All functions of a project. */
export class Functions {
  #options: FunctionsOptions;
  #running = new Map<string, Running>();
  #watcher: Deno.FsWatcher | undefined;
  #deno: { program: string; isOld: boolean };

  private constructor(options: FunctionsOptions, deno: { program: string; isOld: boolean }) {
    this.#options = options;
    this.#deno = deno;
  }

  /** Starts every function; `ready` tells when they answer. */
  static async start(options: FunctionsOptions): Promise<Functions> {
    const functions = new Functions(options, await findDeno(options.deno));
    for (const name of await functionNames(options)) functions.#run(name);
    return functions;
  }

  get names(): string[] {
    return [...this.#running.keys()].sort();
  }

  /** The process that runs a function now. */
  pid(name: string): number | undefined {
    return this.#running.get(name)?.keeper.pid;
  }

  /** Waits for all functions; returns the names of those that are not ready in time. */
  async ready(timeoutMs: number): Promise<string[]> {
    const waits = [...this.#running].map(async ([name, { keeper }]) => (await keeper.ready(timeoutMs)) ? "" : name);
    return (await Promise.all(waits)).filter((name) => name !== "");
  }

  /** Starts all functions anew whenever a file of theirs changes. */
  watch(): void {
    const folder = join(this.#options.supabaseDir, "functions");
    let pending: ReturnType<typeof setTimeout> | undefined;
    try {
      this.#watcher = Deno.watchFs(folder);
    } catch {
      return;
    }
    (async () => {
      for await (const { kind } of this.#watcher!) {
        if (kind === "access") continue;
        clearTimeout(pending);
        // An editor or a build writes several files in one go.
        pending = setTimeout(() => this.#changed(), 200);
      }
      clearTimeout(pending);
    })();
  }

  /** Passes a request on to a function. `path` is what follows `/functions/v1/`, `address` who sent it. */
  async fetch(request: Request, name: string, path: string, address: string): Promise<Response> {
    const running = this.#running.get(name);
    if (!running) return refuse(404, "NOT_FOUND", "Requested function was not found");
    if (!(await running.keeper.ready(startPatienceMs))) {
      return refuse(503, "BOOT_ERROR", "Function failed to start (please check logs)");
    }
    const headers = new Headers(request.headers);
    for (const name of ["connection", "keep-alive", "transfer-encoding", "upgrade", "host"]) headers.delete(name);
    // The platform's front door says who has connected, whatever the client said.
    headers.set("cf-connecting-ip", address);
    // What the function sends is compressed for the caller by the gateway, once.
    headers.set("accept-encoding", "identity");
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), firstByteMs);
    try {
      const response = await fetch(`http://127.0.0.1:${running.port}/${path}`, {
        method: request.method,
        headers,
        body: request.body,
        redirect: "manual",
        // A caller who leaves does not end the function: on the platform it runs on as well.
        signal: late.signal,
      });
      return new Response(response.body, response);
    } catch (error) {
      if (late.signal.aborted) return refuse(504, "IDLE_TIMEOUT", "Function did not answer in time");
      this.#options.log(`[${name}] ${error instanceof Error ? error.message : error}`);
      return refuse(500, "WORKER_ERROR", "Function exited due to an error (please check logs)");
    } finally {
      clearTimeout(timer);
    }
  }

  async stop(): Promise<void> {
    this.#watcher?.close();
    await Promise.all([...this.#running.values()].map(({ keeper }) => keeper.stop()));
    this.#running.clear();
  }

  async #changed(): Promise<void> {
    const { log } = this.#options;
    const names = await functionNames(this.#options);
    log("functions changed: starting them anew");
    for (const [name, { keeper }] of [...this.#running]) {
      if (names.includes(name)) keeper.restart();
      else {
        this.#running.delete(name);
        await keeper.stop();
      }
    }
    for (const name of names) if (!this.#running.has(name)) this.#run(name);
  }

  #run(name: string): void {
    const { log } = this.#options;
    const running = { port: 0 } as Running;
    running.keeper = new Keeper({
      name: `function ${name}`,
      log,
      start: () => {
        // A new port for each process: no connection that was kept open leads to a process that is gone.
        const port = freePort();
        const child = this.#spawn(name, port);
        const ready = listens(port, child).then(() => {
          running.port = port;
        });
        return Promise.resolve({ child, ready });
      },
    });
    this.#running.set(name, running);
  }

  #spawn(name: string, port: number): Child {
    const { supabaseDir, env, cacheDir, log } = this.#options;
    const entry = entrypoint(this.#options, name);
    const configFile = join(dirname(entry), "deno.json");
    const flags = [
      "--no-prompt",
      "--no-lock",
      "--node-modules-dir=none",
      "--allow-net",
      "--allow-env",
      `--allow-read=${join(supabaseDir, "functions")}`,
      // Configuration of the repository is not the function's: on the platform it sees no file but its own.
      ...(exists(configFile) ? [`--config=${configFile}`] : ["--no-config"]),
    ];
    const run = this.#deno.isOld
      ? [...flags, join(localDir, "serve_old.ts"), entry]
      : [...flags, `--preload=${join(localDir, "prelude.ts")}`, entry];
    return startChild({
      command: [this.#deno.program, "run", ...run],
      cwd: dirname(entry),
      env: {
        ...env,
        DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
        DENO_DIR: cacheDir,
        DENO_NO_UPDATE_CHECK: "1",
        DENO_NO_PACKAGE_JSON: "1",
        NO_COLOR: "1",
      },
      deathSignal: "KILL",
      onLine(line) {
        if (!/^Listening on /.test(line) && line.trim() !== "") log(`[${name}] ${line}`);
      },
    });
  }
}

/** The answer of the platform's gateway in the functions' stead. */
export function refuse(status: number, code: string, message: string): Response {
  return Response.json({ code, message }, {
    status,
    headers: { "access-control-allow-origin": "*", "sb-error-code": code },
  });
}

/** Reads a file of `NAME=value` lines, as `supabase functions serve` does. */
export async function readEnvFile(path: string): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  let text = "";
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  for (const line of text.split("\n")) {
    const [, name, value] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const quoted = /^(["'])(.*)\1$/.exec(value);
    values[name] = quoted?.[2] ?? value.replace(/\s+#.*$/, "");
  }
  return values;
}

function entrypoint({ supabaseDir, config }: FunctionsOptions, name: string): string {
  return join(supabaseDir, config.function(name).entrypoint ?? `functions/${name}/index.ts`);
}

async function functionNames(options: FunctionsOptions): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(join(options.supabaseDir, "functions"))) {
      // The platform's rule for names; it leaves out folders of shared code, which begin with an underscore.
      if (!isDirectory || !/^[A-Za-z][A-Za-z0-9_-]*$/.test(name)) continue;
      if (options.config.function(name).enabled && exists(entrypoint(options, name))) names.push(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}

async function listens(port: number, child: Child): Promise<void> {
  let ended = false;
  child.ended.then(() => (ended = true));
  const connects = async () => {
    if (ended) return true;
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return true;
    } catch {
      return false;
    }
  };
  if (!(await until(connects, 60_000, 10)) || ended) throw new Error("it does not listen");
}

/** Finds the program behind a path, which may be npm's launcher: a signal to that would not reach Deno itself. */
async function findDeno(path: string | undefined): Promise<{ program: string; isOld: boolean }> {
  if (path === undefined) return { program: Deno.execPath(), isOld: false };
  let output = "";
  try {
    const script = "console.log(Deno.execPath() + '\\n' + Deno.version.deno)";
    const { stdout } = await new Deno.Command(path, { args: ["eval", script], env: { NO_COLOR: "1" } }).output();
    output = new TextDecoder().decode(stdout);
  } catch {
    // Said below.
  }
  const [program, version = ""] = output.trim().split("\n");
  const [major, minor] = version.split(".").map(Number);
  if (!program || major !== 2) throw new StackFailure(`${path} is no Deno 2 that can be run`);
  // DENO_SERVE_ADDRESS and --preload came after the version that the hosted runtime is built on.
  return { program, isOld: (minor ?? 0) < 4 };
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
