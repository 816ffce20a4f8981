/**
 * A hub whose customers pay at the stand-in of Razorpay, as tests of buying see it. Owns how purchases are asked for and
 * what the books say about them. It knows no rule of the ledger; those are the tests'.
 */
import assert from "node:assert/strict";
import { until } from "../../../scripts/local/process.ts";
import { payerSecrets } from "../../../scripts/local/razorpay/payer.ts";
import type { RazorpayStandIn } from "../../../scripts/local/razorpay/server.ts";
import type { WebhookEvent } from "../../../scripts/local/razorpay/webhooks.ts";
import { service } from "../../../scripts/local/tests/support.ts";
import type { Answer, Customer } from "./customer.ts";
import type { Hub } from "./hub.ts";

/** The secret of before the last change: the owner keeps it for a while. */
export const oldSecret = "the-webhook-secret-of-before";

/** A row of public.purchase. */
export interface PurchaseRow {
  id: string;
  user_id: string;
  kind: "session" | "extension";
  plan_id: string;
  hours: number;
  amount_paise: number;
  status: string;
  order_id: string | null;
  payment_id: string | null;
  session_id: string | null;
  last_failure: string | null;
}

/** A row of private.payment_alert. */
export interface AlertRow {
  kind: string;
  payment_id: string | null;
  times: number;
}

/** A row of private.refund. */
export interface RefundRow {
  id: string;
  status: string;
  amount_paise: string;
  provider_refund_id: string | null;
  failure_reason: string | null;
}

/** A purchase that waits for its money. */
export interface Opened {
  purchaseId: string;
  orderId: string;
  amountPaise: number;
}

/** The shop of a hub. */
export class Shop {
  constructor(readonly hub: Hub) {
    Deno.test.beforeAll(async () => {
      // Whatever Razorpay tells of who paid is in no answer and in no line of the log, whichever test it is.
      hub.secrets.push(...payerSecrets, this.razorpay.keySecret, this.razorpay.webhooks.secret, oldSecret);
      await hub.sql`update private.rate_limit set per_minute = 100000, burst = 100000 where scope = 'purchase'`;
    });
  }

  get razorpay(): RazorpayStandIn {
    assert.ok(this.hub.stack.razorpay, "the stack runs with the stand-in");
    return this.hub.stack.razorpay;
  }

  /** Asks for a purchase: an hour of flash-lite unless said otherwise. */
  buy(one: Customer, body: Record<string, unknown> = {}, headers?: Record<string, string>): Promise<Answer> {
    return one.generate({ planId: "flash-lite", hours: 1, ...body }, { name: "buy-session", headers });
  }

  /** A purchase whose order was made. */
  async open(one: Customer, body: Record<string, unknown> = {}): Promise<Opened> {
    const answer = await this.buy(one, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    const { purchaseId, amountPaise, checkout } = answer.body;
    return { purchaseId, orderId: checkout.order_id, amountPaise };
  }

  /** A purchase that was paid, and that the webhooks have told of: its session waits to be started. */
  async bought(
    one: Customer,
    body: Record<string, unknown> = {},
  ): Promise<Opened & { paymentId: string; sessionId: string }> {
    const opened = await this.open(one, body);
    const { payment } = this.razorpay.pay(opened.orderId);
    await this.told();
    const { status, session_id } = await this.purchase(opened.purchaseId);
    assert.equal(status, "paid");
    return { ...opened, paymentId: payment.id, sessionId: session_id! };
  }

  confirm(one: Customer, purchaseId: string, values: object = {}): Promise<Answer> {
    return one.generate({ purchaseId, ...values }, { name: "confirm-payment" });
  }

  start(one: Customer, sessionId: string): Promise<Answer> {
    return one.generate({ sessionId }, { name: "start-session" });
  }

  /** What the owner does, with the secret key in `apikey`. */
  async asOwner(name: string, body: unknown = {}, key = this.hub.stack.secretKey): Promise<Answer> {
    const headers = { apikey: key, "content-type": "application/json" };
    const response = await this.hub.fetch(this.hub.functionUrl(name), {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  refund(body: Record<string, unknown>): Promise<Answer> {
    return this.asOwner("refund-session", body);
  }

  /** Waits until every event was delivered and the inbox is empty. */
  async told(): Promise<void> {
    await this.razorpay.webhooks.idle();
    await this.inboxIsEmpty();
  }

  /** Waits until what is in the inbox was worked on. */
  async inboxIsEmpty(): Promise<void> {
    const isEmpty = async () => {
      const [row] = await this.hub
        .sql`select count(*)::int as left from private.payment_event where processed_at is null`;
      return row!.left === 0;
    };
    assert.ok(await until(isEmpty, 30_000), "the inbox is worked through");
  }

  /** Wakes the worker for what is due, as if it were due now. */
  async reconcile(purchaseId: string): Promise<void> {
    const { sql } = this.hub;
    await sql`update public.purchase set next_check_at = now() - interval '1 second'
      where id = ${purchaseId} and next_check_at is not null`;
    await sql`update private.refund set next_attempt_at = now() - interval '1 second'
      where purchase_id = ${purchaseId} and next_attempt_at is not null`;
    const answer = await this.asOwner("payment-worker");
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  }

  async purchase(id: string): Promise<PurchaseRow> {
    const [row] = await this.hub.sql<PurchaseRow[]>`select * from public.purchase where id = ${id}`;
    assert.ok(row, "the purchase is on file");
    return row;
  }

  /** The states of a customer's sessions, the oldest first. */
  async sessions(one: Customer): Promise<{ id: string; status: string; hours_purchased: number; plan_id: string }[]> {
    return [
      ...await this.hub.sql<{ id: string; status: string; hours_purchased: number; plan_id: string }[]>`
        select id, status, hours_purchased, plan_id from public.user_sessions where user_id = ${one.id} order by created_at`,
    ];
  }

  /** What the owner is told about a purchase. */
  async alerts(purchaseId: string | null): Promise<AlertRow[]> {
    return [
      ...await this.hub.sql<AlertRow[]>`
        select kind, payment_id, times from private.payment_alert
        where purchase_id is not distinct from ${purchaseId} order by id`,
    ];
  }

  /** What was said about a purchase, as words such as `webhook payment_captured`, in order. */
  async evidence(purchaseId: string): Promise<string[]> {
    const rows = await this.hub.sql<{ said: string }[]>`
      select source || ' ' || kind as said from private.payment_evidence where purchase_id = ${purchaseId} order by id`;
    return rows.map(({ said }) => said);
  }

  async refunds(purchaseId: string): Promise<RefundRow[]> {
    return [
      ...await this.hub.sql<RefundRow[]>`
        select * from private.refund where purchase_id = ${purchaseId} order by requested_at`,
    ];
  }

  /** The events of the inbox of that id. */
  async inbox(event: Pick<WebhookEvent, "id">): Promise<{ event: string; outcome: string | null; facts: object }[]> {
    return [
      ...await this.hub.sql<{ event: string; outcome: string | null; facts: object }[]>`
        select event, outcome, facts from private.payment_event where event_id = ${event.id}`,
    ];
  }

  /** Everything that the hub keeps, as text: each row of each table of the schemas that are its own. */
  async everythingKept(): Promise<string[]> {
    const { sql } = this.hub;
    const tables = await sql<{ name: string }[]>`
      select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('public', 'private')`;
    const kept: string[] = [];
    for (const { name } of tables) {
      const rows = await sql.unsafe<{ text: string }[]>(`select kept::text as text from ${name} as kept`);
      kept.push(...rows.map(({ text }) => `${name}: ${text}`));
    }
    return kept;
  }

  /** The project's own client with the secret key: what the functions may do. */
  get asServer() {
    return service(this.hub.stack);
  }
}

/** Fails unless the answer is that error. */
export function assertRefused(
  answer: Answer,
  status: number,
  code: string,
  fields: Record<string, unknown> = {},
): void {
  assert.equal(`${answer.status} ${answer.body?.code}`, `${status} ${code}`, JSON.stringify(answer.body));
  assert.match(answer.body.error, /^[A-Z][^\n]{10,250}[.)]$/, "a sentence for a person");
  assert.equal(answer.headers.get("cache-control"), "no-store");
  const { retryAfter } = answer.body;
  assert.equal(answer.headers.get("retry-after"), retryAfter === undefined ? null : String(retryAfter));
  for (const [name, value] of Object.entries(fields)) assert.deepEqual(answer.body[name], value, name);
}

/** Every order of the items. */
export function permutations<T>(items: T[]): T[][] {
  if (items.length < 2) return [items];
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));
}
