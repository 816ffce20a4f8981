/**
 * Orders: made by the hub, paid by a customer, final once they are paid. Owns their rows and what may be asked of them;
 * the payments on them are payments.ts's.
 */
import { type Fields, type Notes, readAmount, readCurrency, readFields, readNotes, readReceipt } from "./fields.ts";
import { isId, newId, nowSeconds } from "./ids.ts";
import { refuseField, refuseId } from "./refusal.ts";

/** An order, as it is answered. */
export interface Order {
  id: string;
  entity: "order";
  amount: number;
  amount_paid: number;
  amount_due: number;
  currency: string;
  receipt: string | null;
  offer_id: null;
  status: "created" | "attempted" | "paid";
  attempts: number;
  notes: Notes;
  created_at: number;
}

/** For how long a payment that comes late is still captured. */
const captureMinutesMin = 12;
const captureMinutesMax = 3 * 24 * 60;
const known = ["amount", "currency", "receipt", "notes", "partial_payment", "payment", "payment_capture"];

/** All orders of the account. */
export class Orders {
  readonly #orders = new Map<string, Order>();
  readonly #manual = new Set<string>();

  /** Refuses a second order of one receipt. Not the rule: Razorpay's own samples show two orders with one receipt. */
  receiptsAreUnique = false;

  create(body: string): Order {
    const fields = readFields(body, known);
    const amount = readAmount(fields.amount);
    const isManual = !capturesByItself(fields);
    const order: Order = {
      id: newId("order"),
      entity: "order",
      amount,
      amount_paid: 0,
      amount_due: amount,
      currency: readCurrency(fields.currency),
      receipt: readReceipt(fields.receipt),
      offer_id: null,
      status: "created",
      attempts: 0,
      notes: readNotes(fields.notes),
      created_at: nowSeconds(),
    };
    if (this.receiptsAreUnique && order.receipt !== null && this.ofReceipt(order.receipt).length > 0) {
      throw refuseField("receipt", "Order receipt should be unique.");
    }
    if (isManual) this.#manual.add(order.id);
    this.#orders.set(order.id, order);
    return order;
  }

  /** An order; refuses an id that nothing has. */
  get(id: string): Order {
    const order = isId("order", id) ? this.#orders.get(id) : undefined;
    if (!order) throw refuseId();
    return order;
  }

  /** The newest first. */
  all(): Order[] {
    return [...this.#orders.values()].reverse();
  }

  ofReceipt(receipt: string): Order[] {
    return this.all().filter((order) => order.receipt === receipt);
  }

  /** Whether its payments are captured without being asked for. */
  capturesByItself(id: string): boolean {
    return !this.#manual.has(id);
  }
}

/** Whether a payment is captured by itself: as the account does, unless the order says otherwise. */
function capturesByItself(fields: Fields): boolean {
  const { capture = "automatic", capture_options: options = {} } = (fields.payment ?? {}) as {
    capture?: unknown;
    capture_options?: Record<string, unknown>;
  };
  if (capture !== "automatic" && capture !== "manual") {
    throw refuseField("payment.capture", "The selected payment.capture is invalid.");
  }
  const { automatic_expiry_period: minutes = captureMinutesMax, refund_speed: speed = "normal" } = options;
  if (!Number.isInteger(minutes) || Number(minutes) < captureMinutesMin || Number(minutes) > captureMinutesMax) {
    throw refuseField("automatic_expiry_period", "The automatic expiry period is invalid.");
  }
  if (speed !== "normal" && speed !== "optimum") {
    throw refuseField("refund_speed", "The selected refund speed is invalid.");
  }
  return capture === "automatic" && ![0, false].includes(fields.payment_capture as 0 | false);
}
