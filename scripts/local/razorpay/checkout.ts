/**
 * The checkout: a script that the hub's page loads, and the page in a frame in which a customer pays, fails or leaves.
 * Owns what is served to browsers and what a browser may ask for. It is public, as the real one is: it knows key ids,
 * never secrets, and pays only what an order says.
 */
import { join, localDir } from "../paths.ts";
import type { ApiRequest } from "./api.ts";
import { methods, pageHtml, refusalHtml } from "./checkout_html.ts";
import type { Order, Orders } from "./orders.ts";
import type { Method, Prefill } from "./payer.ts";
import type { Payment, Payments } from "./payments.ts";
import { Refusal, refuseField } from "./refusal.ts";
import { checkoutSignature } from "./sign.ts";

/** What a browser is handed after a payment. */
export interface CheckoutResult {
  razorpay_payment_id: string;
  razorpay_order_id: string;
  razorpay_signature: string;
}

/** An answer for a browser. */
export interface PageAnswer {
  status: number;
  type: string;
  body: string;
  headers?: Record<string, string>;
}

/** What the checkout works on. */
export interface CheckoutAccount {
  keyId: string;
  keySecret: string;
  orders: Orders;
  payments: Payments;
  /** Pays as a test would. */
  pay(orderId: string, options: { outcome: "captured" | "failed"; method: Method; prefill: Prefill }): Payment;
}

/** Only the page's own script and style, no inline ones, nothing from elsewhere; whoever likes may frame it. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** The checkout of an account. */
export class Checkout {
  readonly #account: CheckoutAccount;

  constructor(account: CheckoutAccount) {
    this.#account = account;
  }

  /** Answers what belongs to the checkout, and nothing else. */
  async answer(request: ApiRequest, origin: string): Promise<PageAnswer | undefined> {
    const { method, path } = request;
    if (method === "GET" && path === "/checkout.js") return await file("checkout_script.js", "text/javascript");
    if (method === "GET" && path === "/checkout/page.js") return await file("checkout_page.js", "text/javascript");
    if (method === "GET" && path === "/checkout/page.css") return await file("checkout_page.css", "text/css");
    if (method === "GET" && path === "/checkout/page") return this.#page(request.query);
    if (method === "POST" && path === "/checkout/pay") return this.#pay(request, origin);
    return undefined;
  }

  /** What the browser of somebody who paid is handed. */
  resultOf(payment: Payment): CheckoutResult {
    return {
      razorpay_payment_id: payment.id,
      razorpay_order_id: payment.order_id,
      razorpay_signature: checkoutSignature(this.#account.keySecret, payment.order_id, payment.id),
    };
  }

  #page(query: URLSearchParams): PageAnswer {
    const headers = { "content-security-policy": contentSecurityPolicy, "referrer-policy": "no-referrer" };
    const answer = (status: number, body: string) => ({ status, type: "text/html", body, headers });
    try {
      const order = this.#orderFor(query);
      return answer(200, pageHtml(order, query));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return answer(error.status, refusalHtml(error.description));
    }
  }

  #pay(request: ApiRequest, origin: string): PageAnswer {
    // Only its own page: another one on this machine has no business paying here.
    if (request.header("origin") !== origin) return json(403, new Refusal("This page may not pay"));
    const asked = new URLSearchParams(request.body);
    try {
      const order = this.#orderFor(asked);
      const method = asked.get("method") as Method;
      const outcome = asked.get("outcome");
      if (!methods.includes(method)) throw refuseField("method", "The selected method is invalid.");
      if (outcome !== "captured" && outcome !== "failed") throw new Refusal("The outcome is invalid.");
      const prefill = { email: asked.get("email") ?? undefined, contact: asked.get("contact") ?? undefined };
      const payment = this.#account.pay(order.id, { outcome, method, prefill });
      return json(200, payment.status === "failed" ? { error: failureOf(payment) } : this.resultOf(payment));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { error: told } = error.toJSON();
      return json(error.status, { error: { ...told, metadata: { order_id: asked.get("order_id") } } });
    }
  }

  /** The order that a checkout is opened for: of this key, and of just that amount. */
  #orderFor(query: URLSearchParams): Order {
    if (query.get("key") !== this.#account.keyId) throw new Refusal("The id provided does not exist");
    const order = this.#account.orders.get(query.get("order_id") ?? "");
    if (query.get("amount") !== String(order.amount) || query.get("currency") !== order.currency) {
      throw new Refusal(
        "Your payment amount is different from your order amount. To pay successfully, please try using right amount.",
      );
    }
    return order;
  }
}

/** A failed payment, as `payment.failed` tells it. */
function failureOf(payment: Payment) {
  return {
    code: payment.error_code,
    description: payment.error_description,
    source: payment.error_source,
    step: payment.error_step,
    reason: payment.error_reason,
    metadata: { payment_id: payment.id, order_id: payment.order_id },
  };
}

function json(status: number, body: unknown): PageAnswer {
  return { status, type: "application/json", body: JSON.stringify(body) };
}

async function file(name: string, type: string): Promise<PageAnswer> {
  return { status: 200, type, body: await Deno.readTextFile(join(localDir, "razorpay", name)) };
}
