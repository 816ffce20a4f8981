/**
 * Who asks too often, from where, and for what nobody draws: refused before or after the hold, counted, never charged,
 * and never written down. Every test has a limit of its own; customers and addresses of other tests have theirs in full.
 */
import assert from "node:assert/strict";
import { service } from "../../scripts/local/tests/support.ts";
import { assertError } from "./support/codes.ts";
import type { Answer, Customer } from "./support/customer.ts";
import { Hub } from "./support/hub.ts";
import { copyProject } from "./support/project.ts";

/** The header in which a test says where a request comes from: here the functions believe it. */
const addressHeader = "x-test-address";

/** The real function with a judge before it, which is easel: the word "forbidden" is not drawn. */
const moderated = (name: string) => `
import { instantiate } from "../_shared/generated/pictures.js";
import { handler } from "../_shared/shim.ts";

const env = Deno.env.toObject();
const judge = {
  MODERATION_URL: env.HUGGINGFACE_BASE_URL + "/v1/moderations",
  MODERATION_API_KEY: env.HUGGINGFACE_API_KEY,
};
Deno.serve(handler("${name}", instantiate, { env: { ...env, ...judge } }));
`;

/** The real function as it is by default: it believes the platform's header alone. */
const unset = `
import { instantiate } from "../_shared/generated/pictures.js";
import { handler } from "../_shared/shim.ts";

const { CLIENT_ADDRESS_HEADER: _, ...env } = Deno.env.toObject();
Deno.serve(handler("generate-image", instantiate, { env }));
`;

const project = copyProject({
  moderated: moderated("generate-image"),
  "moderated-worker": moderated("queue-worker"),
  "by-default": unset,
});
const hub = new Hub({
  projectDir: project.dir,
  scheduler: false,
  impatient: true,
  functionEnv: { CLIENT_ADDRESS_HEADER: addressHeader },
});
Deno.test.afterAll(() => project.remove());

/** Sets a limit for as long as a test lasts. */
async function withLimit(scope: "customer" | "address", perMinute: number, burst: number, body: () => Promise<void>) {
  const [usual] = await hub.sql`select per_minute, burst from private.rate_limit where scope = ${scope}`;
  const set = (most: number, atOnce: number) =>
    hub.sql`update private.rate_limit set per_minute = ${most}, burst = ${atOnce} where scope = ${scope}`;
  await set(perMinute, burst);
  try {
    await body();
  } finally {
    await set(usual!.per_minute, usual!.burst);
    await hub.sql`delete from private.rate_bucket`;
  }
}

/** Lets time pass for those who have used up what they may. */
const pass = (seconds: number) =>
  hub.sql`update private.rate_bucket set full_at = full_at - ${seconds} * interval '1 second'`;

const from = (address: string) => ({ headers: { [addressHeader]: address } });

/** An address that no other test has. */
const anAddress = () => `198.51.${Math.floor(Math.random() * 256)}.${Math.floor(Math.random() * 256)}`;

function assertLimited(answer: Answer, secondsMax: number): void {
  assertError(answer, "rate_limited");
  const { retryAfter, creditsRemaining } = answer.body;
  assert.ok(Number.isInteger(retryAfter) && retryAfter >= 1 && retryAfter <= secondsMax, String(retryAfter));
  assert.equal(creditsRemaining, undefined, "nothing was looked up for it");
}

/** What was counted against a customer. */
async function refusals(one: Customer): Promise<Record<string, number>> {
  const rows = await hub.sql<{ reason: string; refusals: number }[]>`
    select reason, refusals from private.refusal where user_id = ${one.id}`;
  return Object.fromEntries(rows.map(({ reason, refusals }) => [reason, refusals]));
}

hub.test("who asks too often is told when to come back, and that is true; it costs nothing, and nobody else pays", async (bench) => {
  const [one, other] = [await bench.customer(), await bench.customer()];
  const [mine, theirs] = [await one.grant("flash"), await other.grant("flash")];
  await withLimit("customer", 2, 3, async () => {
    const ask = () => one.generate({ prompt: bench.marker, sessionId: mine });
    for (let count = 0; count < 3; count++) assert.equal((await ask()).status, 200);
    const refused = await ask();
    assertLimited(refused, 30);
    assertLimited(await one.enqueue({ prompt: bench.marker, sessionId: mine }), 30);
    assert.equal((await other.generate({ prompt: bench.marker, sessionId: theirs })).status, 200);
    assert.equal((await one.rows()).length, 3);
    assert.equal((await bench.engine.requests(bench.marker)).length, 4);

    // To ask where a request stands, and to take it back, is free.
    const requestId = (await one.rows())[0]!.request_id;
    for (let count = 0; count < 10; count++) assert.equal((await one.status(requestId)).status, 200);

    await pass(refused.body.retryAfter);
    assert.equal((await ask()).status, 200);
    assertLimited(await ask(), 30);
    await pass(120);
    for (let count = 0; count < 3; count++) assert.equal((await ask()).status, 200, "the whole burst is there again");
    assertLimited(await ask(), 30);
  });
  assert.equal(await one.credits(mine), 1);
});

hub.test("requests that are refused count as well: nobody guesses at sessions for free", async (bench) => {
  const one = await bench.customer();
  await withLimit("customer", 1, 5, async () => {
    const answers: Answer[] = [];
    for (let count = 0; count < 8; count++) {
      answers.push(await one.generate({ prompt: bench.marker, sessionId: crypto.randomUUID() }));
    }
    for (const answer of answers.slice(0, 5)) assertError(answer, "session_not_found");
    for (const answer of answers.slice(5)) assertLimited(answer, 60);
  });
});

hub.test("fifty requests at once get through a limit of ten exactly ten times", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant("pro");
  await withLimit("customer", 1, 10, async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, seed) => one.generate({ prompt: bench.marker, sessionId, seed })),
    );
    assert.equal(answers.filter(({ status }) => status === 200).length, 10);
    for (const answer of answers.filter(({ status }) => status !== 200)) assertLimited(answer, 600);
  });
  assert.equal(await one.credits(sessionId), 5);
});

hub.test("customers of one address share what it may ask; another address has its own", async (bench) => {
  const [one, other] = [await bench.customer(), await bench.customer()];
  const [mine, theirs] = [await one.grant("pro"), await other.grant("pro")];
  // An instance's first request goes without an address; after it the key is known.
  assert.equal((await one.generate({ prompt: bench.marker, sessionId: mine })).status, 200);
  const [here, there] = [anAddress(), anAddress()];
  await withLimit("address", 1, 3, async () => {
    const mineFrom = (address: string) => one.generate({ prompt: bench.marker, sessionId: mine }, from(address));
    const theirsFrom = (address: string) => other.generate({ prompt: bench.marker, sessionId: theirs }, from(address));
    assert.equal((await mineFrom(here)).status, 200);
    assert.equal((await theirsFrom(here)).status, 200);
    assert.equal((await mineFrom(` ${here} `)).status, 200);
    assertLimited(await theirsFrom(here), 60);
    assertLimited(await mineFrom(`::ffff:${here}`), 60);
    assert.equal((await theirsFrom(there)).status, 200);

    // Of IPv6 a household has 64 bits to itself.
    for (const end of ["1", "2:3", "ffff:ffff:ffff:ffff"]) {
      assert.equal(
        (await mineFrom(`2001:db8:1:2::${end}`.replace("::ffff:ffff:ffff:ffff", ":ffff:ffff:ffff:ffff"))).status,
        200,
      );
    }
    assertLimited(await theirsFrom("2001:db8:1:2::9"), 60);
    assert.equal((await theirsFrom("2001:db8:1:3::9")).status, 200);

    // What is no address is nobody's.
    for (const nonsense of ["localhost", `${here}, ${there}`, "256.1.1.1", "", "unknown"]) {
      assert.equal((await theirsFrom(nonsense)).status, 200, nonsense);
    }
  });
  const buckets = await hub.sql<{ bucket: string }[]>`select bucket from private.rate_bucket`;
  assert.ok(!JSON.stringify(buckets).includes(here), "no address is written down");
});

hub.test("an address is the platform's to tell: what a client says of it counts for nothing", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant("pro");
  const ask = (address: string) =>
    one.generate({ prompt: bench.marker, sessionId }, {
      name: "by-default",
      headers: {
        "cf-connecting-ip": address,
        "x-forwarded-for": address,
        "x-real-ip": address,
        forwarded: `for=${address}`,
      },
    });
  assert.equal((await ask(anAddress())).status, 200);
  await withLimit("address", 1, 2, async () => {
    assert.equal((await ask(anAddress())).status, 200);
    assert.equal((await ask(anAddress())).status, 200);
    assertLimited(await ask(anAddress()), 60);
  });
});

hub.test("who calls the ledger himself is nobody's address without the hub's seal, and cannot use up another's", async (bench) => {
  const [one, victim] = [await bench.customer(), await bench.customer()];
  const [mine, theirs] = [await one.grant("pro"), await victim.grant("pro")];
  const address = anAddress();
  const key = await service(hub.stack).rpc("address_key");
  assert.equal(key.error, null);
  const sealOf = async (text: string) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toHex();
  const forged = [
    null,
    "",
    "0".repeat(64),
    await sealOf(address),
    await sealOf(`\n${address}\n`),
    await sealOf(`${"0".repeat(64)}\n${address}\n${"0".repeat(64)}`),
    (await sealOf(`${key.data}\n${address}\n${key.data}`)).toUpperCase(),
    await sealOf(`${key.data}\n${anAddress()}0\n${key.data}`),
  ];
  await withLimit("address", 1, 2, async () => {
    for (const [at, seal] of forged.entries()) {
      const { data, error } = await one.client.rpc("reserve_generation", {
        session_id: mine,
        request_id: crypto.randomUUID(),
        prompt: bench.marker,
        client_address: address,
        address_seal: seal,
      });
      assert.deepEqual([error, data?.outcome], [null, "reserved"], `seal ${at}`);
    }
    const ask = () => victim.generate({ prompt: bench.marker, sessionId: theirs }, from(address));
    assert.deepEqual([(await ask()).status, (await ask()).status], [200, 200]);
    assertLimited(await ask(), 60);
    // The seal itself is the right one: with it the address is counted.
    const sealed = await one.client.rpc("reserve_generation", {
      session_id: mine,
      request_id: crypto.randomUUID(),
      prompt: bench.marker,
      client_address: address,
      address_seal: await sealOf(`${key.data}\n${address}\n${key.data}`),
    });
    assert.equal(sealed.data.outcome, "rate_limited");
  });
  for (const { request_id } of await one.rows()) {
    const released = { user_id: one.id, request_id, failure_code: "internal" };
    assert.equal((await service(hub.stack).rpc("fail_generation", released)).error, null);
  }
  assert.equal((await one.client.rpc("address_key")).error?.code, "42501");
});

hub.test("what the owner's list refuses is refused however it is written, costs nothing, and is written down nowhere", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const phrase = `grimble ${bench.marker.slice(0, 12)}`;
  await hub.sql`insert into private.refused_phrase (phrase, note) values (${phrase}, 'of a test')`;
  const [first, second] = phrase.split(" ") as [string, string];
  const refused = [
    `a ${phrase} in the rain`,
    phrase.toUpperCase(),
    `${first}   ${second}`,
    `${first}\n\t${second}!`,
    `"${first}"-${second}.`,
    `${first}\u00a0${second}`,
    // What nobody sees parts no word.
    `${first.slice(0, 3)}\u200b${first.slice(3)} \u2060${second}`,
    `${first}_${second}`,
    // Letters of full width are the same letters.
    first.replaceAll(/[a-z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0)) + ` ${second}`,
  ];
  for (const prompt of refused) {
    for (const answer of [await one.generate({ prompt, sessionId }), await one.enqueue({ prompt, sessionId })]) {
      assertError(answer, "prompt_refused", { creditsRemaining: 3 });
      assert.ok(!answer.body.error.includes(first), "the list is not told");
    }
  }
  assert.deepEqual(await refusals(one), { [phrase]: refused.length * 2 });
  assert.deepEqual(await one.rows(), []);
  assert.equal((await one.session(sessionId)).status, "ready");
  assert.deepEqual(await bench.engine.requests(second), []);
  const told = hub.log.join("\n").toLowerCase();
  assert.ok(!told.includes(second), "what was refused is not logged");

  // Parts of words, and words in between, are something else; and the list is the owner's.
  for (const prompt of [`${first} and ${second}`, `${first}${second}`, `un${first} ${second}`]) {
    assert.equal((await one.generate({ prompt, sessionId })).status, 200, prompt);
  }
  await hub.sql`delete from private.refused_phrase where phrase = ${phrase}`;
  assert.equal((await one.generate({ prompt: phrase, sessionId: await one.grant() })).status, 200);
});

hub.test("what the judge flags is not drawn: 422, the credit is back, and it is counted", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const name = "moderated";
  const body = { prompt: `${bench.marker} a forbidden garden`, sessionId, requestId: crypto.randomUUID() };
  const refused = await one.generate(body, { name });
  assertError(refused, "prompt_refused", { creditsRemaining: 3 });
  assertError(await one.generate(body, { name }), "prompt_refused", { creditsRemaining: 3 });
  const queued = { ...body, requestId: crypto.randomUUID() };
  assert.equal((await one.enqueue(queued, { name })).status, 202);
  assert.deepEqual(await hub.work("moderated-worker"), { completed: 0, requeued: 0, failed: 1 });
  const told = await one.status(queued.requestId);
  assert.deepEqual([told.body.status, told.body.code, told.body.creditsRemaining], ["failed", "prompt_refused", 3]);
  assert.deepEqual(await refusals(one), { moderation: 2 });
  const seen = (await bench.engine.requests(bench.marker)).map(({ path }) => path);
  assert.deepEqual(seen, ["/v1/moderations", "/v1/moderations"], "nobody was asked to draw");
  assert.equal((await one.session(sessionId)).status, "ready");

  // One question for a whole batch, and then it is drawn.
  const allowed = await one.generate({ prompt: `${bench.marker} an open garden`, sessionId, batchCount: 2 }, { name });
  assert.deepEqual([allowed.status, allowed.body.creditsUsed], [200, 2]);
  const paths = (await bench.engine.requests(`${bench.marker} an open`)).map(({ path }) => path.split("/").at(-1));
  assert.deepEqual(paths, ["moderations", "sketch-1", "sketch-1"]);
});

hub.test("without a verdict nothing is drawn: 503, the credit is back, and nobody is blamed", async (bench) => {
  const one = await bench.customer();
  const rows: [string, { kind: string; [detail: string]: unknown }, number | null, string | undefined, number][] = [
    ["down", { kind: "status", status: 500 }, null, "engine_unavailable", 2],
    ["away", { kind: "reset" }, null, "engine_unavailable", 2],
    ["locked", { kind: "status", status: 401 }, null, "engine_unavailable", 1],
    ["silent", { kind: "empty_list" }, null, "engine_unavailable", 2],
    ["talking", { kind: "text_page" }, null, "engine_unavailable", 2],
    ["hanging", { kind: "hang" }, null, "engine_unavailable", 2],
    ["down once", { kind: "status", status: 503 }, 1, undefined, 2],
    ["slow", { kind: "slow", ms: 300 }, null, undefined, 1],
  ];
  await Promise.all(rows.map(async ([name, fault, times, code, asked], at) => {
    const prompt = `${bench.marker} (${at})`;
    await bench.engine.order(prompt, fault, times, "/v1/moderations");
    const answer = await one.generate({ prompt, sessionId: await one.grant() }, { name: "moderated" });
    if (code) assertError(answer, code, { creditsRemaining: 3 });
    else assert.deepEqual([answer.status, answer.body.creditsRemaining], [200, 2], name);
    const seen = (await bench.engine.requests(prompt)).filter(({ path }) => path === "/v1/moderations").length;
    assert.equal(seen, asked, name);
  }));
  assert.deepEqual(await refusals(one), {});
});

hub.test("a picture of the queue waits for a judge who is away", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  const requestId = crypto.randomUUID();
  await bench.engine.order(bench.marker, { kind: "status", status: 500 }, 2, "/v1/moderations");
  assert.equal((await one.enqueue({ prompt: bench.marker, sessionId, requestId }, { name: "moderated" })).status, 202);
  assert.deepEqual(await hub.work("moderated-worker"), { completed: 1, requeued: 1, failed: 0 });
  assert.deepEqual(await hub.waits(requestId), [15]);
  const told = await one.status(requestId);
  assert.deepEqual([told.body.status, told.body.creditsUsed], ["completed", 1]);
});
