/**
 * Runs a function under a Deno that does not know DENO_SERVE_ADDRESS (before 2.2; the hosted runtime is built on 2.1.4):
 * gives `Deno.serve` the address and then loads the function, whose path is the only argument.
 */
import "./prelude.ts";

const address = /^tcp:(.*):(\d+)$/.exec(Deno.env.get("DENO_SERVE_ADDRESS") ?? "");
const [, hostname = "127.0.0.1", port = "8000"] = address ?? [];
const serve = Deno.serve;

// The function calls it as `Deno.serve(handler)` or `Deno.serve(options, handler)`.
const serveHere = (first: unknown, second?: unknown) => {
  const handler = typeof first === "function" ? first : second;
  const options = typeof first === "function" ? {} : first as Record<string, unknown>;
  return serve({ ...options, hostname, port: Number(port) }, handler as Deno.ServeHandler);
};
Object.defineProperty(Deno, "serve", { value: serveHere });

const module = await import(`file://${Deno.args[0]}`);
// The other form that a function may have.
if (typeof module.default?.fetch === "function") serveHere(module.default.fetch);
