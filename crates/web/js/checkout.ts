/**
 * Razorpay's Checkout, brought in when somebody pays and not before. Owns the script tag and the promise around the
 * window that it opens. Must not: believe anything that it says; `confirm-payment` does the proving.
 */

interface Window {
  on(
    event: "payment.failed",
    told: (answer: { error?: { description?: string } }) => void,
  ): void;
  open(): void;
}

declare global {
  // deno-lint-ignore no-var -- a name on the window, as the script puts it there
  var Razorpay: (new (options: Record<string, unknown>) => Window) | undefined;
}

/** How the customer came back. */
export type Payment =
  | { kind: "paid"; values: Record<string, string> }
  | { kind: "left" }
  /** The window could not be opened. */
  | { kind: "unreachable" };

let loading: Promise<void> | undefined;

function load(): Promise<void> {
  return loading ??= new Promise((resolve, reject) => {
    const address = document.querySelector<HTMLMetaElement>(
      "meta[name=checkout-url]",
    )?.content;
    if (!address) return reject(new Error("no checkout"));
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve();
    script.onerror = () => {
      loading = undefined;
      script.remove();
      reject(new Error("checkout is out of reach"));
    };
    document.head.append(script);
  });
}

/** Opens Checkout with what `buy-session` answered, in the hub's colour. */
export async function pay(
  checkout: Record<string, unknown>,
  email: string,
): Promise<Payment> {
  try {
    await load();
  } catch {
    return { kind: "unreachable" };
  }
  const Checkout = globalThis.Razorpay;
  if (!Checkout) return { kind: "unreachable" };
  return await new Promise((resolve) => {
    const window = new Checkout({
      ...checkout,
      prefill: { email },
      theme: {
        color: getComputedStyle(document.documentElement).getPropertyValue(
          "--accent",
        ).trim() || "#A85300",
      },
      handler: (values: Record<string, string>) => resolve({ kind: "paid", values }),
      modal: { ondismiss: () => resolve({ kind: "left" }) },
    });
    window.open();
  });
}
