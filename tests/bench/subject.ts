/**
 * What is measured, each as a Deno process of its own that is started as the local stack starts functions. Owns starting
 * it, how long it took to its first answer, and its memory. Sends no load.
 */
import { dirname, join, root } from "../../scripts/local/paths.ts";
import { freePort } from "../../scripts/local/ports.ts";
import { type Child, startChild } from "../../scripts/local/process.ts";

/** The function as shipped, the original's design by hand, the four bare fetches, and a function that does nothing. */
export type SubjectName = "ours" | "twin" | "floor" | "blank";

const here = join(root, "tests/bench");

const modules: Record<SubjectName, string> = {
  ours: join(root, "supabase/functions/generate-image/index.ts"),
  twin: join(here, "twin/index.ts"),
  floor: join(here, "floor/index.ts"),
  blank: join(here, "blank/index.ts"),
};

/** A running subject. */
export interface Subject {
  name: SubjectName;
  url: string;
  pid: number;
  /** When its process was asked for, on the clock of `performance.now`. */
  startedAt: number;
  stop(): Promise<void>;
}

/** What all subjects are started with. */
export interface Surroundings {
  env: Record<string, string>;
  /** Where Deno keeps what it has compiled. */
  cacheDir: string;
  /** The module measured as `ours` when it is not the one in supabase/functions: a variant that is being tried. */
  oursPath?: string;
}

/** Starts a subject, with further flags for Deno, and waits until it listens. */
export async function startSubject(
  name: SubjectName,
  { env, cacheDir, oursPath }: Surroundings,
  flags: string[] = [],
): Promise<Subject> {
  const entry = name === "ours" && oursPath ? oursPath : modules[name];
  const port = freePort();
  const listening = Promise.withResolvers<void>();
  const lines: string[] = [];
  const command = [Deno.execPath(), "run", ...flags, ...flagsOf(name, entry), entry];
  const startedAt = performance.now();
  const child: Child = startChild({
    command,
    cwd: dirname(entry),
    env: {
      ...env,
      DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
      DENO_DIR: cacheDir,
      DENO_NO_UPDATE_CHECK: "1",
      NO_COLOR: "1",
    },
    deathSignal: "KILL",
    onLine(line) {
      if (line.startsWith("Listening on ")) listening.resolve();
      else if (lines.push(line) <= 20) console.error(`[${name}] ${line}`);
    },
  });
  child.ended.then(() => listening.reject(new Error(`${name} ended before it listened:\n${lines.join("\n")}`)));
  const timer = setTimeout(() => listening.reject(new Error(`${name} does not listen`)), 60_000);
  try {
    await listening.promise;
  } catch (error) {
    await child.stop("SIGKILL");
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return { name, url: `http://127.0.0.1:${port}/generate-image`, pid: child.pid, startedAt, stop: () => child.stop() };
}

/** As scripts/local/functions.ts has them. The twin's one dependency is taken from node_modules, so that none is fetched. */
function flagsOf(name: SubjectName, entry: string): string[] {
  const common = ["--no-prompt", "--no-lock", "--allow-net", "--allow-env"];
  const preload = `--preload=${join(root, "scripts/local/prelude.ts")}`;
  if (name === "twin") {
    return [
      ...common,
      `--config=${join(root, "deno.json")}`,
      "--node-modules-dir=manual",
      `--allow-read=${root}`,
      preload,
    ];
  }
  return [...common, "--no-config", "--node-modules-dir=none", `--allow-read=${join(dirname(entry), "..")}`, preload];
}

/** Bytes of a process that lie in memory, and those of them that no other process shares. */
export async function memoryOf(pid: number): Promise<{ rss: number; anonymous: number }> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const bytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? NaN) * 1024;
  return { rss: bytes("VmRSS"), anonymous: bytes("RssAnon") };
}

/** Milliseconds of processor time that a process has used, of all its threads. */
export async function processorTimeOf(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  // After the name, which may hold spaces: the 12th and 13th field, user and system time, in ticks of 10 ms.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
