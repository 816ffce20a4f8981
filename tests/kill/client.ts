/**
 * A customer who does not give up: makes the id of a request before he sends it, and asks under the same id until he
 * knows what became of it, whatever died in between. Owns what he was told. Checks nothing; that is audit.ts's.
 */
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { Sql } from "postgres";
import type { Address } from "./fire.ts";

/** What a customer was told of a request in the end. */
export interface Told {
  requestId: string;
  customerId: string;
  sessionId: string;
  batchCount: number;
  mode: "sync" | "async";
  cancelled: boolean;
  /** `pictures`, the code of a failure, or `unsettled`. */
  end: string;
  urls: string[];
  creditsUsed: number;
  /** How often he had to ask. */
  asked: number;
}

interface Answer {
  status: number;
  // deno-lint-ignore no-explicit-any -- JSON of the functions
  body: any;
}

/** Codes after which nothing was kept under the id: the same request may simply be sent again. */
const nothingKept = new Set(["rate_limited", "engine_unavailable", "engine_misconfigured", "request_not_found"]);

/** Pages that a customer has open: while one waits for what a dead worker left behind, the others go on. */
const pageCount = 3;

/** Chance, by a seed. */
export type Chance = () => number;

/** Mulberry32: small, and the same everywhere. */
export function chance(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A customer. */
export class Customer {
  readonly told: Told[] = [];
  #left: { id: string; credits: number }[];

  private constructor(
    readonly client: SupabaseClient,
    readonly id: string,
    sessions: string[],
    readonly creditsPerSession: number,
    readonly chance: Chance,
  ) {
    this.#left = sessions.map((id) => ({ id, credits: creditsPerSession }));
  }

  /** Signs up and is given sessions. */
  static async open(address: Address, sql: Sql, sessionCount: number, chance: Chance): Promise<Customer> {
    const options = { auth: { persistSession: false, autoRefreshToken: false } };
    const client = createClient(address.url, address.publishableKey, options);
    const email = `${crypto.randomUUID()}@example.test`;
    const { data, error } = await client.auth.signUp({ email, password: "correct horse" });
    if (error || !data.user) throw new Error(`sign-up failed: ${error?.message}`);
    const sessions: string[] = [];
    for (let count = 0; count < sessionCount; count++) {
      const [granted] = await sql<{ id: string }[]>`
        select id from private.grant_session(${data.user.id}, 'pro', 4, 80000)`;
      sessions.push(granted!.id);
    }
    return new Customer(client, data.user.id, sessions, 15, chance);
  }

  /** Asks for pictures on several pages at a time until told to stop; ends when the last one is known. */
  async work(isOver: () => boolean, giveUpAt: () => number): Promise<void> {
    await Promise.all(Array.from({ length: pageCount }, () => this.#page(isOver, giveUpAt)));
  }

  /** One request after the other. */
  async #page(isOver: () => boolean, giveUpAt: () => number): Promise<void> {
    while (!isOver()) {
      const batchCount = 1 + Math.floor(this.chance() * 3);
      const session = this.#left.find(({ credits }) => credits >= batchCount);
      if (!session) return;
      const told: Told = {
        requestId: crypto.randomUUID(),
        customerId: this.id,
        sessionId: session.id,
        batchCount,
        mode: this.chance() < 0.35 ? "async" : "sync",
        cancelled: this.chance() < 0.08,
        end: "unsettled",
        urls: [],
        creditsUsed: 0,
        asked: 0,
      };
      this.told.push(told);
      session.credits -= batchCount;
      await this.#settle(told, giveUpAt);
      session.credits += batchCount - told.creditsUsed;
    }
  }

  async #settle(told: Told, giveUpAt: () => number): Promise<void> {
    let cancel = told.cancelled;
    let asks: "POST" | "GET" = "POST";
    while (Date.now() < giveUpAt()) {
      told.asked++;
      const answering: Promise<Answer | undefined> = this.ask(told, asks).catch(() => undefined);
      if (cancel) {
        cancel = false;
        await pause(50 + this.chance() * 400);
        await this.#send("DELETE", told.requestId).catch(() => {});
      }
      const answer = await answering;
      const status = answer?.body?.status;
      if (answer?.status === 200 && (status === undefined || status === "completed")) {
        told.end = "pictures";
        told.urls = answer.body.images.map((image: { url: string }) => image.url);
        told.creditsUsed = answer.body.creditsUsed;
        return;
      }
      const code = answer?.body?.code;
      if (answer?.status === 200 && (status === "failed" || status === "expired")) {
        told.end = code;
        return;
      }
      if (code === "credits_exhausted") {
        // What this customer reckons with is what he was told; a hold of a dead worker may still be there.
        asks = "POST";
      } else {
        // A failure may be of this request or only of this asking: whether it is kept, its state tells.
        asks = nothingKept.has(code) ? "POST" : "GET";
      }
      await pause(100 + this.chance() * 400);
    }
  }

  /** Sends the request, or asks where it stands. */
  ask(told: Told, method: "POST" | "GET"): Promise<Answer> {
    if (method === "GET") return this.#send("GET", told.requestId);
    const { requestId, sessionId, batchCount } = told;
    const headers = told.mode === "async" ? { prefer: "respond-async" } : undefined;
    return this.#send("POST", requestId, { prompt: `picture ${requestId}`, sessionId, requestId, batchCount }, headers);
  }

  async #send(
    method: "POST" | "GET" | "DELETE",
    requestId: string,
    body?: Record<string, unknown>,
    headers?: Record<string, string>,
  ): Promise<Answer> {
    const name = method === "POST" ? "generate-image" : `generate-image?requestId=${requestId}`;
    const { data, error, response } = await this.client.functions.invoke(name, { method, body, headers });
    if (!response) throw error;
    return { status: response.status, body: error ? await error.context.json() : data };
  }
}

/** Waits a moment; of no test's outcome. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
