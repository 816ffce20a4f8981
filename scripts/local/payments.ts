/**
 * The payment provider that the functions are pointed at: demo, which is paid with a click, or the stand-in of Razorpay,
 * run here. Owns which of the two it is and what the functions are told about it; an account of the owner's own, written
 * into functions/.env, stands before demo.
 */
import { RazorpayStandIn } from "./razorpay/server.ts";

/** The providers that the stack can be started with. */
export type PaymentsName = "demo" | "razorpay";

/** The provider of a running stack. */
export interface PaymentProvider {
  /** What the functions get in their environment. */
  env: Record<string, string>;
  /** The stand-in, where the stack runs it. */
  razorpay?: RazorpayStandIn;
  stop(): Promise<void>;
}

/** Chooses the provider, and starts the stand-in where that is it. */
export async function startPayments(
  name: PaymentsName,
  options: { functionsUrl: string; fileEnv: Record<string, string> },
): Promise<PaymentProvider> {
  if (name === "demo") {
    const isOwners = Object.keys(options.fileEnv).some((variable) => /^(PAYMENT_PROVIDER$|RAZORPAY_)/.test(variable));
    return { env: isOwners ? {} : { PAYMENT_PROVIDER: "demo" }, stop: async () => {} };
  }
  const [keyId, keySecret, webhookSecret] = [`rzp_test_${secret(7)}`, secret(12), secret(16)];
  const webhookUrl = `${options.functionsUrl}/payment-webhook`;
  const razorpay = await RazorpayStandIn.start({ keyId, keySecret, webhookSecret, webhookUrl });
  return {
    env: {
      PAYMENT_PROVIDER: "razorpay",
      RAZORPAY_KEY_ID: keyId,
      RAZORPAY_KEY_SECRET: keySecret,
      RAZORPAY_WEBHOOK_SECRET: webhookSecret,
      RAZORPAY_API_URL: razorpay.url,
    },
    razorpay,
    stop: () => razorpay.stop(),
  };
}

/** A secret of this one start: two characters a byte. */
function secret(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toHex();
}
