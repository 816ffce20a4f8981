/** Ids and times as Razorpay writes them: a prefix and 14 characters, and seconds since 1970. */

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** The kinds of things that have ids. */
export type Prefix = "order" | "pay" | "rfnd" | "disp" | "acc" | "card" | "token";

/** An id that nothing else has. */
export function newId(prefix: Prefix): string {
  return `${prefix}_${fourteen()}`;
}

/** The id of an event, which has no prefix. */
export function newEventId(): string {
  return fourteen();
}

/** Whether a text has the shape of such an id. */
export function isId(prefix: Prefix, text: string): boolean {
  return new RegExp(`^${prefix}_[A-Za-z0-9]{14}$`).test(text);
}

/** The time now, in seconds. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

function fourteen(): string {
  // The few characters that come up a little more often do no harm: nothing secret is made of them.
  return Array.from(crypto.getRandomValues(new Uint8Array(14)), (byte) => alphabet[byte % alphabet.length]).join("");
}
