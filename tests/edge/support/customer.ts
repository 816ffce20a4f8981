/**
 * A customer of the hub under test: signed in with the real supabase-js, with sessions that the hub's owner gave him.
 * Owns how a request is sent for him and what is looked up about him. Checks nothing but that his account is in order.
 */
import assert from "node:assert/strict";
import { createClient, type FunctionInvokeOptions, type SupabaseClient } from "@supabase/supabase-js";
import { until } from "../../../scripts/local/process.ts";
import type { Hub } from "./hub.ts";

/** A row of image_generations. */
export interface Row {
  id: string;
  session_id: string;
  request_id: string;
  conversation_id: string | null;
  batch_index: number;
  hour_index: number;
  status: "queued" | "running" | "completed" | "failed" | "expired";
  prompt: string;
  negative_prompt: string | null;
  width: number;
  height: number;
  steps: number;
  cfg_scale: string;
  seed: string;
  object_name: string | null;
  image_url: string | null;
  model_used: string | null;
  failure_code: string | null;
  wait_code: string | null;
  deleted_at: Date | null;
  removed_at: Date | null;
  attempts: number;
}

/** A row of user_sessions. */
export interface SessionRow {
  id: string;
  status: "ready" | "active" | "ended";
  images_generated: number;
  started_at: Date | null;
  expires_at: Date | null;
}

/** What a function answered. */
export interface Answer {
  status: number;
  headers: Headers;
  // deno-lint-ignore no-explicit-any -- JSON; the tests look at every field of it
  body: any;
}

/** How a request differs from the usual one. */
export interface SendOptions {
  headers?: Record<string, string>;
  signal?: AbortSignal;
  name?: string;
}

const clientOptions = { auth: { persistSession: false, autoRefreshToken: false } };

/** Somebody who is not signed in. */
export function visitorClient(hub: Hub): SupabaseClient {
  return createClient(hub.stack.url, hub.stack.publishableKey, { ...clientOptions, global: { fetch: hub.fetch } });
}

/** A customer. */
export class Customer {
  private constructor(
    readonly hub: Hub,
    readonly client: SupabaseClient,
    readonly id: string,
    readonly token: string,
  ) {}

  static async signUp(hub: Hub): Promise<Customer> {
    const client = visitorClient(hub);
    const email = `${crypto.randomUUID()}@example.test`;
    const { data, error } = await client.auth.signUp({ email, password: "correct horse" });
    if (error || !data.user || !data.session) throw new Error(`sign-up failed: ${error?.message}`);
    return new Customer(hub, client, data.user.id, data.session.access_token);
  }

  /** A session of that plan, ready to be started; its id. */
  async grant(planId = "flash-lite", hours = 1): Promise<string> {
    const [granted] = await this.hub.sql<{ id: string }[]>`
      select session.id from public.session_config as plan,
        lateral private.grant_session(${this.id}, plan.plan_id, ${hours}, plan.price_per_hour_paise * ${hours}) as session
      where plan.plan_id = ${planId}`;
    assert.ok(granted, `no plan ${planId}`);
    return granted.id;
  }

  /** Asks for a picture as a page does: `functions.invoke` of supabase-js. */
  async generate(body: Record<string, unknown>, options: SendOptions = {}): Promise<Answer> {
    const { name = "generate-image", headers, signal } = options;
    return await this.#invoke(name, { body, headers, signal });
  }

  /** Asks for a picture and does not wait for it: it is drawn when its turn in the queue comes. */
  enqueue(body: Record<string, unknown>, options: SendOptions = {}): Promise<Answer> {
    return this.generate(body, { ...options, headers: { Prefer: "respond-async", ...options.headers } });
  }

  /** Where a request stands. */
  status(requestId: string, name = "generate-image"): Promise<Answer> {
    return this.#invoke(`${name}?requestId=${requestId}`, { method: "GET" });
  }

  /** Takes a request back. */
  cancel(requestId: string, name = "generate-image"): Promise<Answer> {
    return this.#invoke(`${name}?requestId=${requestId}`, { method: "DELETE" });
  }

  /** Asks where a request stands until it is over, and for so long at most; the last answer. */
  async settled(requestId: string, withinMs = 60_000): Promise<Answer> {
    let last: Answer | undefined;
    const isOver = async () => {
      last = await this.status(requestId);
      return last.status !== 200 || !["queued", "running"].includes(last.body.status);
    };
    assert.ok(await until(isOver, withinMs, 50), `request ${requestId} is over: ${JSON.stringify(last?.body)}`);
    return last!;
  }

  async #invoke(path: string, options: FunctionInvokeOptions): Promise<Answer> {
    const { data, error, response } = await this.client.functions.invoke(path, options);
    if (!response) throw error;
    return { status: response.status, headers: response.headers, body: error ? await error.context.json() : data };
  }

  /** Sends anything at all, signed with his token unless the headers say otherwise; nothing is put right on the way. */
  async send(body: BodyInit | null, init: RequestInit & { headers?: Record<string, string> } = {}): Promise<Answer> {
    const headers = {
      apikey: this.hub.stack.publishableKey,
      authorization: `Bearer ${this.token}`,
      "content-type": "application/json",
      ...init.headers,
    };
    const response = await this.hub.fetch(this.hub.functionUrl(), { method: "POST", ...init, headers, body });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === "" ? null : JSON.parse(text) };
  }

  /** His pictures, in the order of their requests. */
  async rows(sessionId?: string): Promise<Row[]> {
    const { sql } = this.hub;
    const found = await sql<Row[]>`
      select * from public.image_generations
      where user_id = ${this.id} ${sessionId ? sql`and session_id = ${sessionId}` : sql``}
      order by created_at, request_id, batch_index`;
    return [...found];
  }

  /** The names of his objects in the bucket. */
  async objects(): Promise<string[]> {
    const found = await this.hub.sql<{ name: string }[]>`
      select name from storage.objects
      where bucket_id = 'generated-images' and starts_with(name, ${this.id + "/"}) order by name`;
    return found.map(({ name }) => name);
  }

  async session(id: string): Promise<SessionRow> {
    const [session] = await this.hub.sql<SessionRow[]>`
      select * from public.user_sessions where id = ${id} and user_id = ${this.id}`;
    assert.ok(session, "the session is his");
    return session;
  }

  /** What is left of a session's hour, as he is told himself. */
  async credits(sessionId: string): Promise<number> {
    const { data, error } = await this.client.rpc("session_balance", { session_id: sessionId });
    assert.equal(error, null);
    return data.creditsRemaining;
  }

  /** Whatever happened to him: nothing is held, and rows, objects and counters tell the same story. */
  async assertSettled(): Promise<void> {
    const rows = await this.rows();
    const held = rows.filter(({ status }) => status === "queued" || status === "running");
    assert.deepEqual(held.map(({ id, status }) => ({ id, status })), [], "a hold is left");
    const completed = rows.filter(({ status }) => status === "completed");
    // A picture that came after its lease was given for nothing: its row stays expired.
    const given = rows.filter(({ status, object_name }) => status === "expired" && object_name !== null);
    const pictures = [...completed, ...given].filter((row) => row.removed_at === null).map((row) => row.object_name);
    assert.deepEqual(await this.objects(), pictures.sort(), "objects are the pictures");
    const sessions = await this.hub.sql<SessionRow[]>`select * from public.user_sessions where user_id = ${this.id}`;
    for (const session of sessions) {
      const made = completed.filter((row) => row.session_id === session.id).length;
      assert.equal(session.images_generated, made, "images_generated is derived from the rows");
    }
  }
}
