/**
 * One local stack for one file of tests, and the tests that run on it. Owns starting and stopping it, and what must
 * hold after every test whatever it was about: nothing is held any more, rows, objects and counters agree, and no
 * secret went into an answer or into the log. It knows no rule of the API; those are the tests'.
 */
import assert from "node:assert/strict";
import postgres from "postgres";
import { type Stack, type StackOptions, startStack } from "../../../scripts/local/stack.ts";
import { Customer } from "./customer.ts";
import { Easel } from "./easel.ts";
import { Gate } from "./gate.ts";
import { assertNothingLeaks } from "./leaks.ts";

/** What a test is given. */
export interface Bench {
  hub: Hub;
  engine: Easel;
  /** Signs up a customer; he is looked after at the end of the test. */
  customer(): Promise<Customer>;
  /** A text that no other test has, to be put into prompts: faults are ordered for it and requests found by it. */
  marker: string;
}

/** How a file wants its stack. */
export interface HubOptions extends StackOptions {
  /** Puts a gate in front of the engine, so that a test can hold requests there for as long as it wants. */
  gated?: boolean;
  /** Has every engine asked as if it had never failed: what a request finds out about it, no other hears of. */
  forgetful?: boolean;
  /** Has the queue try at once what it put back, however long it should wait; `waits` tells how long that was. */
  impatient?: boolean;
}

/** The engine's key in every test: unlike any other text, so that it is found wherever it should not be. */
export const engineKey = "hf_TheKeyThatMustNeverLeakAnywhere";

const forget = `
  create or replace function private.forget_standing() returns trigger language plpgsql set search_path = '' as $$
    begin return null; end
  $$;
  create trigger engine_standing_forget before insert or update on private.engine_standing
  for each row execute function private.forget_standing()`;

const hurry = `
  create table private.wait_wanted (request_id uuid not null, seconds integer not null, nth serial primary key);
  create function private.try_at_once() returns trigger language plpgsql security definer set search_path = '' as $$
    begin
      insert into private.wait_wanted (request_id, seconds)
      values (new.request_id, round(extract(epoch from new.not_before - private.clock())));
      new.not_before := private.clock() - interval '1 second';
      return new;
    end
  $$;
  create trigger image_generations_try_at_once before update on public.image_generations for each row
  when (old.status = 'running' and new.status = 'queued') execute function private.try_at_once()`;

/** A running stack, as a file's tests see it. */
export class Hub {
  #stack: Stack | undefined;
  #sql: postgres.Sql | undefined;
  readonly #customers = new Map<string, Customer[]>();
  /** What the stack and its functions wrote. */
  readonly log: string[] = [];
  /** What must be in no answer and in no line of the log. */
  readonly secrets: string[] = [engineKey];
  readonly gate: Gate | undefined;
  jwtSecret = "";

  constructor(options: HubOptions = {}) {
    const { gated, forgetful, impatient, ...stackOptions } = options;
    const changes = [...forgetful ? [forget] : [], ...impatient ? [hurry] : []];
    this.gate = gated ? new Gate(() => this.stack.engineUrl) : undefined;
    Deno.test.beforeAll(() => this.#start(stackOptions, changes));
    Deno.test.afterAll(() => this.#stop());
  }

  get stack(): Stack {
    assert.ok(this.#stack, "the stack runs while tests run");
    return this.#stack;
  }

  /** The database, as the project's owner. */
  get sql(): postgres.Sql {
    assert.ok(this.#sql, "the database is there while tests run");
    return this.#sql;
  }

  /** The address of a function. */
  functionUrl(name = "generate-image"): string {
    return `${this.stack.url}/functions/v1/${name}`;
  }

  /** `fetch`, of which every answer of a function is searched for what it must not tell. */
  readonly fetch: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (response.url.includes("/functions/v1/")) {
      const told = JSON.stringify([...response.headers]) + await response.clone().text();
      assertNothingLeaks(told, this.secrets, { isError: !response.ok });
    }
    return response;
  };

  /** Declares a test. What must hold for its customers is checked when its body is done. */
  test(name: string, body: (bench: Bench) => Promise<unknown>): void {
    Deno.test(name, async () => {
      const customers: Customer[] = [];
      this.#customers.set(name, customers);
      const marker = `m${crypto.randomUUID().replaceAll("-", "")}`;
      const customer = async () => {
        const fresh = await Customer.signUp(this);
        this.secrets.push(fresh.token);
        customers.push(fresh);
        return fresh;
      };
      await this.forgetFaults();
      await body({ hub: this, engine: new Easel(this.stack.engineUrl, engineKey), customer, marker });
      for (const one of customers) await one.assertSettled();
      assertNothingLeaks(this.log.join("\n"), this.secrets, { isError: false });
      assert.ok(!this.log.some((line) => line.includes(marker)), "what a customer wrote is not for the log");
    });
  }

  /** Has every engine asked again at once, whatever it answered before: each fault of a test is the first. */
  async forgetFaults(): Promise<void> {
    await this.sql`delete from private.engine_standing`;
  }

  /** Has every engine asked as if it had never failed, until the work is done. */
  async whileForgetful<T>(work: () => Promise<T>): Promise<T> {
    await this.sql.unsafe(forget);
    try {
      return await work();
    } finally {
      await this.sql`drop trigger engine_standing_forget on private.engine_standing`;
    }
  }

  /** Wakes the worker of the queue, as pg_net does, and waits until it is done; what it says that it did. */
  async work(
    name = "queue-worker",
  ): Promise<{ completed: number; requeued: number; failed: number; removed?: number }> {
    const headers = { apikey: this.stack.secretKey, "content-type": "application/json" };
    const response = await this.fetch(this.functionUrl(name), { method: "POST", headers, body: "{}" });
    const told = await response.json();
    assert.equal(response.status, 200, JSON.stringify(told));
    return told;
  }

  /** The seconds that a request was to wait, each time that it was put back into the queue. */
  async waits(requestId: string): Promise<number[]> {
    const waits = await this.sql<{ seconds: number }[]>`
      select seconds from private.wait_wanted where request_id = ${requestId} order by nth`;
    return waits.map(({ seconds }) => seconds);
  }

  async #start(options: StackOptions, changes: string[]): Promise<void> {
    // Set by mutants.ts, to run the tests against a hub with a mistake in it.
    const projectDir = options.projectDir ?? Deno.env.get("EDGE_PROJECT_DIR");
    this.#stack = await startStack({
      port: 0,
      ephemeral: true,
      engine: "easel",
      ...options,
      ...(projectDir ? { projectDir } : {}),
      // Another Deno for the functions, such as the one that the hosted runtime is built on.
      denoPath: Deno.env.get("EDGE_DENO_PATH") || undefined,
      easelArgs: ["--token", engineKey, ...options.easelArgs ?? []],
      functionEnv: {
        HUGGINGFACE_API_KEY: engineKey,
        ...(this.gate ? { HUGGINGFACE_BASE_URL: this.gate.url, HUGGINGFACE_HUB_URL: this.gate.url } : {}),
        ...options.functionEnv,
      },
      log: (line) => void this.log.push(line),
    });
    // A notice ("there is no transaction in progress") is nothing a test wants to see.
    this.#sql = postgres(this.#stack.dbUrl, { max: 4, onnotice: () => {} });
    // All customers of a file share one address.
    await this.#sql`update private.rate_limit set per_minute = 100000, burst = 100000 where scope = 'address'`;
    for (const change of changes) await this.#sql.unsafe(change);
    const state = JSON.parse(await Deno.readTextFile(`${this.#stack.stateDir}/stack.json`));
    this.jwtSecret = state.jwtSecret;
    const passwords = Object.values<string>(state.passwords).filter((password) => password !== "postgres");
    this.secrets.push(this.#stack.secretKey, this.jwtSecret, ...passwords);
  }

  async #stop(): Promise<void> {
    await this.#sql?.end();
    await this.#stack?.stop();
    await this.gate?.close();
  }
}
