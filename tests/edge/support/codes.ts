/**
 * The error table of DESIGN.md, section 4, as the tests hold answers against it. It is written down here a second time
 * on purpose: what a client relies on must not change because the source of the hub does.
 */
import assert from "node:assert/strict";
import type { Answer } from "./customer.ts";

interface Expected {
  status: number;
  /** Fields that must be there besides `error` and `code`. */
  always?: Record<string, (value: unknown) => boolean>;
  /** Fields that may be there. */
  sometimes?: string[];
}

const isTrue = (value: unknown) => value === true;
const isCount = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;
const isText = (value: unknown) => typeof value === "string" && value !== "";

/** Failures that come with what is left. */
const released: Expected["sometimes"] = ["creditsRemaining", "resetsAt"];

const table: Record<string, Expected> = {
  invalid_request: { status: 400, always: { field: isText } },
  unauthorized: { status: 401 },
  session_not_found: { status: 403 },
  session_expired: { status: 403, always: { expired: isTrue } },
  not_in_plan: { status: 403, sometimes: released },
  request_in_progress: { status: 409, always: { retryAfter: isCount } },
  request_id_reused: { status: 409 },
  request_not_found: { status: 404 },
  cancelled: { status: 409, sometimes: released },
  too_large: { status: 413 },
  unsupported_media_type: { status: 415 },
  prompt_refused: { status: 422, sometimes: released },
  credits_exhausted: {
    status: 429,
    always: { rateLimited: isTrue, creditsRemaining: isCount },
    sometimes: ["resetsAt", "retryAfter"],
  },
  rate_limited: {
    status: 429,
    always: { rateLimited: isTrue },
    // An engine need not say for how long; the hub itself always does.
    sometimes: ["retryAfter", "creditsRemaining", "resetsAt"],
  },
  engine_failed: { status: 502, sometimes: released },
  engine_misconfigured: { status: 502, sometimes: released },
  model_loading: {
    status: 503,
    always: { loading: isTrue, estimatedTime: isCount, retryAfter: isCount },
    sometimes: released,
  },
  engine_unavailable: { status: 503, sometimes: ["retryAfter", "creditsRemaining", "resetsAt"] },
  engine_timeout: { status: 504, sometimes: released },
  internal: { status: 500, sometimes: released },
};

/** Every code there is. */
export const codes = Object.keys(table);

/** Codes that an answer of this process's tests had. */
export const provoked = new Set<string>();

/** Fails unless the answer is that error, as the table has it, and nothing more. */
export function assertError(answer: Answer, code: string, fields: Record<string, unknown> = {}): void {
  const expected = table[code];
  assert.ok(expected, `there is no code ${code}`);
  const { status, headers, body } = answer;
  assert.equal(`${status} ${body?.code}`, `${expected.status} ${code}`, JSON.stringify(body));
  const { error, code: _, requestId, ...extras } = body;
  assert.match(error, /^[A-Z][^\n]{10,250}[.)]$/, "a sentence for a person");
  if (expected.status >= 500 || code === "prompt_refused") assert.match(error, /You were not charged/);
  if (requestId !== undefined) assert.match(requestId, /^[0-9a-f-]{36}$/);
  for (const [name, holds] of Object.entries(expected.always ?? {})) assert.ok(holds(extras[name]), `${code}: ${name}`);
  const known = [...Object.keys(expected.always ?? {}), ...expected.sometimes ?? []];
  for (const name of Object.keys(extras)) assert.ok(known.includes(name), `${code} with ${name}`);
  for (const [name, value] of Object.entries(fields)) assert.deepEqual(body[name], value, `${code}: ${name}`);
  assert.equal(headers.get("content-type"), "application/json");
  assert.equal(headers.get("cache-control"), "no-store");
  assert.equal(headers.get("access-control-allow-origin"), "*");
  assert.equal(headers.get("retry-after"), extras.retryAfter === undefined ? null : String(extras.retryAfter));
  provoked.add(code);
}
