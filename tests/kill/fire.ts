/**
 * The stack under fire: starts it, kills one of its processes at a time with SIGKILL, and sees to it that it stands up
 * again. Owns which processes there are to kill. PostgreSQL, easel and the functions are started again by the stack; the
 * stack itself, which is the gateway, by this.
 */
import { freePort } from "../../scripts/local/ports.ts";
import { join, root } from "../../scripts/local/paths.ts";
import { type Child, startChild, until } from "../../scripts/local/process.ts";

/** How to reach the stack; the same after every start. */
export interface Address {
  url: string;
  publishableKey: string;
  secretKey: string;
  dbUrl: string;
}

/** What may also be stopped for a while. */
export const functions = ["function generate-image", "function queue-worker"] as const;
/** What can be killed. */
export const victims = ["gateway", "postgres", "easel", ...functions] as const;
export type Victim = (typeof victims)[number];

const startPatienceMs = 90_000;

/** A stack that may be killed at any moment. */
export class StackUnderFire {
  readonly #port = freePort();
  readonly #stateDir: string;
  #child: Child | undefined;
  /** What the stack said, for a run that fails. */
  readonly log: string[] = [];
  readonly kills: Record<Victim, number> = {
    gateway: 0,
    postgres: 0,
    easel: 0,
    "function generate-image": 0,
    "function queue-worker": 0,
  };

  /** How often a function was stopped for a while. */
  freezes = 0;
  readonly #frozen = new Map<number, Promise<void>>();

  private constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  static async open(): Promise<{ fire: StackUnderFire; address: Address }> {
    const stateDir = await Deno.makeTempDir({ prefix: "ai-access-hub-kill-" });
    // PostgreSQL under root runs as another user, who has to come through.
    await Deno.chmod(stateDir, 0o711);
    const fire = new StackUnderFire(stateDir);
    return { fire, address: await fire.#start() };
  }

  async #start(): Promise<Address> {
    const ready = Promise.withResolvers<Address>();
    const child = startChild({
      command: [
        Deno.execPath(),
        "run",
        "-A",
        join(root, "tests/kill/stack_process.ts"),
        String(this.#port),
        this.#stateDir,
      ],
      cwd: root,
      env: Deno.env.toObject(),
      deathSignal: "TERM",
      onLine: (line) => {
        if (line.startsWith("{")) ready.resolve(JSON.parse(line));
        else this.log.push(line);
      },
    });
    this.#child = child;
    child.ended.then(() => ready.reject(new Error(`the stack ended:\n${this.log.slice(-20).join("\n")}`)));
    const timer = setTimeout(() => ready.reject(new Error("the stack does not come up")), startPatienceMs);
    try {
      return await ready.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Kills a process, if it runs at the moment; answers whether it did. The gateway is started again before this returns. */
  async kill(victim: Victim): Promise<boolean> {
    const pid = victim === "gateway" ? this.#child?.pid : await this.#pidOf(victim);
    // What is stopped is to come back late, not never.
    if (pid === undefined || this.#frozen.has(pid)) return false;
    if (!signal(pid, "SIGKILL")) return false;
    this.kills[victim]++;
    if (victim === "gateway") {
      await this.#child?.ended;
      // What the dead one leaves behind, PostgreSQL above all, is for its successor to clear away.
      let left = 5;
      while (left-- > 0) {
        try {
          await this.#start();
          return true;
        } catch (error) {
          this.log.push(String(error));
          if (left === 0) throw error;
        }
      }
    }
    return true;
  }

  /** Stops a function for so long, if it runs at the moment: it goes on later as if no time had passed. */
  async freeze(victim: typeof functions[number], ms: number): Promise<void> {
    const pid = await this.#pidOf(victim);
    if (pid === undefined || this.#frozen.has(pid) || !signal(pid, "SIGSTOP")) return;
    this.freezes++;
    const thawing = new Promise<void>((resolve) => setTimeout(resolve, ms)).then(() => {
      signal(pid, "SIGCONT");
      this.#frozen.delete(pid);
    });
    this.#frozen.set(pid, thawing);
  }

  /** Waits until nothing is stopped any more. */
  async thawed(): Promise<void> {
    await Promise.all(this.#frozen.values());
  }

  /** Waits until the functions answer. */
  async standing(url: string): Promise<void> {
    const answers = async () => {
      try {
        const response = await fetch(`${url}/functions/v1/generate-image`, { method: "OPTIONS" });
        await response.body?.cancel();
        return response.status === 204;
      } catch {
        return false;
      }
    };
    if (!(await until(answers, startPatienceMs, 200))) throw new Error("the stack does not stand up again");
  }

  async close(): Promise<void> {
    await this.#child?.stop("SIGTERM", 20_000);
    await Deno.remove(this.#stateDir, { recursive: true }).catch(() => {});
  }

  /** The process among the stack's children, by its command. */
  async #pidOf(victim: Victim): Promise<number | undefined> {
    const parent = this.#child?.pid;
    const isVictim = (command: string) => {
      if (victim === "postgres") return /\/bin\/postgres\0-D/.test(command);
      if (victim === "easel") return /\/easel\0--listen/.test(command);
      return command.includes(`functions/${victim.replace("function ", "")}/index.ts`);
    };
    for await (const { name } of Deno.readDir("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      try {
        const status = await Deno.readTextFile(`/proc/${name}/status`);
        if (Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]) !== parent) continue;
        if (isVictim(await Deno.readTextFile(`/proc/${name}/cmdline`))) return Number(name);
      } catch {
        // It ended while it was looked at.
      }
    }
  }
}

/** Sends a signal; whether somebody was there to get it. */
function signal(pid: number, name: Deno.Signal): boolean {
  try {
    Deno.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
