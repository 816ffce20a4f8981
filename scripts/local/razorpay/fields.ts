/**
 * Reads what a request brings: bodies, amounts, notes, receipts and the pages of lists. Owns the limits that Razorpay
 * documents for them; knows nothing of orders or payments.
 */
import { Refusal, refuseField } from "./refusal.ts";

/** Notes are an object, and a list where there are none. */
export type Notes = Record<string, string> | [];

/** A body as it was sent, once it is known to be an object. */
export type Fields = Record<string, unknown>;

const amountMinPaise = 100;
const receiptLengthMax = 40;
const notesMax = 15;
const noteLengthMax = 256;
const pageMax = 100;

/** The fields of a body, of which none but these are known. */
export function readFields(body: string, known: string[]): Fields {
  let fields: unknown;
  try {
    fields = body === "" ? {} : JSON.parse(body);
  } catch {
    throw new Refusal("The request body is not valid JSON.");
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    throw new Refusal("The request body is not an object.");
  }
  const extra = Object.keys(fields).filter((name) => !known.includes(name));
  if (extra.length > 0) throw new Refusal(`${extra.join(", ")} is/are not required and should not be sent`);
  return fields as Fields;
}

/** An amount in paise. */
export function readAmount(value: unknown): number {
  if (value === undefined || value === null) throw refuseField("amount", "The amount field is required.");
  if (typeof value !== "number" || !Number.isSafeInteger(value)) {
    throw refuseField("amount", "The amount must be an integer.");
  }
  if (value < amountMinPaise) throw refuseField("amount", "The amount must be at least INR 1.00");
  return value;
}

/** A currency's code. */
export function readCurrency(value: unknown): string {
  if (value === undefined || value === null) throw refuseField("currency", "The currency field is required.");
  if (typeof value !== "string" || !/^[A-Z]{3}$/.test(value)) {
    throw refuseField("currency", "The currency should be 3 characters long.");
  }
  return value;
}

/** Our own number for something, or null. */
export function readReceipt(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== "string") throw refuseField("receipt", "The receipt must be a string.");
  if (value.length > receiptLengthMax) {
    throw refuseField("receipt", `The receipt may not be greater than ${receiptLengthMax} characters.`);
  }
  return value;
}

/** Pairs of our own. */
export function readNotes(value: unknown): Notes {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.length === 0) return [];
  if (typeof value !== "object" || Array.isArray(value)) throw refuseField("notes", "The notes must be an array.");
  const pairs = Object.entries(value);
  if (pairs.length > notesMax) {
    throw refuseField("notes", `Number of fields in notes should be less than or equal to 15`);
  }
  for (const [name, note] of pairs) {
    const isPlain = typeof note === "string" || typeof note === "number" || typeof note === "boolean";
    if (!isPlain || name.length > noteLengthMax || String(note).length > noteLengthMax) {
      throw refuseField("notes", `The notes.${name} may not be greater than ${noteLengthMax} characters.`);
    }
  }
  return pairs.length === 0 ? [] : Object.fromEntries(pairs.map(([name, note]) => [name, String(note)]));
}

/** A list's answer: of what is there, the page that the query asks for. */
export function collection<Item extends { created_at: number }>(items: Item[], query: URLSearchParams) {
  const number = (name: string, usual: number, most = Number.MAX_SAFE_INTEGER) => {
    const text = query.get(name);
    if (text === null) return usual;
    const value = Number(text);
    if (!Number.isInteger(value) || value < 0 || value > most) throw refuseField(name, `The ${name} is invalid.`);
    return value;
  };
  const from = number("from", 0);
  const to = number("to", Number.MAX_SAFE_INTEGER);
  const skip = number("skip", 0);
  const count = number("count", 10, pageMax);
  const found = items.filter((item) => item.created_at >= from && item.created_at <= to).slice(skip, skip + count);
  return { entity: "collection" as const, count: found.length, items: found };
}
