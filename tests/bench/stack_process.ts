/**
 * A local stack in a process of its own, so that its work is not done on the load generator's thread. Prints how to reach
 * it as one line of JSON and ends with SIGTERM. Decides nothing: the bench's stand.ts reads the line.
 */
import { startStack } from "../../scripts/local/stack.ts";

const asked = Promise.withResolvers<void>();
Deno.addSignalListener("SIGTERM", () => asked.resolve());
const stack = await startStack({ port: 0, ephemeral: true, engine: "easel", log: (line) => console.error(line) });
const { url, publishableKey, secretKey, dbUrl, adminDbUrl } = stack;
console.log(JSON.stringify({ url, publishableKey, secretKey, dbUrl, adminDbUrl }));
await asked.promise;
await stack.stop();
Deno.exit(0);
