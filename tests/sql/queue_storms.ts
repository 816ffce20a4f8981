/**
 * Storms on what is everybody's: the queue, the turns of an engine, the allowances.
 *
 * Owns: that many workers never get the same picture, that no budget is overdrawn, and that nobody waits for ever.
 */
import postgres from "postgres";
import { clientOptions, type Database } from "./database.ts";
import type { Hub } from "./hub.ts";
import { type Answer, CONNECTIONS, many, noErrors, storm, tally } from "./storm.ts";

/** Holds back whatever touches a session. */
const GATE = "lock table public.user_sessions in access exclusive mode";

/** The ids of all pictures that claims answered. */
const claimed = (answers: Answer[]) =>
  answers.flatMap((answer) =>
    (answer.generations as { generation: { id: string } }[]).map((work) => work.generation.id)
  );

/** How many pictures of the given sessions are in each state. */
async function statesOf(hub: Hub, sessions: { id: string }[]): Promise<string> {
  return await hub.value(
    `select string_agg(status || ' ' || rows, ', ' order by status) from (select status, count(*) as rows from ` +
      `public.image_generations where session_id in (${sessions.map(({ id }) => `'${id}'`).join(", ")}) ` +
      `group by status) as counted`,
  );
}

export const queueStorms: Record<string, (hub: Hub, database: Database) => Promise<void>> = {
  "I7: 32 workers, 20 pictures: each is claimed by one": async (hub, database) => {
    const sessions = await hub.sessions(20);
    for (const session of sessions) await hub.witness.run(`begin; ${hub.queue(session, `of ${session.id}`)} commit;`);
    const answers = await storm(hub, database, GATE, many(() => hub.claim(1)));
    noErrors(answers);
    const pictures = claimed(answers);
    hub.equal([pictures.length, new Set(pictures).size], [20, 20]);
    hub.equal(await statesOf(hub, sessions), "running 20");
    hub.equal(
      await hub.value(`select count(distinct lease_id) from public.image_generations where status = 'running'`),
      "20",
    );
  },
  "I7: 32 workers of four pictures each, one customer's 3 and another's 3: all six are claimed once": async (
    hub,
    database,
  ) => {
    const sessions = await hub.sessions(2);
    for (const session of sessions) {
      await hub.witness.run(`begin; ${hub.queue(session, `of ${session.id}`, 3)} commit;`);
    }
    const answers = await storm(hub, database, GATE, many(() => hub.claim(4)));
    noErrors(answers);
    const pictures = claimed(answers);
    hub.equal([pictures.length, new Set(pictures).size], [6, 6]);
  },
  "32 workers, four pictures may be drawn at once: four are": async (hub, database) => {
    const sessions = await hub.sessions(10);
    for (const session of sessions) await hub.witness.run(`begin; ${hub.queue(session, `of ${session.id}`)} commit;`);
    const answers = await storm(hub, database, GATE, many(() => hub.claim(4, 4)));
    noErrors(answers);
    hub.equal([claimed(answers).length, await statesOf(hub, sessions)], [4, "queued 6, running 4"]);
  },
  "I7: 32 connections claim, take back and put into the queue: all books are right": async (hub, database) => {
    const sessions = await hub.sessions(8);
    for (const session of sessions) await hub.witness.run(`begin; ${hub.queue(session, `of ${session.id}`)} commit;`);
    const answers = await storm(
      hub,
      database,
      GATE,
      many((place) => {
        const session = sessions[place % sessions.length] ?? { id: "", customer: "" };
        const deeds = [
          hub.claim(2),
          hub.cancel(session, `of ${session.id}`),
          hub.queue(session, `more of ${session.id}`, 2),
          "select jsonb_build_object('outcome', 'ticked', 'ended', private.tick());",
        ];
        return deeds[Math.floor(place / sessions.length)] ?? "";
      }),
    );
    noErrors(answers);
    for (const session of sessions) await hub.booksAreRight(session);
    const states = await statesOf(hub, sessions);
    hub.equal(/^(failed \d+, )?(queued \d+, )?running \d+$|^failed 8, queued 16$/.test(states) ? "" : states, "");
  },
  "I9: 32 connections of eight customers put into the queue: each gets his credits' worth, one a round": async (
    hub,
    database,
  ) => {
    const sessions = await hub.sessions(8);
    const answers = await storm(
      hub,
      database,
      GATE,
      many((place) => {
        const session = sessions[place % sessions.length];
        return session ? hub.queue(session, `wait ${place}`) : "";
      }),
    );
    hub.equal(tally(answers), { credits_exhausted: 8, queued: 24 });
    for (const session of sessions) hub.equal(await hub.turns(session), "0, 1, 2");
  },
  "one customer puts into the queue from two sessions at once, as limits are shipped: one a round": async (
    hub,
    database,
  ) => {
    await hub.setLimits([{ scope: "customer", per_minute: 30, burst: 60 }]);
    const one = await hub.sessionWith(3);
    const two = await hub.sessionWith(3, one.customer);
    const answers = await storm(
      hub,
      database,
      GATE,
      many((place) => {
        return hub.queue(place % 2 === 0 ? one.session : two.session, `wait ${place}`);
      }),
    );
    hub.equal(tally(answers), { credits_exhausted: CONNECTIONS - 6, queued: 6 });
    hub.equal(
      await hub.value(
        `select count(distinct queue_turn) from public.image_generations where user_id = '${one.customer}'`,
      ),
      "6",
    );
  },
  "32 connections ask for an account's turns: five have one": async (hub, database) => {
    await hub.value("insert into private.engine_budget (account, turns_per_hour) values ('race', 5) returning 1");
    const take = "set local role service_role; select public.take_engine_turn('race', true);";
    const gate = "select from private.engine_budget where account = 'race' for update";
    const answers = await storm(hub, database, gate, many(() => take));
    noErrors(answers);
    hub.equal(answers.filter(({ granted }) => granted).length, 5);
    hub.equal(answers.filter(({ waitMs }) => Number(waitMs) > 3_590_000).length, CONNECTIONS - 5);
    hub.equal(await hub.value("select count(*) from private.engine_turn where account = 'race'"), "5");
  },
  "32 requests of one customer, ten allowed: ten are": async (hub, database) => {
    await hub.setLimits([{ scope: "customer", per_minute: 1, burst: 10 }]);
    const { session } = await hub.sessionWith(3);
    await hub.value("delete from private.rate_bucket");
    const answers = await storm(hub, database, GATE, many((place) => hub.reserve(session, `limit ${place}`)));
    hub.equal(tally(answers), { credits_exhausted: 7, rate_limited: CONNECTIONS - 10, reserved: 3 });
  },
  "32 customers from one address, twenty allowed: twenty are, and nobody waits for ever": async (hub, database) => {
    const sessions = await hub.sessions(CONNECTIONS);
    await hub.setLimits([
      { scope: "customer", per_minute: 30, burst: 60 },
      { scope: "address", per_minute: 1, burst: 20 },
    ]);
    const key = await hub.value("select public.address_key()");
    const seal = await hub.value(
      `select encode(sha256(convert_to('${key}' || E'\\n192.0.2.1\\n' || '${key}', 'UTF8')), 'hex')`,
    );
    const from = `, client_address => '192.0.2.1', address_seal => '${seal}'`;
    const answers = await storm(
      hub,
      database,
      GATE,
      sessions.map((session) => hub.reserve(session, "sealed", 1, from)),
    );
    hub.equal(tally(answers), { rate_limited: CONNECTIONS - 20, reserved: 20 });
  },
  "32 connections report and draw with two engines, in either order: nobody waits for ever": async (hub, database) => {
    const { session } = await hub.sessionWith(3);
    const requests = ["a", "b"];
    await hub.witness.run(`begin; ${hub.reserve(session, "a", 2)} commit;`);
    const settle = (request: string, engines: string[]) =>
      `set local role service_role; select public.complete_generation('${session.customer}', '${hub.id(request)}', ` +
      `'${
        JSON.stringify(engines.map((engine) => ({ id: crypto.randomUUID(), engine })))
      }', lease_id => gen_random_uuid());`;
    const report = (engine: string) =>
      `set local role service_role; select jsonb_build_object('outcome', 'reported') from ` +
      `public.report_engine('${engine}', 'engine_failed');`;
    const statements = many((place) => {
      const engines = place % 4 < 2 ? ["race:a", "race:b"] : ["race:b", "race:a"];
      return place % 2 === 0 ? settle(requests[0] ?? "", engines) : report(engines[0] ?? "");
    });
    await hub.value(
      "insert into private.engine_standing (engine, failure_code, failures, failed_at) select engine, 'x', 1, now() " +
        "from unnest('{race:a,race:b}'::text[]) as engine returning 1",
    );
    const gate = "select from private.engine_standing where engine like 'race:%' for update";
    noErrors(await storm(hub, database, `${GATE}; ${gate}`, statements));
  },
  "what is put into the queue is told to who listens": async (hub, database) => {
    const { session } = await hub.sessionWith(3);
    const client = postgres({ ...clientOptions(database), max: 1 });
    try {
      const heard = new Promise<string>((resolve, reject) => {
        client.listen("hub_queue", resolve).catch(reject);
      });
      // Told twice, in case that the first time nobody listened yet.
      await client`select 1`;
      await hub.witness.run(`begin; ${hub.queue(session, "first")} commit;`);
      await hub.witness.run(`begin; ${hub.queue(session, "second")} commit;`);
      hub.equal(await heard, "");
    } finally {
      await client.end();
    }
  },
};
