/** What no answer and no line of the log may tell. One list for all tests; it knows no test. */
import assert from "node:assert/strict";

/** Signs of the inside: SQL and its tables, files, panics, addresses, the parts that the hub is made of. */
const internals = [
  /\b(select|insert into|update|delete from)\b.*\b(from|set|values|where)\b/i,
  /image_generations|user_sessions|session_config|storage\.objects|\brpc\b|reserve_generation|complete_generation/i,
  /panicked|unreachable|RuntimeError|stack backtrace|\bat \S+:\d+/i,
  /\.rs\b|\.ts:|\.js:|crates\/|\/functions\/|file:\/\/|wasm/i,
  /https?:\/\/|127\.0\.0\.1|localhost/i,
  /hugging|easel|postgres|pgrst|supabase|\bdeno\b|serde|sb_publishable_/i,
];

/** Kinds of secrets, whoever they belong to. */
const secretShapes = [/sb_secret_/, /\bhf_[A-Za-z0-9]{6,}/, /postgres(ql)?:\/\//];

/** Fails where a text tells a secret or, being an error, anything about the inside of the hub. */
export function assertNothingLeaks(text: string, secrets: string[], { isError }: { isError: boolean }): void {
  for (const secret of secrets) assert.ok(!text.includes(secret), "a secret is told");
  for (const shape of secretShapes) assert.doesNotMatch(text, shape);
  // Of an answer the headers come first; what the servers in between put there is theirs.
  const body = text.slice(text.indexOf("]]") + 1);
  if (isError) { for (const sign of internals) assert.doesNotMatch(body, sign); }
}
