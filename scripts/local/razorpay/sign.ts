/**
 * The signatures that Razorpay makes. Owns nothing but the two formulas; what is signed with which secret is decided by
 * whoever calls.
 */
import { createHmac } from "node:crypto";

/** What the browser is handed with a payment: proves the pair of order and payment, and nothing about the money. */
export function checkoutSignature(keySecret: string, orderId: string, paymentId: string): string {
  return hexHmac(keySecret, `${orderId}|${paymentId}`);
}

/** What a webhook carries: over the bytes of the body as they are sent. */
export function webhookSignature(webhookSecret: string, body: Uint8Array | string): string {
  return hexHmac(webhookSecret, body);
}

function hexHmac(secret: string, message: Uint8Array | string): string {
  return createHmac("sha256", secret).update(message).digest("hex");
}
