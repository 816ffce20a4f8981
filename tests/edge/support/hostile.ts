/**
 * Makes up requests that nobody sends by mistake. Owns the choice of what is wrong with each: the method, the path, the
 * headers, the token, the body, the arguments of the ledger's functions; several at a time. Sends nothing, and knows no
 * answer. The same dice make the same requests.
 */
import { signToken } from "../../../scripts/local/tests/support.ts";
import type { Dice } from "./dice.ts";

/** What an attacker knows of the hub and of others. */
export interface Loot {
  publishableKey: string;
  /** What signs the hub's tokens; he does not know it, and some of his guesses are about what is signed with it. */
  jwtSecret: string;
  own: {
    id: string;
    token: string;
    /** Sessions of his that are over, used up, or unknown to the plan's credits: none of them pays for a picture. */
    sessions: string[];
    requestIds: string[];
  };
  others: {
    ids: string[];
    sessions: string[];
    requestIds: string[];
    conversations: string[];
    objects: string[];
    pictures: string[];
    purchases: string[];
  };
  /** In every prompt, so that the engine's log tells whether any of it was drawn. */
  marker: string;
}

/** A request as it is sent. */
export interface Attack {
  /** Below the gateway's address. */
  path: string;
  init: RequestInit & { headers: Record<string, string> };
  /** Whether a hub that knows its rules answers this with success: the preflight of a browser does no harm. */
  isHarmless: boolean;
}

const texts = [
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "\udc00x",
  "\u202e\u200b\ufeff",
  "\u0001\u001b[31m\u007f\u0085",
  "👩‍🎨".repeat(50),
  "e\u0301".repeat(300),
  "x".repeat(2_001),
  "x".repeat(60_000),
  "' or 1=1 --",
  "'; drop table public.image_generations; --",
  "${jndi:ldap://127.0.0.1/x}",
  "<script>alert(1)</script>",
  "../../../etc/passwd",
  "%00%0d%0aset-cookie: a=b",
  "\r\nx-injected: 1",
  "null",
  "undefined",
  "NaN",
  "{{7*7}}",
  "__proto__",
];

const numbers = [
  -1,
  0,
  1,
  2,
  4,
  5,
  512,
  513,
  1e3,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  2 ** 63,
  -(2 ** 63),
  1e308,
  -1e308,
  0.1,
  1e-308,
  511.999,
];

const oddities: unknown[] = [null, true, false, [], {}, [[]], { toString: 1 }, [null], { "": "" }, [1, 2, 3]];

const names = [
  "prompt",
  "sessionId",
  "conversationId",
  "requestId",
  "negativePrompt",
  "style",
  "width",
  "height",
  "steps",
  "cfgScale",
  "seed",
  "batchCount",
  "sourceImageId",
  "strength",
];

/** The ledger's functions with their arguments; the first eight are a customer's to call. */
const functions: Record<string, string[]> = {
  reserve_generation: [
    "session_id",
    "request_id",
    "prompt",
    "conversation_id",
    "negative_prompt",
    "width",
    "height",
    "steps",
    "cfg_scale",
    "seed",
    "batch_count",
    "engines",
    "accounts",
    "respond_async",
    "client_address",
    "address_seal",
  ],
  generation_status: ["request_id", "accounts"],
  cancel_generation: ["request_id"],
  session_balance: ["session_id"],
  open_purchase: ["request_id", "plan_id", "hours", "session_id", "client_address", "address_seal"],
  purchase_status: ["purchase_id"],
  delete_pictures: ["ids"],
  restore_pictures: ["ids"],
  claim_generations: ["engines", "accounts", "count_max", "running_max"],
  renew_lease: ["lease_id"],
  report_wait: ["lease_id", "wait_code", "wait_seconds"],
  claim_removals: ["count_max"],
  record_removals: ["ids"],
  requeue_generation: ["lease_id", "delay_seconds", "failure_code"],
  complete_generation: ["user_id", "request_id", "pictures", "failure_code", "lease_id"],
  fail_generation: ["user_id", "request_id", "failure_code", "lease_id"],
  take_engine_turn: ["account", "for_queue"],
  report_engine: ["engine", "failure_code", "pass_over_seconds"],
  address_key: [],
  expire_generations: ["session_count_max"],
  record_order: ["purchase_id", "provider", "order_id"],
  record_payment: [
    "provider",
    "order_id",
    "payment_id",
    "amount_paise",
    "currency",
    "payment_status",
    "source",
    "failure_reason",
  ],
  receive_payment_event: ["event_id", "event", "occurred_at", "body_sha256", "facts"],
  process_payment_events: ["count_max"],
  report_payment_alert: ["kind", "purchase_id", "order_id", "payment_id", "detail"],
  begin_refund: ["purchase_id", "session_id", "reason"],
  settle_refund: ["refund_id", "provider_refund_id", "refund_status", "failure_reason"],
  due_payments: ["count_max"],
};

/** The ledger's functions that are the hub's alone. */
export const hubFunctions = Object.keys(functions).slice(8);

const tables = [
  "user_sessions",
  "image_generations",
  "video_generations",
  "session_config",
  "engine_standing",
  "engine_budget",
  "rate_limit",
  "refused_phrase",
  "seal_key",
  "purchase",
  "payment_evidence",
  "payment_event",
  "payment_alert",
  "refund",
];

/** Makes requests up. */
export class Attacker {
  constructor(readonly dice: Dice, readonly loot: Loot) {}

  /** The next request. */
  async next(): Promise<Attack> {
    const { dice } = this;
    const kinds = [
      () => this.#generate(),
      () => this.#generate(),
      () => this.#generate(),
      () => this.#standing(),
      () => this.#worker(),
      () => this.#rpc(),
      () => this.#rpc(),
      () => this.#table(),
    ];
    const attack = await dice.pick(kinds)();
    // A body goes along with some methods only; fetch itself refuses the others.
    if (["GET", "HEAD"].includes(attack.init.method ?? "")) attack.init.body = null;
    return attack;
  }

  /** Arguments of reserve_generation that are right but for one or two of them. */
  reservation(sessionId: string): Record<string, unknown> & { request_id: string } {
    const { dice, loot } = this;
    const odd = [...functions.reserve_generation!].filter((name) =>
      !["session_id", "request_id", "conversation_id"].includes(name)
    );
    const asked: Record<string, unknown> & { request_id: string } = {
      session_id: sessionId,
      request_id: dice.uuid(),
      prompt: loot.marker,
      respond_async: dice.chance(0.5),
    };
    for (let count = dice.below(3); count > 0; count--) {
      const name = dice.pick(odd);
      asked[name] = dice.chance(0.5) ? this.#value() : this.#argument(name);
    }
    return asked;
  }

  async #generate(): Promise<Attack> {
    const { dice } = this;
    const method = dice.chance(0.85)
      ? "POST"
      : dice.pick(["PUT", "PATCH", "OPTIONS", "HEAD", "PROPFIND", "QUERY", "post", "x"]);
    const query = dice.chance(0.15)
      ? dice.pick(["?", "?requestId=", "?apikey=x", `?${"a=b&".repeat(400)}`, "?prompt=x"])
      : "";
    const tail = dice.chance(0.1) ? dice.pick(["/", "/..", "/x/y", "//", "/%2e%2e/queue-worker", "/%00"]) : "";
    return {
      path: `/functions/v1/generate-image${tail}${query}`,
      init: { method, headers: await this.#headers(), body: this.#body() },
      isHarmless: method === "OPTIONS",
    };
  }

  async #standing(): Promise<Attack> {
    const { dice, loot } = this;
    const ids = [
      ...loot.others.requestIds,
      ...loot.others.sessions,
      dice.uuid(),
      dice.uuid().toUpperCase() + "0",
      `{${dice.uuid()}}`,
      encodeURIComponent(dice.pick(texts).toWellFormed().slice(0, 500)),
      `${dice.pick(loot.others.requestIds)}&requestId=${dice.uuid()}`,
      "",
    ];
    const query = dice.chance(0.9)
      ? `?requestId=${dice.pick(ids)}`
      : dice.pick(["", "?requestid=1", "?=", "?requestId"]);
    return {
      path: `/functions/v1/generate-image${query}`,
      init: { method: dice.pick(["GET", "DELETE"]), headers: await this.#headers(), body: null },
      isHarmless: false,
    };
  }

  async #worker(): Promise<Attack> {
    const { dice } = this;
    return {
      path: `/functions/v1/queue-worker${dice.chance(0.1) ? "?apikey=x" : ""}`,
      init: {
        method: dice.pick(["POST", "POST", "POST", "GET", "DELETE", "PUT"]),
        headers: await this.#headers(),
        body: dice.chance(0.5) ? this.#body() : null,
      },
      isHarmless: false,
    };
  }

  async #rpc(): Promise<Attack> {
    const { dice } = this;
    const name = dice.pick(Object.keys(functions));
    const wanted: Record<string, unknown> = {};
    for (const argument of functions[name]!) if (dice.chance(0.8)) wanted[argument] = this.#argument(argument);
    if (dice.chance(0.1)) wanted[dice.pick(["moment", "customer", "", "select", "x".repeat(100)])] = this.#value();
    const headers = await this.#headers({ rest: true });
    const query = dice.chance(0.1) ? dice.pick(["?select=*", "?limit=-1", "?user_id=eq.x", "?order=1;drop"]) : "";
    return {
      path: `/rest/v1/rpc/${name}${query}`,
      init: { method: "POST", headers, body: dice.chance(0.95) ? JSON.stringify(wanted) : this.#body() },
      isHarmless: name === "generation_status" || name === "cancel_generation" || name === "session_balance",
    };
  }

  async #table(): Promise<Attack> {
    const { dice, loot } = this;
    const table = dice.pick(tables);
    const filter = `?${dice.pick(["id", "user_id"])}=eq.${
      dice.pick([...loot.others.ids, ...loot.others.sessions, loot.own.id])
    }`;
    const change = {
      id: dice.uuid(),
      user_id: dice.pick([loot.own.id, ...loot.others.ids]),
      session_id: dice.pick(loot.own.sessions),
      status: dice.pick(["active", "ready", "completed", "running"]),
      images_generated: 0,
      hours_purchased: 4,
      object_name: dice.pick(loot.others.objects),
      prompt: loot.marker,
    };
    const keys = Object.keys(change).filter(() => dice.chance(0.5)) as (keyof typeof change)[];
    const body = JSON.stringify(Object.fromEntries(keys.map((key) => [key, change[key]])));
    const method = dice.pick(["POST", "PATCH", "DELETE", "PUT"]);
    const headers = await this.#headers({ rest: true });
    if (dice.chance(0.3)) {
      headers[dice.pick(["accept-profile", "content-profile"])] = dice.pick(["private", "auth", "storage"]);
    }
    if (dice.chance(0.5)) headers.prefer = dice.pick(["return=representation", "resolution=merge-duplicates"]);
    return {
      path: `/rest/v1/${table}${method === "POST" ? "" : filter}`,
      init: { method, headers, body },
      isHarmless: false,
    };
  }

  async #headers({ rest = false } = {}): Promise<Record<string, string>> {
    const { dice, loot } = this;
    const headers: Record<string, string> = { apikey: loot.publishableKey, "content-type": "application/json" };
    const authorization = await this.#authorization();
    if (authorization !== undefined) headers.authorization = authorization;
    if (!rest && dice.chance(0.15)) {
      headers["content-type"] = dice.pick([
        "",
        "text/plain",
        "application/json; charset=utf-16",
        "multipart/form-data",
        "*/*",
        "application/x-www-form-urlencoded",
      ]);
    }
    if (dice.chance(0.1)) {
      headers.apikey = dice.pick([
        "",
        "x",
        loot.own.token,
        "sb_secret_guess",
        `${loot.publishableKey} `,
        "sb_secret_".padEnd(8_000, "x"),
      ]);
    }
    if (dice.chance(0.2)) {
      headers.prefer = dice.pick([
        "respond-async",
        "wait=0",
        "wait=99999999999",
        "respond-async, wait=1",
        "tx=rollback",
        ';,=,"',
        "respond-async".repeat(300),
      ]);
    }
    if (dice.chance(0.2)) {
      headers["idempotency-key"] = dice.pick([dice.uuid(), "1", "", ...loot.others.requestIds, "x".repeat(4_000)]);
    }
    if (dice.chance(0.1)) {
      headers[dice.pick(["x-forwarded-for", "cf-connecting-ip", "x-real-ip"])] = dice.pick([
        "127.0.0.1",
        "::1",
        "' or 1=1",
        "0".repeat(500),
      ]);
    }
    if (dice.chance(0.05)) {
      headers[dice.pick(["x-http-method-override", "x-original-url", "content-encoding", "expect"])] = dice.pick([
        "DELETE",
        "/queue-worker",
        "gzip",
        "100-continue",
      ]);
    }
    return headers;
  }

  async #authorization(): Promise<string | undefined> {
    const { dice, loot } = this;
    const { own, others } = loot;
    if (dice.chance(0.55)) return `Bearer ${own.token}`;
    const [header, payload, signature] = own.token.split(".") as [string, string, string];
    const now = Math.floor(Date.now() / 1_000);
    const claims = {
      sub: dice.pick(others.ids),
      role: "authenticated",
      aud: "authenticated",
      iat: now - 10,
      exp: now + 3_600,
    };
    const sign = async (change: Record<string, unknown>, secret: string, alg = "HS256") =>
      `Bearer ${await signToken(secret, { ...claims, ...change }, { alg, typ: "JWT" })}`;
    const guess = "the-secret-of-another-project-as-long-as-ours";
    const choices: (() => Promise<string | undefined> | string | undefined)[] = [
      () => undefined,
      () => "",
      () => "Bearer",
      () => `Bearer ${loot.publishableKey}`,
      () => `Basic ${btoa("a:b")}`,
      () => `Bearer ${header}.${payload}.`,
      () => `Bearer ${header}.${payload}.${signature.split("").reverse().join("")}`,
      () => `Bearer ${own.token}.${signature}`,
      () => `Bearer ${header}.${btoa(JSON.stringify(claims)).replaceAll("=", "")}.${signature}`,
      () => `Bearer ${dice.bytes(60).toBase64({ alphabet: "base64url", omitPadding: true })}`,
      () => sign({}, guess),
      () => sign({ role: "service_role" }, guess),
      () => sign({ role: "supabase_admin", sub: undefined }, guess),
      () => sign({}, "", "none").then((token) => token.slice(0, token.lastIndexOf(".") + 1), () => "Bearer none"),
      () => sign({}, guess, "none"),
      () => sign({}, guess, "RS256"),
      () => sign({ sub: own.id, iat: now - 7_200, exp: now - 3_600 }, loot.jwtSecret),
      () => sign({ sub: own.id, nbf: now + 86_400 }, loot.jwtSecret),
      // Names that Auth would never give; longer ones and NUL do not get through the servers in between.
      () => sign({ sub: dice.pick(texts.slice(4)).toWellFormed().slice(0, 2_000) }, loot.jwtSecret),
      () => sign({ sub: own.id, role: dice.pick(["nobody", "pg_read_all_data", ""]) }, guess),
    ];
    return await dice.pick(choices)();
  }

  /** Whole, broken, or not JSON at all. */
  #body(): BodyInit | null {
    const { dice } = this;
    const whole = () => JSON.stringify(this.#request());
    const choices: (() => BodyInit | null)[] = [
      whole,
      whole,
      whole,
      whole,
      () => whole().slice(0, dice.below(80)),
      () => this.#garbled(whole()),
      () => dice.bytes(dice.below(300)),
      () => `${whole()}${whole()}`,
      () => `[${whole()}]`,
      () => "[".repeat(1 + dice.below(60_000)),
      () => `{"a":`.repeat(1 + dice.below(10_000)),
      () => JSON.stringify(this.#value()) ?? null,
      () => whole().replace(/}$/, `,"prompt":"${this.loot.marker}","prompt":1}`),
      () => `\ufeff${whole()}`,
      () => JSON.stringify({ ...this.#request(), filler: "x".repeat(dice.pick([60_000, 70_000, 2_000_000])) }),
      () => null,
    ];
    return dice.pick(choices)();
  }

  /** Some bytes of it become others. */
  #garbled(text: string): Uint8Array<ArrayBuffer> {
    const bytes = new TextEncoder().encode(text);
    for (let count = 1 + this.dice.below(5); count > 0; count--) {
      bytes[this.dice.below(bytes.length)] = this.dice.below(256);
    }
    return bytes;
  }

  /** A request for pictures, which no session of his pays for, with some of its fields made odd. */
  #request(): Record<string, unknown> {
    const { dice, loot } = this;
    const request: Record<string, unknown> = {
      prompt: `${loot.marker} ${dice.below(1e6)}`,
      sessionId: dice.pick(dice.chance(0.6) ? loot.own.sessions : [...loot.others.sessions, dice.uuid()]),
    };
    if (dice.chance(0.4)) {
      request.requestId = dice.pick([dice.uuid(), ...loot.others.requestIds, ...loot.own.requestIds]);
    }
    if (dice.chance(0.2)) request.conversationId = dice.pick([dice.uuid(), ...loot.others.conversations]);
    if (dice.chance(0.2)) request.userId = dice.pick(loot.others.ids);
    // Half of them are well-formed: the ledger itself has to refuse those.
    if (dice.chance(0.5)) return request;
    for (let count = dice.below(4); count > 0; count--) request[dice.pick(names)] = this.#value();
    if (dice.chance(0.2)) delete request[dice.pick(names)];
    return request;
  }

  #value(): unknown {
    const { dice } = this;
    return dice.pick([() => dice.pick(texts), () => dice.pick(numbers), () => dice.pick(oddities)])();
  }

  /** An argument of the ledger: mostly of its kind, and sometimes not. */
  #argument(name: string): unknown {
    const { dice, loot } = this;
    if (dice.chance(0.2)) return this.#value();
    const list = () =>
      Array.from(
        { length: dice.pick([0, 1, 2, 16, 17, 3_000]) },
        () => dice.pick([...texts.slice(11), "huggingface", null]),
      );
    const kinds: Record<string, () => unknown> = {
      session_id: () => dice.pick([...loot.own.sessions, ...loot.others.sessions, dice.uuid()]),
      request_id: () => dice.pick([dice.uuid(), ...loot.others.requestIds, ...loot.own.requestIds]),
      user_id: () => dice.pick([loot.own.id, ...loot.others.ids]),
      conversation_id: () => dice.pick([null, dice.uuid(), ...loot.others.conversations]),
      prompt: () => `${loot.marker} ${dice.pick(texts)}`,
      negative_prompt: () => dice.pick([null, dice.pick(texts)]),
      engines: list,
      accounts: list,
      pictures:
        () => [{ id: dice.uuid(), objectName: dice.pick(loot.others.objects), imageUrl: "https://x", model: "x" }],
      respond_async: () => dice.chance(0.5),
      for_queue: () => dice.chance(0.5),
      client_address: () => dice.pick([null, "192.0.2.1", dice.pick(texts)]),
      address_seal: () => dice.pick([null, "0".repeat(64), dice.pick(texts)]),
      plan_id: () => dice.pick(["pro", "flash", "x"]),
      purchase_id: () => dice.pick([...loot.others.purchases, dice.uuid()]),
      order_id: () => dice.pick(["order_of_a_victim_1", "order_of_a_victim_2", ...texts]),
      payment_id: () => "pay_made_up",
      provider: () => "razorpay",
      payment_status: () => "captured",
      source: () => "webhook",
      amount_paise: () => 5_000,
      currency: () => "INR",
      refund_status: () => "failed",
      facts: () => ({ provider: "razorpay", orderId: "order_of_a_victim_1", paymentId: "pay_made_up" }),
      hours: () => dice.pick([1, 4, ...numbers]),
      lease_id: () => dice.uuid(),
      ids: () => dice.pick([loot.others.pictures, [dice.pick(loot.others.pictures), dice.uuid(), null], [], list()]),
    };
    return (kinds[name] ?? (() => dice.pick([...numbers, ...texts.slice(0, 3)])))();
  }
}
