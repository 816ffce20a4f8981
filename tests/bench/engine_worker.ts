/// <reference lib="deno.worker" />
/**
 * An engine at zero latency, in a thread of its own: answers every request of hf-inference with one fixed picture, and
 * the question who serves a model with itself. Owns nothing that an engine otherwise does; painting would drown what the bench measures.
 */
import { picture } from "./png.ts";

const bytes = await picture();
const mapping = { "hf-inference": { status: "live", task: "text-to-image", providerId: "any/model" } };
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
  if (request.method === "GET") return Response.json({ id: "any/model", inferenceProviderMapping: mapping });
  // As a real engine, it has read the whole request when it answers.
  await request.bytes();
  return new Response(bytes, { headers: { "content-type": "image/png" } });
});
self.postMessage(server.addr.port);
