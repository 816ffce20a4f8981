/**
 * Payments: their states, the rules between them and their order, and which events each step is told by. Owns the rows
 * of payments and the order's amounts; when a step happens is decided by a test, a customer at the checkout, or the API.
 */
import { type Notes, readAmount, readCurrency, readFields } from "./fields.ts";
import { isId, newId, nowSeconds } from "./ids.ts";
import type { Order, Orders } from "./orders.ts";
import { type Method, payerFields, type Prefill } from "./payer.ts";
import { Refusal, refuseField, refuseId } from "./refusal.ts";

/** A payment, as events carry it; the API leaves the card out. */
export interface Payment {
  id: string;
  entity: "payment";
  amount: number;
  currency: string;
  status: "created" | "authorized" | "captured" | "refunded" | "failed";
  order_id: string;
  method: Method;
  amount_refunded: number;
  refund_status: null | "partial" | "full";
  captured: boolean;
  notes: Notes;
  fee: number | null;
  tax: number | null;
  error_code: string | null;
  error_description: string | null;
  error_source: string | null;
  error_step: string | null;
  error_reason: string | null;
  created_at: number;
  [further: string]: unknown;
}

/** How a payment differs from the usual one: the whole order, in its currency, by UPI. */
export interface PaymentOptions {
  amount?: number;
  currency?: string;
  method?: Method;
  prefill?: Prefill;
  notes?: Notes;
  /** Pays an order that is paid already, or on which another payment is authorized: what Razorpay should never allow. */
  evenIfPaid?: boolean;
}

/** Is told of everything that happened, with the entities that the event carries. */
export type Announce = (event: string, entities: Record<string, unknown>) => void;

const failure = {
  error_code: "BAD_REQUEST_ERROR",
  error_description: "Payment was unsuccessful due to a temporary issue. Any debit will be returned.",
  error_source: "gateway",
  error_step: "payment_response",
  error_reason: "payment_failed",
};
const noFailure = {
  error_code: null,
  error_description: null,
  error_source: null,
  error_step: null,
  error_reason: null,
};

/** All payments of the account. */
export class Payments {
  readonly #payments = new Map<string, Payment>();
  readonly #orders: Orders;
  readonly #announce: Announce;

  constructor(orders: Orders, announce: Announce) {
    this.#orders = orders;
    this.#announce = announce;
  }

  /** A payment; refuses an id that nothing has. */
  get(id: string): Payment {
    const payment = isId("pay", id) ? this.#payments.get(id) : undefined;
    if (!payment) throw refuseId();
    return payment;
  }

  /** The tries on an order, in the order in which they were made. */
  ofOrder(orderId: string): Payment[] {
    return [...this.#payments.values()].filter((payment) => payment.order_id === orderId);
  }

  /** Somebody begins to pay. */
  begin(orderId: string, options: PaymentOptions = {}): Payment {
    const order = this.#orders.get(orderId);
    if (!options.evenIfPaid) this.#refuseSecond(order);
    const { amount = order.amount, currency = order.currency, method = "upi", notes = order.notes } = options;
    const payment: Payment = {
      id: newId("pay"),
      entity: "payment",
      amount,
      currency,
      status: "created",
      order_id: order.id,
      invoice_id: null,
      international: false,
      method,
      amount_refunded: 0,
      refund_status: null,
      captured: false,
      description: null,
      ...payerFields(method, options.prefill),
      notes,
      fee: null,
      tax: null,
      ...noFailure,
      created_at: nowSeconds(),
    };
    this.#payments.set(payment.id, payment);
    order.attempts += 1;
    if (order.status === "created") order.status = "attempted";
    return payment;
  }

  /** The bank has put the money aside. */
  authorize(payment: Payment): void {
    if (!["created", "failed"].includes(payment.status)) throw new Refusal(`The payment is ${payment.status} already`);
    Object.assign(payment, { status: "authorized", ...noFailure });
    this.#announce("payment.authorized", { payment });
  }

  /** The bank has said no, or nothing. What failed can still be authorized later: that is documented and normal. */
  fail(payment: Payment): void {
    if (!["created", "authorized"].includes(payment.status)) throw new Refusal(`The payment is ${payment.status}`);
    Object.assign(payment, { status: "failed", ...failure });
    this.#announce("payment.failed", { payment });
  }

  /** The money is the account's, and the order is paid. Two events tell of it. */
  capture(payment: Payment): void {
    if (payment.status !== "authorized") throw new Refusal("This payment has already been captured");
    const order = this.#orders.get(payment.order_id);
    // 2 % and the tax of 18 % on it, which is what the figures in the documentation's samples come to.
    const [fee, tax] = [Math.round(payment.amount * 0.0236), Math.round(payment.amount * 0.0036)];
    Object.assign(payment, { status: "captured", captured: true, fee, tax });
    order.amount_paid += payment.amount;
    order.amount_due = Math.max(0, order.amount - order.amount_paid);
    order.status = "paid";
    this.#announce("payment.captured", { payment });
    this.#announce("order.paid", { payment, order });
  }

  /** `POST /v1/payments/:id/capture`. */
  captureAsAsked(id: string, body: string): Payment {
    const payment = this.get(id);
    const fields = readFields(body, ["amount", "currency"]);
    const [amount, currency] = [readAmount(fields.amount), readCurrency(fields.currency)];
    if (payment.status === "authorized" && this.#orders.get(payment.order_id).status === "paid") {
      throw orderIsPaid();
    }
    if (amount !== payment.amount) {
      throw refuseField("amount", "Capture amount must be equal to the amount authorized");
    }
    if (currency !== payment.currency) throw refuseField("currency", "Payment currency does not match");
    this.capture(payment);
    return payment;
  }

  #refuseSecond(order: Order): void {
    if (order.status === "paid") throw orderIsPaid();
    if (this.ofOrder(order.id).some((payment) => payment.status === "authorized")) {
      throw new Refusal("Another payment of this order is authorized already");
    }
  }
}

/** The payment as the API answers it. */
export function withoutCard({ card: _, ...payment }: Payment) {
  return payment;
}

function orderIsPaid(): Refusal {
  return new Refusal(
    "Your payment has been declined as the order is already paid. Please initiate the payment with a new order.",
  );
}
