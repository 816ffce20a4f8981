/**
 * What nobody sends by mistake: broken bodies, forged tokens, other people's things. Each gets the error of DESIGN.md,
 * section 4, nothing is charged, the engine is never asked, and no answer tells anything of the inside (that is checked
 * for every answer and every line of the log in support/hub.ts).
 */
import assert from "node:assert/strict";
import { assertError } from "./support/codes.ts";
import type { Customer } from "./support/customer.ts";
import { engineKey, Hub } from "./support/hub.ts";
import { assertNothingLeaks } from "./support/leaks.ts";
import { service, signToken } from "../../scripts/local/tests/support.ts";

const hub = new Hub();

/** Fails unless none of it had a consequence. */
async function assertUntouched(one: Customer, sessionId: string): Promise<void> {
  assert.deepEqual(await one.rows(), []);
  const { status, images_generated } = await one.session(sessionId);
  assert.deepEqual([status, images_generated], ["ready", 0]);
  assert.equal(await one.credits(sessionId), 3);
}

hub.test("bodies that are no request are refused by the name of what is wrong", async ({ customer, engine, marker }) => {
  const one = await customer();
  const sessionId = await one.grant();
  const ask = (extra: string) => `{"prompt":"${marker}","sessionId":"${sessionId}"${extra}}`;
  const raw = (...bytes: number[]) => new Uint8Array(bytes);
  const rows: [string, BodyInit | null, string?][] = [
    ["no body", null, "body"],
    ["an empty body", "", "body"],
    ["no JSON", "prompt=sunset", "body"],
    ["half of it", ask("").slice(0, -1), "body"],
    ["two of it", ask("") + ask(""), "body"],
    ["a string", `"${marker}"`, "body"],
    ["a number", "7", "body"],
    ["null", "null", "body"],
    ["an array", `["${marker}","${sessionId}"]`, "body"],
    ["an array of it", `[${ask("")}]`, "body"],
    ["deep nesting", "[".repeat(60_000), "body"],
    ["deep nesting in an unknown field", ask(`,"x":${"[".repeat(30_000)}`)],
    ["deep nesting in a field", ask(`,"steps":${"[".repeat(30_000)}${"]".repeat(30_000)}`)],
    ["not UTF-8", raw(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d)],
    ["UTF-16", raw(0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00), "body"],
    ["a lone high surrogate", ask(`,"negativePrompt":"\\ud800"`), "negativePrompt"],
    ["a lone low surrogate", `{"prompt":"${marker}\\udc00","sessionId":"${sessionId}"}`, "prompt"],
    ["surrogates in the wrong order", `{"prompt":"\\udc00\\ud800","sessionId":"${sessionId}"}`, "prompt"],
    ["a surrogate in a key", ask(`,"\\ud800":1`)],
    ["U+0000", `{"prompt":"${marker}\\u0000","sessionId":"${sessionId}"}`, "prompt"],
    ["U+0000 in the negative prompt", ask(`,"negativePrompt":"a\\u0000"`), "negativePrompt"],
    ["a raw control character", `{"prompt":"${marker}\u0001","sessionId":"${sessionId}"}`],
    ["a prompt twice", ask(`,"prompt":"${marker}"`)],
    ["a session twice", ask(`,"sessionId":"${crypto.randomUUID()}"`)],
    ["a prompt that is an object", `{"prompt":{"toString":1},"sessionId":"${sessionId}"}`, "prompt"],
    ["a prompt that is a number", `{"prompt":7,"sessionId":"${sessionId}"}`, "prompt"],
    ["a session that is a list", `{"prompt":"${marker}","sessionId":["${sessionId}"]}`, "sessionId"],
    ["a session that is SQL", `{"prompt":"${marker}","sessionId":"' or 1=1 --"}`, "sessionId"],
    ["a size in text", ask(`,"width":"512"`), "width"],
    ["a size that is no number", ask(`,"width":NaN`)],
    ["a size beyond all numbers", ask(`,"width":1e999`)],
    ["a size with a fraction", ask(`,"width":512.5`), "width"],
    ["a negative batch", ask(`,"batchCount":-1`), "batchCount"],
    ["no batch", ask(`,"batchCount":0`), "batchCount"],
    ["an endless batch", ask(`,"batchCount":1e18`), "batchCount"],
    ["a seed below zero", ask(`,"seed":-1`), "seed"],
    ["true for steps", ask(`,"steps":true`), "steps"],
    ["a style", ask(`,"style":"anime"`), "style"],
    ["a source image", ask(`,"sourceImageId":"${crypto.randomUUID()}"`), "sourceImageId"],
    ["a strength", ask(`,"strength":0.5`), "strength"],
  ];
  const wrong: string[] = [];
  await Promise.all(rows.map(async ([name, body, field]) => {
    try {
      assertError(await one.send(body), "invalid_request", field ? { field } : {});
    } catch (error) {
      wrong.push(`${name}: ${(error as Error).message}`);
    }
  }));
  assert.deepEqual(wrong, []);
  await assertUntouched(one, sessionId);
  assert.deepEqual(await engine.requests(marker), []);
});

hub.test("an unknown field is passed over, however deep it is", async ({ customer, marker }) => {
  const one = await customer();
  const deep = "[".repeat(30_000) + "]".repeat(30_000);
  const body = `{"prompt":"${marker}","sessionId":"${await one
    .grant()}","somethingElse":${deep},"__proto__":{"seed":1}}`;
  assert.equal((await one.send(body)).status, 200);
});

hub.test("a preference that nobody understands is passed over", async ({ customer, marker }) => {
  const one = await customer();
  const sessionId = await one.grant("flash");
  const preferences = ["handling=strict", "respond-asynchronously", "wait=soon", "wait=-1", "wait", ",;=", '"wait"=1'];
  for (const Prefer of preferences) {
    const answer = await one.generate({ prompt: marker, sessionId }, { headers: { Prefer } });
    assert.deepEqual([answer.status, answer.headers.get("preference-applied")], [200, null], Prefer);
  }
});

hub.test("10 megabytes are refused, whether their length is told or not", async ({ customer, marker }) => {
  const one = await customer();
  const sessionId = await one.grant();
  const large = JSON.stringify({ prompt: marker, sessionId, filler: "x".repeat(10_000_000) });
  assertError(await one.send(large), "too_large");
  const bytes = new TextEncoder().encode(large);
  let sent = 0;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (sent >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(sent, sent += 65_536));
    },
  });
  assertError(await one.send(stream), "too_large");
  await assertUntouched(one, sessionId);
  // The next request is as good as any.
  assert.equal((await one.generate({ prompt: marker, sessionId })).status, 200);
});

hub.test("a body may come in pieces, of one byte each", async ({ customer, marker }) => {
  const one = await customer();
  const bytes = new TextEncoder().encode(JSON.stringify({ prompt: `${marker} é👩‍🎨`, sessionId: await one.grant() }));
  let at = 0;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, ++at));
    },
  });
  const answer = await one.send(stream);
  assert.deepEqual([answer.status, answer.body.images?.[0].prompt], [200, `${marker} é👩‍🎨`]);
});

hub.test("other methods are refused, and other media types", async ({ customer, marker }) => {
  const one = await customer();
  const sessionId = await one.grant();
  const body = JSON.stringify({ prompt: marker, sessionId });
  for (const method of ["PUT", "PATCH", "QUERY"]) {
    assertError(await one.send(body, { method }), "invalid_request", { field: "method" });
  }
  // These two ask about a request, and want to know which; a body says nothing to them.
  for (const method of ["GET", "DELETE"]) {
    assertError(await one.send(method === "GET" ? null : body, { method }), "invalid_request", { field: "requestId" });
  }
  const head = await hub.fetch(hub.functionUrl(), { method: "HEAD" });
  assert.equal(head.status, 400);
  for (const type of ["text/plain;charset=UTF-8", "application/jsonp", "application/json-patch+json", "json", "*/*"]) {
    assertError(await one.send(body, { headers: { "content-type": type } }), "unsupported_media_type");
  }
  await assertUntouched(one, sessionId);
  const usual = await one.send(body, { headers: { "content-type": "Application/JSON; charset=utf-8" } });
  assert.equal(usual.status, 200);
});

hub.test("nobody gets in with a token that is forged, over, unsigned or none at all", async ({ customer, engine, marker }) => {
  const one = await customer();
  const sessionId = await one.grant();
  const body = JSON.stringify({ prompt: marker, sessionId });
  const now = Math.floor(Date.now() / 1_000);
  const claims = { sub: one.id, role: "authenticated", aud: "authenticated", iat: now - 10, exp: now + 3_600 };
  const [header, payload, signature] = one.token.split(".") as [string, string, string];
  const other = await customer();
  const signed = async (change: Record<string, unknown>, secret = hub.jwtSecret, alg = "HS256") =>
    `Bearer ${await signToken(secret, { ...claims, ...change }, { alg, typ: "JWT" })}`;
  const none = await signed({}, hub.jwtSecret, "none");
  const bearers: Record<string, string> = {
    "nothing": "",
    "no scheme": one.token,
    "another scheme": `Basic ${btoa(`${one.id}:x`)}`,
    "an empty bearer": "Bearer ",
    "a word": "Bearer token",
    "the publishable key": `Bearer ${hub.stack.publishableKey}`,
    "the secret key": `Bearer ${hub.stack.secretKey}`,
    "the engine's key": `Bearer ${engineKey}`,
    "another secret": await signed({}, "another-secret-of-the-same-length-as-ours-is"),
    "no signature": `Bearer ${header}.${payload}.`,
    "alg none": none.slice(0, none.lastIndexOf(".") + 1),
    "alg none, with a signature": none,
    "alg RS256": await signed({}, hub.jwtSecret, "RS256"),
    "a signature of other claims": `Bearer ${header}.${other.token.split(".")[1]}.${signature}`,
    "one that is over": await signed({ iat: now - 7_200, exp: now - 3_600 }),
    "one of tomorrow": await signed({ nbf: now + 86_400, exp: now + 90_000 }),
    "one of nobody": await signed({ sub: undefined }),
    "one of somebody whose id is none": await signed({ sub: "user_2x" }),
    "forged for the hub itself": await signed({ role: "service_role" }, "another-secret"),
    // The keys of before were tokens: supabase-js sends the first one wherever nobody is signed in.
    "the anonymous key of before": await signed({ role: "anon", sub: undefined }),
    "the secret key of before": await signed({ role: "service_role", sub: undefined }),
    "two tokens": `Bearer ${one.token}, Bearer ${one.token}`,
    "a token of 12 kB": `Bearer ${header}.${"a".repeat(12_000)}.${signature}`,
  };
  const wrong: string[] = [];
  for (const [name, authorization] of Object.entries(bearers)) {
    try {
      assertError(await one.send(body, { headers: { authorization } }), "unauthorized");
    } catch (error) {
      wrong.push(`${name}: ${(error as Error).message}`);
    }
  }
  assert.deepEqual(wrong, []);
  await assertUntouched(one, sessionId);
  assert.deepEqual(await engine.requests(marker), []);
  // What was tried with is right but for what was wrong with it.
  assert.equal((await one.send(body, { headers: { authorization: await signed({}) } })).status, 200);
});

hub.test("the key in apikey decides nothing: it is the token that counts", async ({ customer, marker }) => {
  const one = await customer();
  const sessionId = await one.grant();
  const body = JSON.stringify({ prompt: marker, sessionId });
  // I3: a secret key must not make the caller a customer.
  const withSecret = await one.send(body, { headers: { apikey: hub.stack.secretKey, authorization: "" } });
  assertError(withSecret, "unauthorized");
  await assertUntouched(one, sessionId);
  assert.equal((await one.send(body, { headers: { apikey: "" } })).status, 200);
});

hub.test("what is somebody else's stays his: session, conversation, request", async ({ customer, marker }) => {
  const [one, other] = [await customer(), await customer()];
  const [mine, his] = [await one.grant(), await other.grant()];
  const conversation = await other.client.from("conversations").insert({ user_id: other.id }).select("id").single();
  const requestId = crypto.randomUUID();
  const made = await other.generate({ prompt: `${marker} his`, sessionId: his, requestId });
  assert.equal(made.status, 200);

  assertError(await one.generate({ prompt: marker, sessionId: his }), "session_not_found");
  assertError(await one.generate({ prompt: `${marker} his`, sessionId: his, requestId }), "session_not_found");
  const foreign = await one.generate({ prompt: marker, sessionId: mine, conversationId: conversation.data!.id });
  assertError(foreign, "invalid_request", { field: "conversationId" });
  // Fields that name a customer are not read at all.
  const posing = await one.generate({ prompt: marker, sessionId: mine, userId: other.id, user_id: other.id });
  assert.ok(posing.body.imageUrl.includes(`/${one.id}/`));
  assert.equal((await other.session(his)).images_generated, 1);
  assert.equal((await other.rows()).length, 1);
});

hub.test("a customer cannot settle, pay or expire for himself", async ({ customer, marker }) => {
  const one = await customer();
  const sessionId = await one.grant();
  const calls = {
    record_payment: {
      provider: "razorpay",
      order_id: "order_1",
      payment_id: "pay_1",
      amount_paise: 5_000,
      currency: "INR",
      payment_status: "captured",
      source: "webhook",
    },
    receive_payment_event: { event_id: "1", event: "order.paid", occurred_at: null, body_sha256: "x", facts: {} },
    process_payment_events: {},
    begin_refund: { session_id: sessionId },
    complete_generation: { user_id: one.id, request_id: crypto.randomUUID(), pictures: [] },
    fail_generation: { user_id: one.id, request_id: crypto.randomUUID(), failure_code: "internal" },
    expire_generations: {},
  };
  for (const [name, argument] of Object.entries(calls)) {
    const { error, status } = await one.client.rpc(name, argument);
    assert.deepEqual([status, error?.code], [403, "42501"], name);
  }
  // Nobody is given a session but by a payment: not even the secret key can.
  for (const client of [one.client, service(hub.stack)]) {
    const { error, status } = await client.rpc("grant_session", { user_id: one.id, plan_id: "pro", hours: 4 });
    assert.deepEqual([status, error?.code], [404, "PGRST202"]);
  }
  const direct = await one.client.from("user_sessions").update({ images_generated: 0 }).eq("id", sessionId).select();
  assert.ok(direct.error);
  const minted = await one.client.from("image_generations").insert({
    user_id: one.id,
    session_id: sessionId,
    prompt: marker,
  });
  assert.ok(minted.error);
  await assertUntouched(one, sessionId);
});

hub.test("a path behind the function's name is the function, and another function is none", async ({ customer, marker }) => {
  const one = await customer();
  const sessionId = await one.grant();
  const missing = await fetch(hub.functionUrl("generate-images"), { method: "POST" });
  assert.equal(missing.status, 404);
  await missing.body?.cancel();
  assert.equal((await one.generate({ prompt: marker, sessionId }, { name: "generate-image/more" })).status, 200);
});

hub.test("the search for leaks would find one", () => {
  const leaking = [
    "the key is sb_secret_abc",
    "Bearer hf_abcdefgh",
    engineKey,
    `{"error":"insert into public.x values (1) from where"}`,
    `{"error":"relation image_generations does not exist"}`,
    `{"error":"panicked at src/lib.rs:3"}`,
    `{"error":"connect to http://127.0.0.1:1 failed"}`,
    `{"error":"PGRST301"}`,
  ];
  for (const text of leaking) {
    assert.throws(() => assertNothingLeaks(text, hub.secrets, { isError: true }), text);
  }
  return Promise.resolve();
});
