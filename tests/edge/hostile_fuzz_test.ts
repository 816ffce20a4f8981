/**
 * A fuzzer's worth of what nobody sends by mistake: bodies, headers, methods, paths, tokens, other people's ids, and the
 * ledger's own functions with a customer's token. Each gets an error of the API, never one of the hub's own; nothing is
 * charged, nothing is drawn, nothing of the others changes, and no answer tells of the inside (support/hub.ts searches
 * every answer of a function).
 *
 * HOSTILE_RUNS is how many, HOSTILE_SEED makes them the same again; both stand in the test's name.
 */
import assert from "node:assert/strict";
import { service } from "../../scripts/local/tests/support.ts";
import { assertError, codes } from "./support/codes.ts";
import type { Answer, Customer } from "./support/customer.ts";
import { countFrom, Dice, seedFrom } from "./support/dice.ts";
import { type Attack, Attacker, hubFunctions, type Loot } from "./support/hostile.ts";
import { type Bench, Hub } from "./support/hub.ts";

const runs = countFrom("HOSTILE_RUNS", 3_000);
const seed = seedFrom("HOSTILE_SEED");
/** Codes of the places where a request of an attacker ends. */
const places = [
  "invalid_request",
  "unauthorized",
  "session_not_found",
  "session_expired",
  "credits_exhausted",
  "request_not_found",
  "too_large",
  "unsupported_media_type",
];
/** Requests that are under way at a time. */
const atOnce = 12;

const hub = new Hub({ scheduler: false });

const hourAgo = (sessionId: string) =>
  hub.sql`update public.user_sessions set status = 'ended', started_by = 'customer',
    started_at = now() - interval '61 minutes', expires_at = now() - interval '1 minute' where id = ${sessionId}`;

/** Two customers with all that can be coveted, and one who covets it and has nothing left to pay with. */
async function scene({ customer, marker }: Bench): Promise<{ loot: Loot; victims: Customer[]; attacker: Customer }> {
  const victims = [await customer(), await customer()];
  const attacker = await customer();
  const others: Loot["others"] = {
    ids: [],
    sessions: [],
    requestIds: [],
    conversations: [],
    objects: [],
    pictures: [],
    purchases: [],
  };
  for (const one of victims) {
    const sessions = [await one.grant("flash"), await one.grant("pro")];
    const conversation = await one.client.from("conversations").insert({ user_id: one.id }).select("id").single();
    const made = await one.generate({ prompt: "a victim's", sessionId: sessions[0], batchCount: 2 });
    const waiting = await one.enqueue({ prompt: "a victim's", sessionId: sessions[1], requestId: crypto.randomUUID() });
    assert.deepEqual([made.status, waiting.status], [200, 202]);
    others.ids.push(one.id);
    others.sessions.push(...sessions);
    others.requestIds.push(made.body.requestId, waiting.body.requestId);
    others.conversations.push(conversation.data!.id);
    others.objects.push(...await one.objects());
    others.pictures.push(...made.body.images.map(({ id }: { id: string }) => id));
    const wish = { request_id: crypto.randomUUID(), plan_id: "pro", hours: 4 };
    const { data: opened } = await one.client.rpc("open_purchase", wish);
    assert.equal(opened.outcome, "purchase");
    const order = {
      purchase_id: opened.purchase.id,
      provider: "razorpay",
      order_id: `order_of_a_victim_${others.ids.length}`,
    };
    const recorded = await service(hub.stack).rpc("record_order", order);
    assert.equal(recorded.data.outcome, "recorded");
    others.purchases.push(opened.purchase.id);
  }
  const [usedUp, over] = [await attacker.grant(), await attacker.grant()];
  const made = await attacker.generate({ prompt: "his own", sessionId: usedUp, batchCount: 3 });
  assert.equal(made.status, 200);
  await hourAgo(over);
  const own = { id: attacker.id, token: attacker.token, sessions: [usedUp, over], requestIds: [made.body.requestId] };
  const loot = { publishableKey: hub.stack.publishableKey, jwtSecret: hub.jwtSecret, own, others, marker };
  return { loot, victims, attacker };
}

/** All that belongs to those customers, as the database has it. */
async function belongings(customers: Customer[]) {
  const ids = customers.map(({ id }) => id);
  const { sql } = hub;
  return {
    sessions: [...await sql`select * from public.user_sessions where user_id = any(${ids}) order by id`],
    generations: [...await sql`select * from public.image_generations where user_id = any(${ids}) order by id`],
    // What somebody opens costs nothing and is nothing; what is paid for, or belongs to a victim, stays as it is.
    purchases: [
      ...await sql`select * from public.purchase where user_id = any(${
        ids.slice(0, 2)
      }) or status <> 'opened' order by id`,
    ],
    conversations: [...await sql`select * from public.conversations where user_id = any(${ids}) order by id`],
    objects: (await Promise.all(customers.map((one) => one.objects()))).flat(),
  };
}

/** Sends it; nothing where it cannot even be written down as a request. */
async function send({ path, init }: Attack): Promise<Answer | undefined> {
  let request: Request;
  try {
    request = new Request(hub.stack.url + path, init);
  } catch {
    return undefined;
  }
  const response = await hub.fetch(request);
  const text = await response.text();
  let body;
  try {
    body = text === "" ? null : JSON.parse(text);
  } catch {
    body = text;
  }
  return { status: response.status, headers: response.headers, body };
}

/** Fails unless the answer is an error that the caller made, and says what it must and no more. */
function checkAnswer({ path, init, isHarmless }: Attack, answer: Answer): void {
  const { status, body } = answer;
  const told = `${status} ${JSON.stringify(body)?.slice(0, 300)}`;
  assert.ok(status < 500, told);
  if (path.startsWith("/rest/v1/")) {
    const name = /rpc\/(\w+)/.exec(path)?.[1];
    if (name && hubFunctions.includes(name)) {
      assert.ok(status >= 400 && body?.outcome === undefined, `the hub's alone: ${told}`);
    } else if (name === "reserve_generation" && status === 200) {
      assert.ok(!["reserved", "queued"].includes(body.outcome), `nothing of his pays: ${told}`);
    } else if (name === "purchase_status" && status === 200) {
      assert.ok(["purchase_not_found", "unauthorized"].includes(body.outcome), `somebody else's purchase: ${told}`);
    } else if (name === "open_purchase" && body?.outcome === "purchase") {
      assert.equal(body.purchase.status, "opened", `nobody paid: ${told}`);
    } else if (!name) {
      // What row level security hides is not there: nothing is changed, and nothing of it is told.
      assert.ok(status >= 400 || body === null || body.length === 0, `a table: ${told}`);
    }
    return;
  }
  if (init.method === "HEAD" || isHarmless && status === 204) return;
  // A path that is no function is the gateway's to refuse.
  if (body?.code === "NOT_FOUND") return;
  // His own finished request is answered as it was.
  if (status === 200) assert.deepEqual([body.success, body.creditsUsed], [true, 3], told);
  else {
    assert.ok(codes.includes(body?.code), told);
    assertError(answer, body.code);
  }
}

hub.test(`${runs} hostile requests of the seed ${seed} get what they deserve and change nothing`, async (bench) => {
  await hub.sql`update private.rate_limit set per_minute = 1000000, burst = 1000000`;
  const { loot, victims, attacker } = await scene(bench);
  const everybody = [...victims, attacker];
  const before = await belongings(everybody);
  const drawn = (await bench.engine.requests("")).length;
  const kept = () =>
    hub.sql`select (select count(*)::int from private.refused_phrase) as phrases,
      (select count(*)::int from private.payment_event) as events, (select count(*)::int from private.refund) as refunds,
      (select count(*)::int from private.payment_alert) as alerts,
      (select count(*)::int from private.payment_evidence where kind <> 'opened') as evidence`;
  const keptBefore = [...await kept()];

  const source = new Attacker(new Dice(seed), loot);
  const attacks: Attack[] = [];
  for (let count = 0; count < runs; count++) attacks.push(await source.next());
  const tally: Record<string, number> = {};
  const wrong: string[] = [];
  let at = 0;
  const attack = async () => {
    for (let index = at++; index < attacks.length; index = at++) {
      const one = attacks[index]!;
      const answer = await send(one);
      const what = answer ? `${answer.status} ${answer.body?.code ?? answer.body?.outcome ?? ""}`.trim() : "no request";
      tally[what] = (tally[what] ?? 0) + 1;
      try {
        if (answer) checkAnswer(one, answer);
      } catch (error) {
        const sent = `${one.init.method} ${one.path.slice(0, 120)}`;
        const body = typeof one.init.body === "string" ? one.init.body.slice(0, 300) : "bytes or nothing";
        wrong.push(
          `${index}: ${sent} ${JSON.stringify(one.init.headers).slice(0, 300)} ${body}: ${(error as Error).message}`,
        );
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, attack));
  assert.deepEqual(wrong, []);
  // It is a fuzzer only if it gets to the different places; each of these is met ten times and more in the usual number.
  const reached = new Set(Object.keys(tally).map((what) => what.split(" ")[1]));
  const missed = places.filter((code) => !reached.has(code));
  assert.ok(runs < 1_000 || missed.length === 0, `never met ${missed}: ${JSON.stringify(tally)}`);
  assert.ok((tally["no request"] ?? 0) < runs / 5, JSON.stringify(tally));
  console.log(`${runs} requests of the seed ${seed}:`, tally);

  assert.deepEqual(await belongings(everybody), before, "nothing of anybody has changed");
  assert.equal((await bench.engine.requests("")).length, drawn, "no engine was asked");
  assert.deepEqual([...await kept()], keptBefore);
  for (const one of victims) {
    for (const { request_id } of await one.rows()) assert.ok((await one.cancel(request_id)).status < 300);
  }
});

hub.test(`a customer who speaks to the ledger himself holds no more than his plan, and nothing that a table forbids, seed ${seed}`, async (bench) => {
  await hub.sql`update private.rate_limit set per_minute = 1000000, burst = 1000000`;
  const one = await bench.customer();
  const sessionId = await one.grant("pro");
  const dice = new Dice(seed);
  const loot: Loot = {
    publishableKey: hub.stack.publishableKey,
    jwtSecret: hub.jwtSecret,
    own: { id: one.id, token: one.token, sessions: [sessionId], requestIds: [] },
    others: {
      ids: [one.id],
      sessions: [sessionId],
      requestIds: [],
      conversations: [],
      objects: [],
      pictures: [],
      purchases: [],
    },
    marker: bench.marker,
  };
  const source = new Attacker(dice, loot);
  const asks = Array.from({ length: Math.ceil(runs / 3) }, () => source.reservation(sessionId));
  const outcomes: Record<string, number> = {};
  let at = 0;
  const ask = async () => {
    for (let index = at++; index < asks.length; index = at++) {
      const { data, error, status } = await one.client.rpc("reserve_generation", asks[index]);
      assert.ok(
        status < 500,
        `${index}: ${status} ${JSON.stringify(error)} ${JSON.stringify(asks[index]).slice(0, 400)}`,
      );
      const what = error ? `${status} ${error.code}` : data.outcome;
      outcomes[what] = (outcomes[what] ?? 0) + 1;
      // Room is made again at once, so that many get as far as the table.
      if (["reserved", "queued"].includes(data?.outcome)) {
        await service(hub.stack).rpc("fail_generation", {
          user_id: one.id,
          request_id: asks[index]!.request_id,
          failure_code: "internal",
        });
      }
      const credits = await one.credits(sessionId);
      assert.ok(credits >= 0 && credits <= 15, String(credits));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, ask));
  console.log(`${asks.length} reservations of the seed ${seed}:`, outcomes);
  assert.ok((outcomes.reserved ?? 0) + (outcomes.queued ?? 0) > 10, JSON.stringify(outcomes));
  for (const row of await one.rows()) {
    assert.ok([512, 768, 1024].includes(row.width) && [512, 768, 1024].includes(row.height), JSON.stringify(row));
    assert.ok(row.steps >= 10 && row.steps <= 50 && Number(row.cfg_scale) >= 1 && Number(row.cfg_scale) <= 20);
    assert.ok(Number(row.seed) >= 0 && Number(row.seed) < 2 ** 32);
    assert.ok(row.prompt.length > 0 && [...row.prompt].length <= 2_000);
    // deno-lint-ignore no-control-regex -- they are what is searched for
    assert.doesNotMatch(
      row.prompt + (row.negative_prompt ?? ""),
      /[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/,
    );
    assert.ok(["failed", "running", "queued"].includes(row.status), "nothing of it is a picture");
  }
  for (const request_id of new Set((await one.rows()).map((row) => row.request_id))) {
    const released = await service(hub.stack).rpc("fail_generation", {
      user_id: one.id,
      request_id,
      failure_code: "internal",
    });
    assert.equal(released.error, null);
  }
  assert.equal(await one.credits(sessionId), 15);
});
