/** The checkout's pages as HTML. Owns their words and structure; what the buttons do is in checkout_page.js. */
import type { Order } from "./orders.ts";
import type { Method } from "./payer.ts";

const labels: Record<Method, string> = { upi: "UPI", card: "Card", netbanking: "Netbanking", wallet: "Wallet" };

/** How one can pay. */
export const methods = Object.keys(labels) as Method[];

/** The page in which an order is paid. */
export function pageHtml(order: Order, query: URLSearchParams): string {
  const amount = new Intl.NumberFormat("en-IN", { style: "currency", currency: order.currency })
    .format(order.amount / 100);
  const name = query.get("name") || "Checkout";
  const description = query.get("description");
  const options = methods.map((method) => `<option value="${method}">${labels[method]}</option>`).join("");
  return document(
    `Pay ${name}`,
    `<h1 id="title">${escape(name)}</h1>
    ${description ? `<p>${escape(description)}</p>` : ""}
    <p class="amount"><span class="label">Amount</span> ${escape(amount)}</p>
    <p><label for="method">Pay with</label> <select id="method">${options}</select></p>
    <p role="status" id="status"></p>
    <div class="buttons">
      <button type="button" id="pay">Pay ${escape(amount)}</button>
      <button type="button" id="fail">Fail this payment</button>
      <button type="button" id="cancel">Cancel</button>
    </div>
    <p class="note">A stand-in on this machine. No money moves.</p>`,
  );
}

/** The page in the place of one in which nothing can be paid. */
export function refusalHtml(description: string): string {
  return document(
    "Payment not possible",
    `<h1 id="title">Payment not possible</h1>
    <p role="alert" id="refusal">${escape(description)}</p>
    <div class="buttons"><button type="button" id="cancel">Close</button></div>`,
  );
}

function document(title: string, main: string): string {
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${escape(title)}</title>
  <link rel="stylesheet" href="/v1/checkout/page.css">
  <script src="/v1/checkout/page.js" defer></script>
</head>
<body>
  <main aria-labelledby="title">
    ${main}
  </main>
</body>
</html>
`;
}

function escape(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
