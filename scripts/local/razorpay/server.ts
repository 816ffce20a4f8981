/**
 * Razorpay's stand-in on this machine: an account with orders, payments and refunds, behind the documented API, with
 * webhooks and a checkout. Owns the server, and what a test can have happen that in reality customers, banks and
 * Razorpay do. It holds no state beyond its own life, moves no money, and serves 127.0.0.1 alone.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Api, type ApiRequest } from "./api.ts";
import { Checkout, type CheckoutResult } from "./checkout.ts";
import { BrokenText, Cut, Faults, type RouteName } from "./faults.ts";
import { newId } from "./ids.ts";
import { type Order, Orders } from "./orders.ts";
import { type Payment, type PaymentOptions, Payments } from "./payments.ts";
import { Refusal, refuseWithStatus } from "./refusal.ts";
import { type Dispute, type Refund, Refunds } from "./refunds.ts";
import { Webhooks } from "./webhooks.ts";

/** What an account is opened with. */
export interface StandInOptions {
  keyId: string;
  keySecret: string;
  webhookSecret: string;
  /** Where events are sent; it can be set later. */
  webhookUrl?: string;
  /** A port of 127.0.0.1; a free one unless said otherwise. */
  port?: number;
}

/** What becomes of a payment. `created` is one whose customer is still at his bank. */
export type Outcome = "captured" | "authorized" | "failed" | "failed-then-captured" | "created";

/** A payment that was made, and what the browser of its customer holds. */
export interface Paid {
  payment: Readonly<Payment>;
  result: CheckoutResult;
}

/** A request that the API has answered, or not. */
export interface SeenRequest {
  route: RouteName | undefined;
  method: string;
  path: string;
  body: string;
  idempotencyKey: string | undefined;
  /** Nothing where the connection ended. */
  status: number | undefined;
}

/** The stand-in. */
export class RazorpayStandIn {
  readonly keyId: string;
  readonly keySecret: string;
  readonly faults = new Faults();
  readonly webhooks: Webhooks;
  readonly orders = new Orders();
  readonly payments: Payments;
  readonly refunds: Refunds;
  /** What the API was asked, in the order of its answers. */
  readonly requests: SeenRequest[] = [];
  readonly #api: Api;
  readonly #checkout: Checkout;
  readonly #server: Server;
  #origin = "";

  private constructor(options: StandInOptions) {
    this.keyId = options.keyId;
    this.keySecret = options.keySecret;
    this.webhooks = new Webhooks(newId("acc"), options.webhookSecret, options.webhookUrl);
    const announce = (event: string, entities: Record<string, unknown>) => {
      this.webhooks.announce(event, entities);
    };
    this.payments = new Payments(this.orders, announce);
    this.refunds = new Refunds(this.payments, announce);
    const { keyId, keySecret, orders, payments, refunds, faults } = this;
    this.#api = new Api({ keyId, keySecret, orders, payments, refunds, faults });
    const pay = (orderId: string, how: PayOptions) => this.payments.get(this.pay(orderId, how).payment.id);
    this.#checkout = new Checkout({ keyId, keySecret, orders, payments, pay });
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** Starts the stand-in of an account. */
  static async start(options: StandInOptions): Promise<RazorpayStandIn> {
    const standIn = new RazorpayStandIn(options);
    const listening = Promise.withResolvers<void>();
    standIn.#server.once("error", listening.reject);
    standIn.#server.listen(options.port ?? 0, "127.0.0.1", listening.resolve);
    await listening.promise;
    standIn.#origin = `http://127.0.0.1:${(standIn.#server.address() as { port: number }).port}`;
    return standIn;
  }

  /** Ends it, whoever is connected or waits. */
  async stop(): Promise<void> {
    this.faults.clear();
    await this.webhooks.stop();
    const closed = Promise.withResolvers<void>();
    this.#server.close(() => closed.resolve());
    this.#server.closeAllConnections();
    await closed.promise;
  }

  /** What RAZORPAY_API_URL is to be. */
  get url(): string {
    return `${this.#origin}/v1`;
  }

  /** What a page loads in the place of Razorpay's checkout.js. */
  get checkoutScriptUrl(): string {
    return `${this.url}/checkout.js`;
  }

  /** The orders that were made under a receipt, the newest first. */
  ordersOf(receipt: string): Readonly<Order>[] {
    return structuredClone(this.orders.ofReceipt(receipt));
  }

  /** Somebody pays an order. What he gives differs from what the order asks for only where a test says so. */
  pay(orderId: string, options: PayOptions = {}): Paid {
    const { outcome = "captured", ...how } = options;
    const payment = this.payments.begin(orderId, how);
    if (outcome === "failed" || outcome === "failed-then-captured") this.payments.fail(payment);
    if (outcome === "authorized") this.payments.authorize(payment);
    if (outcome === "captured" || outcome === "failed-then-captured") this.#capture(payment);
    return { payment: structuredClone(payment), result: this.#checkout.resultOf(payment) };
  }

  /** A payment goes on, late: from `created` or `failed` to whatever the bank says in the end. */
  advance(paymentId: string, to: "authorized" | "captured" | "failed"): Readonly<Payment> {
    const payment = this.payments.get(paymentId);
    const wasPaid = this.orders.get(payment.order_id).status === "paid";
    if (to === "failed") this.payments.fail(payment);
    else if (wasPaid) {
      // Razorpay sends back by itself what is authorized late on an order that somebody has paid meanwhile.
      this.payments.authorize(payment);
      this.refunds.make(payment, { amount: payment.amount });
    } else if (to === "authorized") this.payments.authorize(payment);
    else this.#capture(payment);
    return structuredClone(payment);
  }

  /** The owner gives money back on Razorpay's own pages; all that is left unless an amount is said. */
  refund(paymentId: string, options: { amount?: number } = {}): Readonly<Refund> {
    return structuredClone(this.refunds.createAsAsked(paymentId, JSON.stringify(options)));
  }

  /** The bank has taken a pending refund, or refused it. */
  settleRefund(refundId: string, status: "processed" | "failed"): Readonly<Refund> {
    return structuredClone(this.refunds.settle(refundId, status));
  }

  /** The customer's bank doubts a payment. */
  dispute(paymentId: string, phase?: Dispute["phase"]): Readonly<Dispute> {
    return structuredClone(this.refunds.dispute(paymentId, phase));
  }

  /** Settles a payment: through `authorized`, and on to `captured` unless its order wants to be asked. */
  #capture(payment: Payment): void {
    if (payment.status !== "authorized") this.payments.authorize(payment);
    if (this.orders.capturesByItself(payment.order_id)) this.payments.capture(payment);
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    // Each request has a connection of its own: Deno's `fetch` sends a request once more by itself, POST or not, when a
    // connection that was used before ends without an answer, and a cut would not reach the client under test.
    response.setHeader("connection", "close");
    try {
      const request = await readRequest(incoming);
      const page = request && await this.#checkout.answer(request, this.#origin);
      if (page) {
        const { status, type, body, headers = {} } = page;
        response.writeHead(status, {
          ...headers,
          "content-type": `${type}; charset=utf-8`,
          "cache-control": "no-store",
        });
        response.end(body);
        return;
      }
      const answer = request
        ? await this.#answer(request)
        : { status: 400, text: JSON.stringify(new Refusal("The requested URL was not found on the server.")) };
      if (answer === undefined) {
        incoming.socket.destroy();
        return;
      }
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(answer.text);
    } catch (error) {
      console.error("razorpay stand-in:", error);
      response.writeHead(500);
      response.end(JSON.stringify(refuseWithStatus(500)));
    }
  }

  /** The API's answer, which is noted; nothing where the connection is to end. */
  async #answer(request: ApiRequest): Promise<{ status: number; text: string } | undefined> {
    const { method, path, body } = request;
    const seen: SeenRequest = {
      route: this.#api.nameOf(request),
      method,
      path,
      body,
      idempotencyKey: request.header("x-refund-idempotency"),
      status: undefined,
    };
    this.requests.push(seen);
    try {
      const answer = await this.#api.answer(request);
      seen.status = 200;
      return { status: 200, text: answer instanceof BrokenText ? answer.text : JSON.stringify(answer) };
    } catch (error) {
      if (error instanceof Cut) return undefined;
      if (!(error instanceof Refusal)) throw error;
      seen.status = error.status;
      return { status: error.status, text: JSON.stringify(error) };
    }
  }
}

/** How somebody pays. */
export type PayOptions = PaymentOptions & { outcome?: Outcome };

/** A request below `/v1`, read to its end; nothing where it is not there. */
async function readRequest(incoming: IncomingMessage): Promise<ApiRequest | undefined> {
  const url = new URL(incoming.url ?? "/", "http://127.0.0.1");
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
  if (!url.pathname.startsWith("/v1/")) return undefined;
  return {
    method: incoming.method ?? "GET",
    path: url.pathname.slice("/v1".length),
    query: url.searchParams,
    header(name) {
      const value = incoming.headers[name];
      return Array.isArray(value) ? value.join(", ") : value;
    },
    body: await new Blob(chunks as Uint8Array<ArrayBuffer>[]).text(),
  };
}
