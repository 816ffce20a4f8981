/** The status that PostgREST gives to an error of the database. */
import assert from "node:assert/strict";
import { asPostgrestSays } from "../rest_errors.ts";

function thrown(code: string, message = "words") {
  return Object.assign(new Error(message), { code, detail: "the detail", hint: "the hint" });
}

Deno.test("a SQLSTATE becomes the status of PostgREST's table, and nothing of the error is lost", () => {
  const rows: [code: string, status: number, message?: string][] = [
    ["P0001", 400],
    ["P0002", 500],
    ["23505", 409],
    ["23503", 409],
    ["23514", 400],
    ["23502", 400],
    ["22P02", 400],
    ["22023", 400],
    ["22023", 401, 'role "nobody" does not exist'],
    ["25006", 405],
    ["25P02", 500],
    ["28000", 403],
    ["40001", 500],
    ["42883", 404],
    ["42P01", 404],
    ["42P17", 500],
    ["53400", 500],
    ["53300", 503],
    ["57014", 500],
    ["57P01", 503],
    ["08006", 503],
    ["XX000", 500],
  ];
  for (const [code, status, message] of rows) {
    const answer = asPostgrestSays(thrown(code, message)) as { code: string; message: string; detail: string };
    assert.equal(answer.code, "PGRST", code);
    assert.equal(JSON.parse(answer.detail).status, status, code);
    const body = JSON.parse(answer.message);
    assert.deepEqual(body, { code, message: message ?? "words", details: "the detail", hint: "the hint" });
  }
});

Deno.test("what depends on the caller, or sets its own status, is left as it is", () => {
  for (const code of ["42501", "42703", "PT429", "PGRST"]) {
    const error = thrown(code);
    assert.equal(asPostgrestSays(error), error, code);
  }
  const bug = new TypeError("a bug");
  assert.equal(asPostgrestSays(bug), bug);
});

Deno.test("an argument that the driver cannot write down is one that the database cannot read", () => {
  const error = new TypeError("Cannot convert object to primitive value");
  error.stack = "at Object.serialize (file:///a/node_modules/postgres/src/types.js:13:24)";
  const answer = asPostgrestSays(error) as { message: string; detail: string };
  assert.deepEqual([JSON.parse(answer.detail).status, JSON.parse(answer.message).code], [400, "22P02"]);
});

Deno.test("a database that is gone is 503", () => {
  for (const code of ["ECONNREFUSED", "CONNECTION_CLOSED", "CONNECT_TIMEOUT", "57P03"]) {
    const answer = asPostgrestSays(thrown(code)) as { message: string; detail: string };
    assert.equal(JSON.parse(answer.detail).status, 503);
    assert.equal(JSON.parse(answer.message).code, "PGRST001");
  }
});
