/**
 * Races for what waits in the queue: between workers, and between a worker and the customer, the sweeper and the clock.
 *
 * Owns: that a picture is claimed by one worker, and that whoever comes second finds what the first has done. Every one of
 * them commits.
 */
import type { Hours, Hub } from "./hub.ts";
import { overlap, type Race, whileWaiting } from "./overlap.ts";
import type { Session } from "./session.ts";

/** The requests whose pictures a claim answered. */
const claimed = (answer: Record<string, unknown>) =>
  (answer.generations as { requestId: string }[]).map((work) => work.requestId);

/** Claims in a session of psql, and commits. */
const claim = async (hub: Hub, session: Session, count = 1) =>
  claimed(await session.json(`begin; ${hub.claim(count)} commit;`));

/** A session with one request that a worker of the queue has claimed, and under which lease. */
async function working(hub: Hub, request: string): Promise<{ session: Hours; lease: string }> {
  const { session } = await hub.waiting(request);
  await claim(hub, hub.witness);
  return { session, lease: await hub.leaseOf(session, request) };
}

/** The states of a session's pictures, how many were counted, and how many credits are left. */
async function books(hub: Hub, session: Hours): Promise<[string, string, string]> {
  await hub.booksAreRight(session);
  const left = await hub.value(
    `select private.balance(session, private.clock()) ->> 'creditsRemaining' from public.user_sessions as session ` +
      `where id = '${session.id}'`,
  );
  return [await hub.states(session), await hub.generated(session), left];
}

const sweep = "select jsonb_build_object('released', public.expire_generations());";

export const queueRaces: Record<string, Race> = {
  "I7: of two workers who claim at once each gets a picture of his own": async (hub, first, second) => {
    const [one, two] = [await hub.waiting("a"), await hub.waiting("b")];
    const { before, after } = await overlap(hub, first, second, hub.claim(1), hub.claim(1));
    hub.equal([claimed(before), claimed(after)], [[hub.id("a")], [hub.id("b")]]);
    hub.equal([await hub.states(one.session), await hub.states(two.session)], ["running 1", "running 1"]);
  },
  "I7: and where there is one picture one of them gets it": async (hub, first, second) => {
    const { session } = await hub.waiting("a");
    const { before, after } = await overlap(hub, first, second, hub.claim(4), hub.claim(4));
    hub.equal([claimed(before), claimed(after), after.waitMs], [[hub.id("a")], [], null]);
    hub.equal(await hub.states(session), "running 1");
  },
  "I7: and if he gives up, the other does": async (hub, first, second) => {
    const { session } = await hub.waiting("a");
    const { after } = await overlap(hub, first, second, hub.claim(4), hub.claim(4), "rollback");
    hub.equal([claimed(after), await hub.states(session)], [[hub.id("a")], "running 1"]);
  },
  "no more are drawn at once than may be, whoever claims": async (hub, first, second) => {
    for (const request of ["a", "b", "c"]) await hub.waiting(request);
    const { before, after } = await overlap(hub, first, second, hub.claim(2, 2), hub.claim(2, 2));
    hub.equal([claimed(before), claimed(after)], [[hub.id("a"), hub.id("b")], []]);
  },
  "a worker passes over the session of a request, and waits for nobody": async (hub, first, second) => {
    const { session } = await hub.waiting("a");
    await hub.waiting("b");
    await first.run(`begin; select from public.user_sessions where id = '${session.id}' for update;`);
    hub.equal(await claim(hub, second, 4), [hub.id("b")]);
    await first.run("commit;");
    hub.equal(await claim(hub, second, 4), [hub.id("a")]);
  },
  "claimed and then taken back, it runs and is marked": async (hub, first, second) => {
    const { session } = await hub.waiting("a");
    const { before, after } = await overlap(hub, first, second, hub.claim(1), hub.cancel(session, "a"));
    hub.equal([claimed(before), after.outcome, after.cancelling], [[hub.id("a")], "running", true]);
    hub.equal(await books(hub, session), ["running 1", "0", "2"]);
  },
  "taken back and then claimed, it is not claimed": async (hub, first, second) => {
    const { session } = await hub.waiting("a");
    hub.equal((await first.json(`begin; ${hub.cancel(session, "a")}`)).outcome, "failed");
    hub.equal(await claim(hub, second), []);
    await first.run("commit;");
    hub.equal(await claim(hub, second), []);
    hub.equal(await books(hub, session), ["failed 1", "0", "3"]);
  },
  "I7: completed and then taken back, it is the customer's and costs its credit": async (hub, first, second) => {
    const { session } = await working(hub, "a");
    const { after } = await overlap(hub, first, second, hub.complete(session, "a"), hub.cancel(session, "a"));
    hub.equal([after.outcome, after.cancelling], ["completed", false]);
    hub.equal(await books(hub, session), ["completed 1", "1", "2"]);
  },
  "I7: taken back and then completed, it is as well": async (hub, first, second) => {
    const { session } = await working(hub, "a");
    const { before, after } = await overlap(hub, first, second, hub.cancel(session, "a"), hub.complete(session, "a"));
    hub.equal([before.outcome, after.outcome], ["running", "completed"]);
    hub.equal(await books(hub, session), ["completed 1", "1", "2"]);
  },
  "I7: taken back and then put back, it is given up": async (hub, first, second) => {
    const { session, lease } = await working(hub, "a");
    const { after } = await overlap(hub, first, second, hub.cancel(session, "a"), hub.requeue(lease));
    hub.equal([after.outcome, await books(hub, session)], ["failed", ["failed 1", "0", "3"]]);
  },
  "I7: put back and then taken back, it is given up at once": async (hub, first, second) => {
    const { session, lease } = await working(hub, "a");
    const { before, after } = await overlap(hub, first, second, hub.requeue(lease), hub.cancel(session, "a"));
    hub.equal([before.outcome, after.outcome, after.cancelling], ["queued", "failed", false]);
    hub.equal(await books(hub, session), ["failed 1", "0", "3"]);
  },
  "I7: put back twice at once, it waits once": async (hub, first, second) => {
    const { session, lease } = await working(hub, "a");
    const { before, after } = await overlap(hub, first, second, hub.requeue(lease), hub.requeue(lease));
    hub.equal([before.outcome, after.outcome, await hub.states(session)], ["queued", "expired", "queued 1"]);
  },
  "I7: put back and then completed under its old lease, it waits on": async (hub, first, second) => {
    const { session, lease } = await working(hub, "a");
    const late = hub.complete(session, "a").replace(/\)\);$/, `), lease_id => '${lease}');`);
    const { after } = await overlap(hub, first, second, hub.requeue(lease), late);
    hub.equal([after.outcome, await books(hub, session)], ["running", ["queued 1", "0", "2"]]);
  },
  "I7: a sweeper passes over what is being put back, though its lease runs out meanwhile": async (
    hub,
    first,
    second,
  ) => {
    const { session, lease } = await working(hub, "a");
    hub.equal((await first.json(`begin; ${hub.requeue(lease)}`)).outcome, "queued");
    await second.run(`begin; ${hub.laterBy("10 minutes")} ${sweep} rollback;`);
    await first.run("commit;");
    hub.equal(await books(hub, session), ["queued 1", "0", "2"]);
  },
  "I7: I12: expired and then put back, it stays expired": async (hub, first, second) => {
    const { session, lease } = await working(hub, "a");
    await hub.letLeaseRunOut(session);
    const { before, after } = await overlap(hub, first, second, sweep, hub.requeue(lease));
    hub.equal([before.released, after.outcome], [1, "expired"]);
    hub.equal(await books(hub, session), ["expired 1", "0", "3"]);
  },
  "I12: what is put back by who had to wait until its lease was over stays expired": async (hub, first, second) => {
    const { session, lease } = await working(hub, "a");
    const expire = () => hub.letLeaseRunOut(session);
    const { outcome } = await whileWaiting(hub, first, second, session.id, hub.requeue(lease), expire);
    hub.equal([outcome, await books(hub, session)], ["expired", ["expired 1", "0", "3"]]);
  },
  "I7: a sweeper passes over a lease that is being renewed": async (hub, first, second) => {
    const { session, lease } = await working(hub, "a");
    hub.equal((await first.json(`begin; ${hub.renew(lease)}`)).held, true);
    await second.run(`begin; ${hub.laterBy("61 seconds")} ${sweep} rollback;`);
    await first.run("commit;");
    hub.equal(await books(hub, session), ["running 1", "0", "2"]);
  },
  "I7: I12: a lease that was ended while its worker waited is not renewed": async (hub, first, second) => {
    const { session, lease } = await working(hub, "a");
    await hub.letLeaseRunOut(session);
    const { before, after } = await overlap(hub, first, second, sweep, hub.renew(lease));
    hub.equal([before.released, after.held], [1, false]);
    hub.equal(await books(hub, session), ["expired 1", "0", "3"]);
  },
  "I12: a lease that ran out while its worker waited is not renewed": async (hub, first, second) => {
    const { session, lease } = await working(hub, "a");
    const expire = () => hub.letLeaseRunOut(session);
    const { held } = await whileWaiting(hub, first, second, session.id, hub.renew(lease), expire);
    hub.equal([held, await hub.states(session)], [false, "running 1"]);
  },
  "I7: completed and then renewed, it is settled": async (hub, first, second) => {
    const { session, lease } = await working(hub, "a");
    const { after } = await overlap(hub, first, second, hub.complete(session, "a"), hub.renew(lease));
    hub.equal([after.held, await books(hub, session)], [false, ["completed 1", "1", "2"]]);
  },
  "I7: renewed and then completed, it is charged": async (hub, first, second) => {
    const { session, lease } = await working(hub, "a");
    const { after } = await overlap(hub, first, second, hub.renew(lease), hub.complete(session, "a"));
    hub.equal([after.outcome, await books(hub, session)], ["completed", ["completed 1", "1", "2"]]);
  },
  "I9: what waits and what is drawn at once share the credits": async (hub, first, second) => {
    const { session } = await hub.sessionWith(1);
    const { before, after } = await overlap(hub, first, second, hub.queue(session, "a"), hub.reserve(session, "b"));
    hub.equal([before.outcome, after.outcome], ["queued", "credits_exhausted"]);
    hub.equal(await books(hub, session), ["completed 2, queued 1", "2", "0"]);
  },
  "I11: one id at once and in the queue is one request": async (hub, first, second) => {
    const { session } = await hub.sessionWith(3);
    const { before, after } = await overlap(hub, first, second, hub.reserve(session, "a"), hub.queue(session, "a"));
    hub.equal([before.outcome, after.outcome, await hub.states(session)], [
      "reserved",
      "request_in_progress",
      "running 1",
    ]);
  },
};
