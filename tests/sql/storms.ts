/**
 * Many connections at once: all of them are first seen waiting for one lock, and then let go.
 *
 * Owns: the storms and how their answers are counted. Any error of the server, a deadlock or a failed serialization
 * above all, is an answer that no storm expects.
 */
import postgres from "postgres";
import { clientOptions, type Database } from "./database.ts";
import type { Hours, Hub } from "./hub.ts";
import { Session } from "./session.ts";

const CONNECTIONS = 32;
const DEADLINE_MS = 30_000;

/** Runs each statement in a connection of its own, all at once, and counts how often each outcome was answered. */
async function storm(
  hub: Hub,
  database: Database,
  session: Hours,
  statements: string[],
): Promise<Record<string, number>> {
  const name = `storm ${crypto.randomUUID()}`;
  const client = postgres({
    ...clientOptions(database),
    max: statements.length,
    connection: { application_name: name },
  });
  const counted: Record<string, number> = {};
  // Not the witness: what a session sees of the others stands still while it is in a transaction.
  const gate = await Session.open(database);
  try {
    await gate.run(`begin; select from public.user_sessions where id = '${session.id}' for update;`);
    const answers = statements.map(async (sql) => {
      const rows = await client.begin((connection) => connection.unsafe(sql).simple()).catch((error) => error);
      const outcome = rows instanceof Error ? `error: ${rows.message}` : outcomeOf(rows);
      counted[outcome] = (counted[outcome] ?? 0) + 1;
    });
    const deadline = Date.now() + DEADLINE_MS;
    const waiting =
      `select count(*) from pg_stat_activity where application_name = '${name}' and wait_event_type = 'Lock'`;
    while (await hub.value(waiting) !== String(statements.length)) {
      if (Date.now() > deadline) throw new Error(`not all were seen waiting: ${JSON.stringify(counted)}`);
    }
    await gate.run("commit;");
    await Promise.all(answers);
  } finally {
    await gate.close();
    await client.end();
  }
  return Object.fromEntries(Object.entries(counted).sort());
}

/** The outcome in the last result of several statements. */
function outcomeOf(results: unknown): string {
  const rows = JSON.parse(JSON.stringify(results)).flat();
  const last = rows[rows.length - 1] as Record<string, { outcome: string }> | undefined;
  return Object.values(last ?? {})[0]?.outcome ?? "nothing";
}

const many = <T>(make: (place: number) => T) => Array.from({ length: CONNECTIONS }, (_, place) => make(place));

export const storms: Record<string, (hub: Hub, database: Database) => Promise<void>> = {
  "I9: 32 connections, 3 credits: 3 are held": async (hub, database) => {
    const { session } = await hub.sessionWith(3);
    const counted = await storm(hub, database, session, many((place) => hub.reserve(session, `storm ${place}`)));
    hub.equal(counted, { credits_exhausted: CONNECTIONS - 3, reserved: 3 });
    hub.equal(await hub.states(session), "running 3");
  },
  "I9: 32 batches of two, 3 credits: one is held": async (hub, database) => {
    const { session } = await hub.sessionWith(3);
    const counted = await storm(hub, database, session, many((place) => hub.reserve(session, `pair ${place}`, 2)));
    hub.equal(counted, { credits_exhausted: CONNECTIONS - 1, reserved: 1 });
    hub.equal(await hub.states(session), "running 2");
  },
  "I11: 32 connections, one id: 1 is held": async (hub, database) => {
    const { session } = await hub.sessionWith(3);
    const counted = await storm(hub, database, session, many(() => hub.reserve(session, "one for all")));
    hub.equal(counted, { request_in_progress: CONNECTIONS - 1, reserved: 1 });
    hub.equal(await hub.states(session), "running 1");
  },
  "I7: 32 connections settle one request, each in its way: it is settled once": async (hub, database) => {
    const { session } = await hub.running("settle");
    const settle = many((place) => place % 2 === 0 ? hub.complete(session, "settle") : hub.fail(session, "settle"));
    const counted = await storm(hub, database, session, settle);
    const outcome = Object.keys(counted)[0] ?? "none";
    hub.equal(counted, { [outcome]: CONNECTIONS });
    hub.equal(await hub.states(session), `${outcome} 1`);
    hub.equal(await hub.generated(session), outcome === "completed" ? "1" : "0");
  },
};
