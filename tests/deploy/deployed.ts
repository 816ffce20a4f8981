/**
 * Runs an uploaded function as the platform would: from the uploaded files alone, with the environment that the platform
 * gives, under a Deno of choice. Owns unpacking, the permissions and the process; knows nothing of what the function does.
 */
import { dirname, join } from "node:path";
import { root } from "../../scripts/local/paths.ts";
import { freePort } from "../../scripts/local/ports.ts";
import { type Child, startChild, until } from "../../scripts/local/process.ts";
import type { Upload } from "./recorder.ts";

/** A Deno program. */
export interface DenoProgram {
  path: string;
  version: string;
}

/** The Deno that runs this test, and the one that the hosted runtime is built on. */
export async function denos(): Promise<DenoProgram[]> {
  const launcher = join(root, "node_modules/deno-hosted/bin.cjs");
  // npm's launcher passes no signals on, so that the program behind it is looked up.
  const script = "console.log(Deno.execPath() + '\\n' + Deno.version.deno)";
  const { stdout } = await new Deno.Command("node", { args: [launcher, "eval", script] }).output();
  const [path = "", version = ""] = new TextDecoder().decode(stdout).trim().split("\n");
  return [{ path, version }, { path: Deno.execPath(), version: Deno.version.deno }];
}

/** Writes the uploaded files, and nothing else, into a new folder. */
export async function unpack({ files }: Upload, folder: string): Promise<void> {
  await Deno.mkdir(folder);
  for (const [path, content] of files) {
    await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
    await Deno.writeFile(join(folder, path), content, { createNew: true });
  }
}

/** A running copy of a function. */
export interface Deployed {
  url: string;
  /** What it wrote to its log. */
  lines: string[];
  stop(): Promise<void>;
}

/** How a function is run. */
export interface Run {
  deno: DenoProgram;
  /** Where it was unpacked, and its module in there. */
  folder: string;
  entrypoint: string;
  env: Record<string, string>;
  /** `host:port` of what it may talk to. */
  reaches: string[];
  /** Where Deno and this module keep files of their own. */
  scratch: string;
}

/** Starts the function and waits until it listens. */
export async function run({ deno, folder, entrypoint, env, reaches, scratch }: Run): Promise<Deployed> {
  const address = `127.0.0.1:${freePort()}`;
  const lines: string[] = [];
  const child = startChild({
    command: [
      deno.path,
      "run",
      "--no-prompt",
      "--no-config",
      "--no-lock",
      // What is not in the upload cannot come from anywhere else.
      "--no-remote",
      "--no-npm",
      `--allow-net=${[address, ...reaches].join()}`,
      "--allow-env",
      await mainModule(deno, join(folder, entrypoint), address, scratch),
    ],
    cwd: folder,
    env: { ...env, DENO_SERVE_ADDRESS: `tcp:${address}`, DENO_DIR: join(scratch, "deno"), NO_COLOR: "1" },
    deathSignal: "KILL",
    onLine: (line) => lines.push(line),
  });
  await listening(address, child, lines);
  return { url: `http://${address}`, lines, stop: () => child.stop() };
}

/**
 * Deno learned DENO_SERVE_ADDRESS and --preload after 2.1. There, a module that gives `Deno.serve` its address comes
 * first; imported by name and not at run time, for which the function would need to read files.
 */
async function mainModule(deno: DenoProgram, entry: string, address: string, scratch: string): Promise<string> {
  if (!deno.version.startsWith("2.1.")) return entry;
  const [hostname, port] = address.split(":");
  const serveThere = join(scratch, "serve_there.ts");
  await Deno.writeTextFile(
    serveThere,
    `const serve = Deno.serve;\n` +
      `const serveThere = (handler) => serve({ hostname: "${hostname}", port: ${port} }, handler);\n` +
      `Object.defineProperty(Deno, "serve", { value: serveThere });\n` +
      // As the hosted runtime has it.
      `globalThis.EdgeRuntime = { waitUntil: (promise) => promise };\n`,
  );
  const main = join(scratch, "main.ts");
  await Deno.writeTextFile(main, `import "${serveThere}";\nimport "${entry}";\n`);
  return main;
}

async function listening(address: string, child: Child, lines: string[]): Promise<void> {
  const [hostname = "", port] = address.split(":");
  let hasEnded = false;
  child.ended.then(() => (hasEnded = true));
  const connects = async () => {
    try {
      (await Deno.connect({ hostname, port: Number(port) })).close();
      return true;
    } catch {
      return hasEnded;
    }
  };
  const inTime = await until(connects, 30_000);
  if (inTime && !hasEnded) return;
  await child.stop();
  throw new Error(`the function does not listen:\n${lines.join("\n")}`);
}
