/**
 * Refunds and disputes: the two ways in which money goes back. Owns their rows and what they change about a payment;
 * the key under which a refund is asked for once is idempotency.ts's.
 */
import { type Notes, readAmount, readFields, readNotes, readReceipt } from "./fields.ts";
import { isId, newId, nowSeconds } from "./ids.ts";
import type { Announce, Payment, Payments } from "./payments.ts";
import { Refusal, refuseField, refuseId } from "./refusal.ts";

/** A refund, as it is answered. */
export interface Refund {
  id: string;
  entity: "refund";
  amount: number;
  currency: string;
  payment_id: string;
  notes: Notes;
  receipt: string | null;
  acquirer_data: Record<string, string | null>;
  created_at: number;
  batch_id: null;
  status: "pending" | "processed" | "failed";
  speed_processed: "normal";
  speed_requested: "normal" | "optimum";
}

/** A dispute, as events carry it. */
export interface Dispute {
  id: string;
  entity: "dispute";
  payment_id: string;
  amount: number;
  currency: string;
  amount_deducted: number;
  reason_code: string;
  respond_by: number;
  status: "open" | "under_review" | "won" | "lost" | "closed";
  phase: "fraud" | "retrieval" | "chargeback" | "pre_arbitration" | "arbitration";
  created_at: number;
}

const respondWithinSeconds = 7 * 86_400;

/** All refunds and disputes of the account. */
export class Refunds {
  readonly #refunds = new Map<string, Refund>();
  readonly #disputes = new Map<string, Dispute>();
  readonly #payments: Payments;
  readonly #announce: Announce;

  /** Has every refund go through at once, as it mostly does; otherwise it is pending until a test settles it. */
  settleAtOnce = false;

  constructor(payments: Payments, announce: Announce) {
    this.#payments = payments;
    this.#announce = announce;
  }

  /** A refund; refuses an id that nothing has. */
  get(id: string): Refund {
    const refund = isId("rfnd", id) ? this.#refunds.get(id) : undefined;
    if (!refund) throw refuseId();
    return refund;
  }

  /** A payment's refunds, the newest first. */
  ofPayment(paymentId: string): Refund[] {
    return [...this.#refunds.values()].filter((refund) => refund.payment_id === paymentId).reverse();
  }

  /** `POST /v1/payments/:id/refund`. */
  createAsAsked(paymentId: string, body: string): Refund {
    const payment = this.#payments.get(paymentId);
    const fields = readFields(body, ["amount", "speed", "notes", "receipt"]);
    const speed = fields.speed ?? "normal";
    if (speed !== "normal" && speed !== "optimum") throw refuseField("speed", "The selected speed is invalid.");
    const [notes, receipt] = [readNotes(fields.notes), readReceipt(fields.receipt)];
    if (payment.status === "refunded") throw new Refusal("The payment has been fully refunded already");
    if (payment.status !== "captured") {
      throw new Refusal("The payment status should be captured for action to be taken");
    }
    const left = payment.amount - payment.amount_refunded;
    const amount = fields.amount === undefined ? left : readAmount(fields.amount);
    if (amount > left) throw refuseField("amount", "The refund amount provided is greater than amount captured");
    return this.make(payment, { amount, notes, receipt, speed });
  }

  /** A refund, whoever wants it: the hub, its owner on the dashboard, or Razorpay itself. */
  make(payment: Payment, options: {
    amount: number;
    notes?: Notes;
    receipt?: string | null;
    speed?: "normal" | "optimum";
  }): Refund {
    const { amount, notes = [], receipt = null, speed = "normal" } = options;
    const refund: Refund = {
      id: newId("rfnd"),
      entity: "refund",
      amount,
      currency: payment.currency,
      payment_id: payment.id,
      notes,
      receipt,
      acquirer_data: { [payment.method === "upi" ? "rrn" : "arn"]: null },
      created_at: nowSeconds(),
      batch_id: null,
      status: "pending",
      speed_processed: "normal",
      speed_requested: speed,
    };
    this.#refunds.set(refund.id, refund);
    this.#giveBack(payment, amount);
    this.#announce("refund.created", { refund, payment });
    if (this.settleAtOnce) this.settle(refund.id, "processed");
    return refund;
  }

  /** The bank has taken a pending refund, or refused it. */
  settle(refundId: string, status: "processed" | "failed"): Refund {
    const refund = this.get(refundId);
    if (refund.status !== "pending") throw new Refusal(`The refund is ${refund.status} already`);
    const payment = this.#payments.get(refund.payment_id);
    refund.status = status;
    if (status === "failed") this.#giveBack(payment, -refund.amount);
    this.#announce(`refund.${status}`, { refund, payment });
    return refund;
  }

  /** The customer's bank doubts a payment. */
  dispute(paymentId: string, phase: Dispute["phase"] = "chargeback"): Dispute {
    const payment = this.#payments.get(paymentId);
    const dispute: Dispute = {
      id: newId("disp"),
      entity: "dispute",
      payment_id: payment.id,
      amount: payment.amount,
      currency: payment.currency,
      amount_deducted: 0,
      reason_code: "chargeback",
      respond_by: nowSeconds() + respondWithinSeconds,
      status: "open",
      phase,
      created_at: nowSeconds(),
    };
    this.#disputes.set(dispute.id, dispute);
    this.#announce("payment.dispute.created", { payment, dispute });
    return dispute;
  }

  /** How the dispute goes on. */
  moveDispute(disputeId: string, status: Exclude<Dispute["status"], "open">): Dispute {
    const dispute = this.#disputes.get(disputeId);
    if (!dispute) throw refuseId();
    dispute.status = status;
    if (status === "lost") dispute.amount_deducted = dispute.amount;
    this.#announce(`payment.dispute.${status}`, { payment: this.#payments.get(dispute.payment_id), dispute });
    return dispute;
  }

  #giveBack(payment: Payment, amount: number): void {
    payment.amount_refunded += amount;
    payment.refund_status = payment.amount_refunded === 0
      ? null
      : payment.amount_refunded === payment.amount
      ? "full"
      : "partial";
    if (payment.refund_status === "full") payment.status = "refunded";
    else if (payment.captured) payment.status = "captured";
  }
}
