/**
 * A local stack in a process of its own, so that it can be killed: `deno run -A stack_process.ts <port> <state folder>`.
 * Prints how to reach it as one line of JSON once it is ready. Decides nothing: fire.ts starts it, again and again.
 */
import { startStack } from "../../scripts/local/stack.ts";

const [port, stateDir] = Deno.args;
const asked = Promise.withResolvers<void>();
Deno.addSignalListener("SIGTERM", () => asked.resolve());
const stack = await startStack({
  port: Number(port),
  stateDir,
  engine: "easel",
  // Long enough that many pictures are under way whenever something is killed.
  easelArgs: ["--latency-ms", "200"],
  log: (line) => console.error(line),
});
const { url, publishableKey, secretKey, dbUrl } = stack;
console.log(JSON.stringify({ url, publishableKey, secretKey, dbUrl }));
await asked.promise;
await stack.stop();
Deno.exit(0);
