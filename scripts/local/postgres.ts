/**
 * One PostgreSQL server: makes its cluster, starts it, ends what an earlier stack left running, stops it. Owns the
 * server's settings; what is inside the database is database.ts's business.
 */
import { messageOf, StackFailure } from "./failure.ts";
import { join } from "./paths.ts";
import { isFree } from "./ports.ts";
import { makeDataFolder, type PostgresHome } from "./postgres_home.ts";
import { removeIfThere } from "./state.ts";
import { type Child, isAlive, runToEnd, startChild, until } from "./process.ts";

/** The superuser, as on the platform. */
export const superuser = "supabase_admin";

/** A running server. */
export interface PostgresServer {
  readonly pid: number;
  /** Resolves when the server ends, whoever ended it. */
  readonly ended: Promise<Deno.CommandStatus>;
  stop(): Promise<void>;
}

// Durability stays at PostgreSQL's defaults: tests pull the plug and count what is left.
const settings: Record<string, string> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  timezone: "UTC",
  log_timezone: "UTC",
  max_connections: "100",
  shared_buffers: "128MB",
  // As hosted: changes can be decoded.
  wal_level: "logical",
  // What a client got refused is in the client's answer; the log keeps what is wrong with the server.
  log_min_messages: "warning",
  log_min_error_statement: "panic",
  password_encryption: "scram-sha-256",
};

/** True when a cluster lies in the data folder. */
export async function hasCluster(home: PostgresHome): Promise<boolean> {
  try {
    await Deno.lstat(join(home.data, "PG_VERSION"));
    // initdb writes PG_VERSION early; the stack writes this mark when initdb is through.
    await Deno.lstat(join(home.data, "cluster-complete"));
    return true;
  } catch {
    return false;
  }
}

/** Makes an empty cluster, whatever lay there before. */
export async function makeCluster(home: PostgresHome, password: string): Promise<void> {
  await makeDataFolder(home);
  const passwordFile = `${home.data}.password`;
  await Deno.writeTextFile(passwordFile, password, { mode: 0o600 });
  if (home.user) await Deno.chown(passwordFile, home.user.uid, home.user.gid);
  try {
    const { code, lines } = await runToEnd({
      command: [
        join(home.programs, "bin/initdb"),
        `--pgdata=${home.data}`,
        `--username=${superuser}`,
        `--pwfile=${passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=icu",
        "--icu-locale=en-US",
      ],
      env: home.env,
      user: home.user,
      cwd: "/",
    });
    if (code !== 0) throw new StackFailure(`PostgreSQL cannot make its cluster in ${home.data}: ${lastWords(lines)}`);
  } finally {
    await Deno.remove(passwordFile);
  }
  await Deno.writeTextFile(join(home.data, "cluster-complete"), "");
}

/** Ends a server that a killed stack left running on the data folder. The caller holds the lock of the state folder. */
export async function endOrphan(home: PostgresHome, log: (line: string) => void): Promise<void> {
  const pid = await orphanPid(home);
  if (pid === undefined) {
    // PostgreSQL takes the number of a process that ended uncounted (a zombie) for a living server. The lock of the
    // state folder has shown that no stack runs on this data.
    await removeIfThere(join(home.data, "postmaster.pid"));
    return;
  }
  log(`a PostgreSQL of an earlier run is still there (process ${pid}): stopping it`);
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    try {
      Deno.kill(pid, signal);
    } catch {
      // It ended meanwhile.
    }
    if (await until(() => !isAlive(pid), 8_000)) return;
  }
  throw new StackFailure(`PostgreSQL of an earlier run (process ${pid}) does not stop`);
}

async function orphanPid(home: PostgresHome): Promise<number | undefined> {
  try {
    const pid = Number((await Deno.readTextFile(join(home.data, "postmaster.pid"))).split("\n")[0]);
    if (!Number.isInteger(pid) || !isAlive(pid)) return undefined;
    // The number may belong to another program by now.
    const command = (await Deno.readTextFile(`/proc/${pid}/cmdline`)).split("\0");
    return command.includes(home.data) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Starts the server and waits until it takes connections. */
export async function startPostgres(
  home: PostgresHome,
  port: number,
  logFile: string,
): Promise<PostgresServer> {
  if (!isFree(port)) throw new StackFailure(`port ${port}, the database's, is taken`);
  const flags = Object.entries({ ...settings, port: String(port) }).flatMap((
    [name, value],
  ) => ["-c", `${name}=${value}`]);
  const log = await Deno.open(logFile, { create: true, write: true, truncate: true });
  const encoder = new TextEncoder();
  const lines: string[] = [];
  const ready = Promise.withResolvers<true>();
  const child: Child = startChild({
    command: [join(home.programs, "bin/postgres"), "-D", home.data, ...flags],
    env: home.env,
    user: home.user,
    cwd: "/",
    // A quick but orderly end, should this process be killed.
    deathSignal: "INT",
    onLine(line) {
      log.writeSync(encoder.encode(line + "\n"));
      if (lines.length < 200) lines.push(line);
      if (line.includes("ready to accept connections")) ready.resolve(true);
    },
  });
  const ended = child.ended.then((status) => {
    log.close();
    return status;
  });
  if ((await Promise.race([ready.promise, ended])) !== true) {
    throw new StackFailure(`PostgreSQL cannot start: ${lastWords(lines)} (all of it: ${logFile})`);
  }
  return {
    pid: child.pid,
    ended,
    async stop() {
      // "Fast" shutdown: sessions are cut, what was committed is kept. "Immediate", should a session not end.
      const timer = setTimeout(() => child.signal("SIGQUIT"), 10_000);
      await child.stop("SIGINT", 15_000);
      clearTimeout(timer);
      await ended;
    },
  };
}

function lastWords(lines: string[]): string {
  const line = lines.findLast((text) => /FATAL|PANIC|error:|could not/.test(text)) ?? lines.at(-1) ?? "it said nothing";
  return line.replace(/^.*?(FATAL|PANIC|error):\s*/, "");
}

/** Keeps a server running: starts it again when it ends unasked, as a supervisor would on the platform. */
export class PostgresKeeper {
  #start: () => Promise<PostgresServer>;
  #log: (line: string) => void;
  #server: PostgresServer;
  #stopping = false;
  #watch: Promise<void>;

  private constructor(start: () => Promise<PostgresServer>, server: PostgresServer, log: (line: string) => void) {
    this.#start = start;
    this.#server = server;
    this.#log = log;
    this.#watch = this.#run();
  }

  /** Starts the server and keeps it. A server that cannot start at all is the caller's to hear about. */
  static async start(start: () => Promise<PostgresServer>, log: (line: string) => void): Promise<PostgresKeeper> {
    return new PostgresKeeper(start, await start(), log);
  }

  get pid(): number {
    return this.#server.pid;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#server.stop();
    await this.#watch;
  }

  async #run(): Promise<void> {
    while (true) {
      await this.#server.ended;
      if (this.#stopping) return;
      this.#log("PostgreSQL ended unasked: starting it again");
      // The sessions of a killed server need a moment to notice, and hold its memory until they do.
      const restarted = await until(
        async () => {
          if (this.#stopping) return true;
          try {
            this.#server = await this.#start();
            return true;
          } catch (error) {
            this.#log(messageOf(error));
            return false;
          }
        },
        60_000,
        250,
      );
      if (!restarted) return this.#log("PostgreSQL does not start any more");
      if (this.#stopping) await this.#server.stop();
    }
  }
}
