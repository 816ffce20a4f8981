/**
 * Many connections at once: all of them are first seen waiting for one lock, and then let go.
 *
 * Owns: how a storm is raised and how its answers are counted. Any error of the server, a deadlock or a failed
 * serialization above all, is an answer that no storm expects.
 */
import postgres from "postgres";
import { clientOptions, type Database } from "./database.ts";
import type { Hub } from "./hub.ts";
import { Session } from "./session.ts";

/** How many connections a storm has. */
export const CONNECTIONS = 32;
const DEADLINE_MS = 30_000;
/** Whoever waits longer waits for ever, and is told so instead. */
export const STATEMENT_MS_MAX = 60_000;

/** One statement a connection. */
export const many = <T>(make: (place: number) => T): T[] =>
  Array.from({ length: CONNECTIONS }, (_, place) => make(place));

/** What a function answered in a storm; a server's error is `{ outcome: "error: …" }`. */
export type Answer = Record<string, unknown>;

/**
 * Runs each statement in a connection of its own, all at once, and answers what each was answered, in no order. The gate
 * is what holds them all back until the last is there.
 */
export async function storm(hub: Hub, database: Database, gate: string, statements: string[]): Promise<Answer[]> {
  const name = `storm ${crypto.randomUUID()}`;
  const client = postgres({
    ...clientOptions(database),
    max: statements.length,
    connection: { application_name: name, statement_timeout: STATEMENT_MS_MAX },
  });
  const answers: Answer[] = [];
  // Not the witness: what a session sees of the others stands still while it is in a transaction.
  const keeper = await Session.open(database);
  try {
    await keeper.run(`begin; ${gate};`);
    const asked = statements.map(async (sql) => {
      const rows = await client.begin((connection) => connection.unsafe(sql).simple()).catch((error) => error);
      answers.push(rows instanceof Error ? { outcome: `error: ${rows.message}` } : answerOf(rows));
    });
    const deadline = Date.now() + DEADLINE_MS;
    const waiting =
      `select count(*) from pg_stat_activity where application_name = '${name}' and wait_event_type = 'Lock'`;
    while (await hub.value(waiting) !== String(statements.length)) {
      if (Date.now() > deadline) throw new Error(`not all were seen waiting: ${JSON.stringify(tally(answers))}`);
    }
    await keeper.run("commit;");
    await Promise.all(asked);
  } finally {
    await keeper.close();
    await client.end();
  }
  return answers;
}

/** How often each outcome was answered. */
export function tally(answers: Answer[]): Record<string, number> {
  const counted: Record<string, number> = {};
  for (const { outcome } of answers) counted[String(outcome)] = (counted[String(outcome)] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counted).sort());
}

/** Throws where a connection was answered with an error of the server. */
export function noErrors(answers: Answer[]): void {
  const errors = answers.filter(({ outcome }) => String(outcome).startsWith("error"));
  if (errors.length > 0) throw new Error(JSON.stringify(tally(errors)));
}

/** The answer in the last result of several statements. */
export function answerOf(results: unknown): Answer {
  const rows = JSON.parse(JSON.stringify(results)).flat();
  const last = Object.values((rows[rows.length - 1] ?? {}) as Record<string, unknown>)[0];
  return typeof last === "object" && last !== null ? last as Answer : { outcome: String(last ?? "nothing") };
}
