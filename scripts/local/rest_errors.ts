/**
 * The HTTP answer to an error of the database, by PostgREST 16's table. Lite's own table is shorter: it answers 500 with
 * a code of its own to a plain `raise`, a failed check and a deadlock. Knows nothing of requests; what depends on the
 * caller (42501: 401 or 403) is left to lite, which knows who calls.
 */

/** What a PostgreSQL error carries. */
interface DatabaseError {
  code: string;
  message: string;
  detail?: string;
  hint?: string;
}

/** First match wins: a whole SQLSTATE, or the beginning of one. */
const statusOf: readonly (readonly [prefix: string, status: number])[] = [
  ["08", 503],
  ["09", 500],
  ["0L", 403],
  ["0P", 403],
  ["21000", 500],
  ["23503", 409],
  ["23505", 409],
  ["25006", 405],
  ["25", 500],
  ["28", 403],
  ["2D", 500],
  ["38", 500],
  ["39", 500],
  ["3B", 500],
  ["40", 500],
  ["42883", 404],
  ["42P01", 404],
  ["42P17", 500],
  ["53400", 500],
  ["53", 503],
  ["54", 500],
  ["55", 500],
  ["57P01", 503],
  ["57", 500],
  ["58", 500],
  ["F0", 500],
  ["HV", 500],
  ["P0001", 400],
  ["P0", 500],
  ["XX", 500],
];

/** Codes that lite answers as PostgREST does: PTxyz, PGRST, and what depends on the caller or names a column. */
const left = /^(PT...|PGRST|42501|42703)$/;

/** What the driver says when there is no server to talk to, and what a server says that only just starts or stops. */
const connectionLost = /^(CONNECT|ECONN|EPIPE|57P03$)/;

/**
 * Where the driver writes parameters down. An argument of another kind than the function's, such as an object for a number,
 * fails there already; PostgREST leaves it to the database, which finds it unreadable.
 */
const driverFile = /\/node_modules\/postgres\/src\//;

/** Turns an error into one that lite answers word for word; leaves alone what is not the database's. */
export function asPostgrestSays(error: unknown): unknown {
  if (error instanceof TypeError && driverFile.test(error.stack ?? "")) {
    return answer(400, { code: "22P02", message: "invalid input syntax", details: null, hint: null });
  }
  if (!(error instanceof Error) || typeof (error as { code?: unknown }).code !== "string") return error;
  const { code, message, detail, hint } = error as unknown as DatabaseError;
  if (connectionLost.test(code)) {
    return answer(503, {
      code: "PGRST001",
      message: "Database client error. Retrying the connection.",
      details: message,
      hint: null,
    });
  }
  if (!/^[0-9A-Z]{5}$/.test(code) || left.test(code)) return error;
  const isUnknownRole = code === "22023" && /^role .* does not exist$/.test(message);
  const status = isUnknownRole ? 401 : statusOf.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 400;
  return answer(status, { code, message, details: detail ?? null, hint: hint ?? null });
}

/** The form in which lite lets an error decide over the whole answer, made for `raise sqlstate 'PGRST'`. */
function answer(status: number, body: { code: string; message: string; details: string | null; hint: string | null }) {
  const headers = { "Proxy-Status": `PostgREST; error=${body.code}` };
  return Object.assign(new Error(JSON.stringify(body)), { code: "PGRST", detail: JSON.stringify({ status, headers }) });
}
