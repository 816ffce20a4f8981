/** A record that took effect and whose answer got lost on the way: the credit is spent, so the picture must be kept. */
import assert from "node:assert/strict";
import { Hub } from "./support/hub.ts";
import { copyProject } from "./support/project.ts";

/** How many answers of complete_generation are still to be lost. The tests of a file run one after the other. */
let toLose = 0;

/** Between the function and its project: delivers every request, and loses answers as it is told. */
const gateway = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
  const { pathname, search } = new URL(request.url);
  const headers = new Headers(request.headers);
  headers.delete("host");
  const body = await request.arrayBuffer();
  const sent = { method: request.method, headers, body: body.byteLength > 0 ? body : undefined };
  const answer = await fetch(`${hub.stack.url}${pathname}${search}`, sent);
  const bytes = await answer.arrayBuffer();
  if (pathname.endsWith("/rpc/complete_generation") && toLose > 0) {
    toLose -= 1;
    return new Response("a page of the gateway", { status: 520 });
  }
  const type = answer.headers.get("content-type") ?? "application/octet-stream";
  return new Response(bytes, { status: answer.status, headers: { "content-type": type } });
});

/** The real function, whose project is behind the gateway. */
const behindGateway = `
import { instantiate } from "../_shared/generated/pictures.js";
import { handler } from "../_shared/shim.ts";

const env = Deno.env.toObject();
const url = "http://127.0.0.1:${gateway.addr.port}";
Deno.serve(handler("generate-image", instantiate, { env: { ...env, SUPABASE_URL: url, PUBLIC_API_URL: env.SUPABASE_URL } }));
`;

const project = copyProject({ gated: behindGateway });
const hub = new Hub({ projectDir: project.dir });
Deno.test.afterAll(async () => {
  await gateway.shutdown();
  project.remove();
});

hub.test("an answer that is lost once costs nobody anything", async (bench) => {
  const one = await bench.customer();
  const body = { prompt: bench.marker, sessionId: await one.grant() };
  toLose = 1;
  const answer = await one.generate(body, { name: "gated" });
  assert.deepEqual([answer.status, answer.body.creditsUsed, answer.body.creditsRemaining], [200, 1, 2]);
  assert.equal(toLose, 0);
});

hub.test("when no answer comes the picture is kept, nobody says it was free, and asking again delivers it", async (bench) => {
  const one = await bench.customer();
  const body = { prompt: bench.marker, sessionId: await one.grant(), requestId: crypto.randomUUID() };
  toLose = 3;
  const lost = await one.generate(body, { name: "gated" });
  assert.deepEqual([lost.status, lost.body.code, lost.body.requestId], [500, "internal", body.requestId]);
  assert.match(lost.body.error, /^We could not confirm your picture\. Send the same request again/);
  assert.equal(toLose, 0);
  const again = await one.generate(body, { name: "gated" });
  assert.deepEqual([again.status, again.body.creditsUsed, again.body.creditsRemaining], [200, 1, 2]);
  const picture = await fetch(again.body.imageUrl);
  assert.equal(picture.status, 200);
  await picture.body?.cancel();
});
