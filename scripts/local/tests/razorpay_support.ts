/** What the stand-in's tests share: a stand-in a test, a hub's address that hears webhooks, and plain requests. */
import { Buffer } from "node:buffer";
import { RazorpayStandIn } from "../razorpay/server.ts";

/** The account of the tests. */
export const account = {
  keyId: "rzp_test_standinkey001",
  keySecret: "EnLs21M47BllR3X8PSFtjtbd",
  webhookSecret: "123456",
};

/** A webhook as its receiver got it. */
export interface Heard {
  headers: Headers;
  body: string;
  // deno-lint-ignore no-explicit-any -- JSON of the stand-in
  json: any;
}

/** Receives webhooks, and answers what a test wants. */
export class Ear {
  readonly heard: Heard[] = [];
  /** The statuses of the next answers; after them, 200. */
  answers: number[] = [];
  /** Answers wait for this. */
  gate: Promise<unknown> = Promise.resolve();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
      const body = await request.text();
      this.heard.push({ headers: request.headers, body, json: JSON.parse(body) });
      await this.gate;
      return new Response(null, { status: this.answers.shift() ?? 200 });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/webhook`;
  }

  get events(): string[] {
    return this.heard.map(({ json }) => json.event);
  }

  stop(): Promise<void> {
    return this.#server.shutdown();
  }
}

/** Runs a test with a stand-in whose webhooks are heard, and ends both. */
export async function withStandIn(test: (standIn: RazorpayStandIn, ear: Ear) => Promise<void>): Promise<void> {
  const ear = new Ear();
  const standIn = await RazorpayStandIn.start({ ...account, webhookUrl: ear.url });
  try {
    await test(standIn, ear);
  } finally {
    await standIn.stop();
    await ear.stop();
  }
}

/** How a request differs from the usual one. */
export interface CallOptions {
  body?: unknown;
  headers?: Record<string, string>;
  /** Sent as it is, in the place of a body in JSON. */
  text?: string;
}

/** What the API answered. */
export interface Called {
  status: number;
  // deno-lint-ignore no-explicit-any -- JSON of the stand-in
  body: any;
  text: string;
}

/** The header that the API asks for. */
export function authorization(keyId = account.keyId, keySecret = account.keySecret): string {
  return `Basic ${Buffer.from(`${keyId}:${keySecret}`).toString("base64")}`;
}

/** Asks the API, with the account's key. `what` is a method and a path. */
export async function call(standIn: RazorpayStandIn, what: string, options: CallOptions = {}): Promise<Called> {
  const [method, path] = what.split(" ") as [string, string];
  const response = await fetch(standIn.url + path, {
    method,
    headers: { authorization: authorization(), "content-type": "application/json", ...options.headers },
    body: options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
  });
  const text = await response.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  return { status: response.status, body, text };
}

/** An order of 50 rupees unless said otherwise; its id. */
export async function makeOrder(standIn: RazorpayStandIn, fields: Record<string, unknown> = {}): Promise<string> {
  const body = { amount: 5000, currency: "INR", receipt: crypto.randomUUID(), ...fields };
  return (await call(standIn, "POST /orders", { body })).body.id;
}
