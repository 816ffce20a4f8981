/**
 * Storms on one session of the hub: many connections that hold, settle or ask for the same thing.
 *
 * Owns: what they may do to credits and holds. Those on the queue, the engines and the limits are queue_storms.ts's.
 */
import type { Database } from "./database.ts";
import type { Hours, Hub } from "./hub.ts";
import { CONNECTIONS, many, noErrors, storm, tally } from "./storm.ts";

const gateOf = (session: Hours) => `select from public.user_sessions where id = '${session.id}' for update`;

async function counts(hub: Hub, database: Database, session: Hours, statements: string[]) {
  return tally(await storm(hub, database, gateOf(session), statements));
}

export const storms: Record<string, (hub: Hub, database: Database) => Promise<void>> = {
  "I9: 32 connections, 3 credits: 3 are held": async (hub, database) => {
    const { session } = await hub.sessionWith(3);
    const counted = await counts(hub, database, session, many((place) => hub.reserve(session, `storm ${place}`)));
    hub.equal(counted, { credits_exhausted: CONNECTIONS - 3, reserved: 3 });
    hub.equal(await hub.states(session), "running 3");
  },
  "I9: 32 batches of two, 3 credits: one is held": async (hub, database) => {
    const { session } = await hub.sessionWith(3);
    const counted = await counts(hub, database, session, many((place) => hub.reserve(session, `pair ${place}`, 2)));
    hub.equal(counted, { credits_exhausted: CONNECTIONS - 1, reserved: 1 });
    hub.equal(await hub.states(session), "running 2");
  },
  "I11: 32 connections, one id: 1 is held": async (hub, database) => {
    const { session } = await hub.sessionWith(3);
    const counted = await counts(hub, database, session, many(() => hub.reserve(session, "one for all")));
    hub.equal(counted, { request_in_progress: CONNECTIONS - 1, reserved: 1 });
    hub.equal(await hub.states(session), "running 1");
  },
  "I7: 32 connections settle one request, each in its way: it is settled once": async (hub, database) => {
    const { session } = await hub.running("settle");
    const settle = many((place) => place % 2 === 0 ? hub.complete(session, "settle") : hub.fail(session, "settle"));
    const counted = await counts(hub, database, session, settle);
    const outcome = Object.keys(counted)[0] ?? "none";
    hub.equal(counted, { [outcome]: CONNECTIONS });
    hub.equal(await hub.states(session), `${outcome} 1`);
    hub.equal(await hub.generated(session), outcome === "completed" ? "1" : "0");
  },
  "I7: I9: 32 connections do everything to one request at once: its books are right": async (hub, database) => {
    const { session } = await hub.running("everything", 3);
    const lease = await hub.leaseOf(session, "everything");
    const deeds = [
      hub.complete(session, "everything"),
      hub.fail(session, "everything"),
      hub.cancel(session, "everything"),
      hub.renew(lease),
      hub.requeue(lease),
      hub.reserve(session, "everything", 3),
      hub.queue(session, "another", 1),
      "select jsonb_build_object('outcome', 'swept', 'released', public.expire_generations());",
    ];
    await hub.letLeaseRunOut(session);
    // The sweeper passes over a session that somebody holds: it is held back by the whole table.
    const gate = "lock table public.user_sessions in access exclusive mode";
    noErrors(await storm(hub, database, gate, many((place) => deeds[place % deeds.length] ?? "")));
    await hub.booksAreRight(session);
  },
  "I9: 32 connections put into the queue, 3 credits: 3 wait, each in a round of its own": async (hub, database) => {
    const { session } = await hub.sessionWith(3);
    const counted = await counts(hub, database, session, many((place) => hub.queue(session, `wait ${place}`)));
    hub.equal(counted, { credits_exhausted: CONNECTIONS - 3, queued: 3 });
    hub.equal(await hub.states(session), "queued 3");
    hub.equal(await hub.turns(session), "0, 1, 2");
  },
  "I11: 32 connections put one id into the queue: it waits once, and all are told its place": async (hub, database) => {
    const { session } = await hub.sessionWith(3);
    const counted = await counts(hub, database, session, many(() => hub.queue(session, "one to wait", 2)));
    hub.equal(counted, { queued: CONNECTIONS });
    hub.equal([await hub.states(session), await hub.turns(session)], ["queued 2", "0, 1"]);
  },
};
