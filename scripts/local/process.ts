/**
 * Child processes that do not outlive this one. Owns spawning, reading a child's lines and ending it; knows nothing
 * about what the children are. Restarting is keeper.ts's business.
 */
import { StackFailure } from "./failure.ts";

/** How a child is started. */
export interface ChildOptions {
  /** Program and arguments. */
  command: string[];
  /** The whole environment of the child; nothing is inherited. */
  env: Record<string, string>;
  /** Folder in which it runs. */
  cwd?: string;
  /** User and group to run as; only root can ask for this. */
  user?: { uid: number; gid: number };
  /** Signal that the kernel sends the child when this process dies, however it dies. */
  deathSignal?: "KILL" | "INT" | "TERM";
  /** Called with each line that the child writes, of either stream. */
  onLine?: (line: string) => void;
}

/** A running child. */
export interface Child {
  readonly pid: number;
  /** Resolves when the child has ended and its output has been read. */
  readonly ended: Promise<Deno.CommandStatus>;
  /** Sends a signal; a child that is gone already is no error. */
  signal(signal: Deno.Signal): void;
  /** Sends `signal`, waits, and kills what did not listen within `patienceMs`. */
  stop(signal?: Deno.Signal, patienceMs?: number): Promise<void>;
}

let setprivPath: string | null | undefined;

/** The path of util-linux's setpriv, or null where there is none. */
export function setpriv(): string | null {
  if (setprivPath === undefined) {
    setprivPath = null;
    for (const folder of ["/usr/bin", "/bin", "/usr/local/bin", "/sbin", "/usr/sbin"]) {
      try {
        if (Deno.statSync(`${folder}/setpriv`).isFile) {
          setprivPath = `${folder}/setpriv`;
          break;
        }
      } catch {
        // Not in this folder.
      }
    }
  }
  return setprivPath;
}

/** Starts a child. */
export function startChild(options: ChildOptions): Child {
  const [program, ...args] = withPrivileges(options);
  const child = new Deno.Command(program as string, {
    args,
    env: options.env,
    clearEnv: true,
    cwd: options.cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const onLine = options.onLine ?? (() => {});
  const output = Promise.all([readLines(child.stdout, onLine), readLines(child.stderr, onLine)]);
  let gone = false;
  const ended = child.status.then(async (status) => {
    gone = true;
    await output;
    return status;
  });
  const signal = (name: Deno.Signal) => {
    if (gone) return;
    try {
      child.kill(name);
    } catch {
      // It ended between the two lines.
    }
  };
  return {
    pid: child.pid,
    ended,
    signal,
    async stop(name = "SIGTERM", patienceMs = 5_000) {
      signal(name);
      const timer = setTimeout(() => signal("SIGKILL"), patienceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** What a finished command left behind. */
export interface Finished {
  code: number;
  lines: string[];
}

/** Runs a command to its end and returns what it said. */
export async function runToEnd(options: ChildOptions): Promise<Finished> {
  const lines: string[] = [];
  const child = startChild({
    deathSignal: "KILL",
    ...options,
    onLine: (line) => {
      lines.push(line);
      options.onLine?.(line);
    },
  });
  const { code } = await child.ended;
  return { code, lines };
}

function withPrivileges(options: ChildOptions): string[] {
  const tool = setpriv();
  if (!tool) {
    if (options.user) throw new StackFailure("started as root, the stack needs setpriv (package util-linux)");
    return options.command;
  }
  const flags: string[] = [];
  if (options.user) flags.push(`--reuid=${options.user.uid}`, `--regid=${options.user.gid}`, "--clear-groups");
  if (options.deathSignal) flags.push("--pdeathsig", options.deathSignal);
  return flags.length === 0 ? options.command : [tool, ...flags, ...options.command];
}

async function readLines(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  }
  if (rest !== "") onLine(rest);
}

/** Tells whether a process exists. */
export function isAlive(pid: number): boolean {
  try {
    // The third field of /proc/<pid>/stat is the state; a zombie has ended and only waits to be counted.
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) !== "Z";
  } catch {
    return false;
  }
}

/** Waits until `done` says so, and tells whether it did in time. */
export async function until(done: () => boolean | Promise<boolean>, timeoutMs: number, everyMs = 25): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (!(await done())) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  return true;
}
