/**
 * The stand on which everything is measured: a local stack of its own on free ports, the engine at zero latency, the
 * twin's tables, and customers with sessions. Owns that all of it is gone at the end.
 */
import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { join, root } from "../../scripts/local/paths.ts";
import { startChild } from "../../scripts/local/process.ts";
import type { Surroundings } from "./subject.ts";

/** How to reach a stack. */
export interface StackAddress {
  url: string;
  publishableKey: string;
  secretKey: string;
  dbUrl: string;
  adminDbUrl: string;
}

/** A stack in a process of its own. */
export interface StackProcess extends StackAddress {
  stop(): Promise<void>;
}

/** Starts a stack that leaves nothing behind. */
export async function startStackProcess(): Promise<StackProcess> {
  const ready = Promise.withResolvers<StackAddress>();
  const lines: string[] = [];
  const child = startChild({
    command: [Deno.execPath(), "run", "-A", join(root, "tests/bench/stack_process.ts")],
    cwd: root,
    env: Deno.env.toObject(),
    deathSignal: "TERM",
    onLine(line) {
      if (line.startsWith("{")) ready.resolve(JSON.parse(line));
      else lines.push(line);
    },
  });
  child.ended.then(() => ready.reject(new Error(`the stack does not start:\n${lines.join("\n")}`)));
  const timer = setTimeout(() => ready.reject(new Error(`the stack is not ready:\n${lines.join("\n")}`)), 120_000);
  const stop = () => child.stop("SIGTERM", 20_000);
  try {
    return { ...await ready.promise, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** The hub's own tables, or the twin's. */
export type Side = "hub" | "twin";

/** A customer who is signed in. */
export interface Customer {
  id: string;
  token: string;
}

/** Both sides' plan; its real 15 credits an hour are what a session is used for. */
const plan = "pro";
/** Requests that a session gets before the next one takes over. */
const requestsPerSession = 12;

/** The stand. */
export class Stand {
  readonly #engine: Worker;
  readonly #sql: postgres.Sql;
  /** Pictures that were answered, by whose tables they lie in. */
  readonly made: Record<Side, number> = { hub: 0, twin: 0 };

  private constructor(
    readonly stack: StackProcess,
    readonly surroundings: Surroundings,
    readonly customers: readonly Customer[],
    sql: postgres.Sql,
    engine: Worker,
  ) {
    this.#sql = sql;
    this.#engine = engine;
  }

  /** Sets everything up for that many customers. */
  static async open(customerCount: number, cacheDir: string, oursPath?: string): Promise<Stand> {
    const { worker, port } = await startEngine();
    const stack = await startStackProcess();
    const sql = postgres(stack.adminDbUrl, { max: 1, onnotice: () => {} });
    try {
      const owner = postgres(stack.dbUrl, { max: 1, onnotice: () => {} });
      await owner.file(join(root, "tests/bench/twin/tables.sql"));
      // Still counted, and never reached.
      await owner`update private.rate_limit set per_minute = 1000000, burst = 1000000`;
      await owner.end();
      const customers = await signUp(stack, customerCount);
      const env = {
        SUPABASE_URL: stack.url,
        SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: stack.publishableKey }),
        SUPABASE_SECRET_KEYS: JSON.stringify({ default: stack.secretKey }),
        SUPABASE_JWKS: JSON.stringify({ keys: [] }),
        SUPABASE_DB_URL: stack.dbUrl,
        HUGGINGFACE_API_KEY: "hf_bench",
        HUGGINGFACE_BASE_URL: `http://127.0.0.1:${port}`,
        HUGGINGFACE_HUB_URL: `http://127.0.0.1:${port}`,
        IMAGE_ENGINES: "huggingface:stable-diffusion-v1-5/stable-diffusion-v1-5",
      };
      return new Stand(stack, { env, cacheDir, oursPath }, customers, sql, worker);
    } catch (error) {
      worker.terminate();
      await sql.end();
      await stack.stop();
      throw error;
    }
  }

  /** Running sessions for every customer, enough for so many requests of each; one list a customer. */
  async sessions(side: Side, requestsPerCustomer: number): Promise<string[][]> {
    const count = Math.ceil(requestsPerCustomer / requestsPerSession);
    const users = this.customers.map(({ id }) => id);
    const rows = side === "hub"
      ? await this.#sql`
        insert into public.user_sessions
          (user_id, plan_id, model_name, hours_purchased, price_paid, status, started_at, started_by, expires_at)
        select user_id, ${plan}, 'gemini-2.5-pro', 4, 800, 'active', now(), 'customer', now() + interval '4 hours'
        from unnest(${users}::uuid[]) as user_id, generate_series(1, ${count}::integer)
        returning id, user_id`
      : await this.#sql`
        insert into public.twin_user_sessions (user_id, plan_id)
        select user_id, ${plan} from unnest(${users}::uuid[]) as user_id, generate_series(1, ${count}::integer)
        returning id, user_id`;
    return users.map((user) => {
      const own = rows.filter((row) => row.user_id === user).map((row) => row.id as string);
      return own.flatMap((id) => Array.from({ length: requestsPerSession }, () => id)).slice(0, requestsPerCustomer);
    });
  }

  /** Rejects unless every picture that was answered is recorded, none besides, and no hold is left open. */
  async verify(): Promise<void> {
    const [row] = await this.#sql`select
      (select count(*)::integer from public.image_generations where status = 'completed') as hub,
      (select count(*)::integer from public.twin_image_generations) as twin,
      (select count(*)::integer from public.image_generations where status <> 'completed') as unsettled`;
    const found = JSON.stringify(row);
    const wanted = JSON.stringify({ ...this.made, unsettled: 0 });
    if (found !== wanted) throw new Error(`the answers say ${wanted}, the tables ${found}`);
  }

  /** Stops everything. */
  async close(): Promise<void> {
    this.#engine.terminate();
    await this.#sql.end();
    await this.stack.stop();
  }
}

function startEngine(): Promise<{ worker: Worker; port: number }> {
  const worker = new Worker(new URL("./engine_worker.ts", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve({ worker, port: data });
    worker.onerror = (event) => reject(new Error(`the bench's engine does not start: ${event.message}`));
  });
}

function signUp(stack: StackAddress, count: number): Promise<Customer[]> {
  const client = () =>
    createClient(stack.url, stack.publishableKey, { auth: { persistSession: false, autoRefreshToken: false } });
  return Promise.all(Array.from({ length: count }, async (_, index) => {
    const email = `bench-${index}@example.test`;
    const { data, error } = await client().auth.signUp({ email, password: "correct horse" });
    if (error || !data.user || !data.session) throw new Error(`sign-up failed: ${error?.message}`);
    return { id: data.user.id, token: data.session.access_token };
  }));
}
