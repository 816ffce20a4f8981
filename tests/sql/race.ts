/**
 * Races for credits between real sessions of the database of SUPABASE_DB_URL: `deno run -A tests/sql/race.ts`.
 *
 * Owns: the order of the races of two, in which the first session holds its transaction open until the second is seen
 * waiting, and the storms of many connections, which are let go at once. What it writes it commits, for customers of its
 * own alone, and deletes again.
 */
import { databaseUnderTest } from "./database.ts";
import { Hub } from "./hub.ts";
import { overlap, type Race, whileWaiting } from "./overlap.ts";
import { engineRaces } from "./engine_races.ts";
import { purchaseRaces } from "./purchase_races.ts";
import { purchaseStorms } from "./purchase_storms.ts";
import { queueRaces } from "./queue_races.ts";
import { queueStorms } from "./queue_storms.ts";
import { removalRaces } from "./removal_races.ts";
import { parse, Session } from "./session.ts";
import { storms } from "./storms.ts";

const races: Record<string, Race> = {
  "I9: of two requests for the last credit one gets it": async (hub, first, second) => {
    const { session } = await hub.sessionWith(1);
    const { before, after } = await overlap(hub, first, second, hub.reserve(session, "a"), hub.reserve(session, "b"));
    hub.equal([before.outcome, after.outcome], ["reserved", "credits_exhausted"]);
    hub.equal(await hub.states(session), "completed 2, running 1");
  },
  "I9: and if the first gives up, the second gets it": async (hub, first, second) => {
    const { session } = await hub.sessionWith(1);
    const [one, two] = [hub.reserve(session, "a"), hub.reserve(session, "b")];
    const { after } = await overlap(hub, first, second, one, two, "rollback");
    hub.equal(after.outcome, "reserved");
    hub.equal(await hub.states(session), "completed 2, running 1");
  },
  "I9: a batch and a picture do not share a credit": async (hub, first, second) => {
    const { session } = await hub.sessionWith(2);
    const { after } = await overlap(hub, first, second, hub.reserve(session, "a"), hub.reserve(session, "b", 2));
    hub.equal([after.outcome, await hub.states(session)], ["credits_exhausted", "completed 1, running 1"]);
  },
  "I11: of two requests with one id one is held, and the other told that it runs": async (hub, first, second) => {
    const { session } = await hub.sessionWith(3);
    const { before, after } = await overlap(hub, first, second, hub.reserve(session, "a"), hub.reserve(session, "a"));
    hub.equal([before.outcome, after.outcome], ["reserved", "request_in_progress"]);
    hub.equal(await hub.states(session), "running 1");
  },
  "I11: one id on two sessions of a customer is two requests, of which the second is refused": async (
    hub,
    first,
    second,
  ) => {
    const one = await hub.sessionWith(3);
    const two = await hub.sessionWith(3, one.customer);
    const { before, after } = await overlap(
      ...[hub, first, second, hub.reserve(one.session, "a"), hub.reserve(two.session, "a")] as const,
    );
    hub.equal([before.outcome, after.outcome], ["reserved", "request_id_reused"]);
    hub.equal([await hub.states(one.session), await hub.states(two.session)], ["running 1", "none"]);
    hub.equal(await hub.value(`select status from public.user_sessions where id = '${two.session.id}'`), "ready");
  },
  "I11: and served if the first gives up": async (hub, first, second) => {
    const one = await hub.sessionWith(3);
    const two = await hub.sessionWith(3, one.customer);
    const [held, waiting] = [hub.reserve(one.session, "a"), hub.reserve(two.session, "a")];
    const { after } = await overlap(hub, first, second, held, waiting, "rollback");
    hub.equal([after.outcome, await hub.states(two.session)], ["reserved", "running 1"]);
  },
  "I11: one id of two customers is no race at all": async (hub, first, second) => {
    const one = await hub.sessionWith(3);
    const two = await hub.sessionWith(3);
    const before = await first.json(`begin; ${hub.reserve(one.session, "same")}`);
    const after = await second.json(`begin; ${hub.reserve(two.session, "same")} commit;`);
    await first.run("commit;");
    hub.equal([before.outcome, after.outcome], ["reserved", "reserved"]);
  },
  "I7: completed twice at once, it is posted once": async (hub, first, second) => {
    const { session } = await hub.running("a");
    const { before, after } = await overlap(hub, first, second, hub.complete(session, "a"), hub.complete(session, "a"));
    hub.equal([before.outcome, after.outcome], ["completed", "completed"]);
    hub.equal(await hub.generated(session), "1");
  },
  "I7: completed and then failed, it stays completed": async (hub, first, second) => {
    const { session } = await hub.running("a");
    const { after } = await overlap(hub, first, second, hub.complete(session, "a"), hub.fail(session, "a"));
    hub.equal([after.outcome, await hub.states(session), await hub.generated(session)], [
      "completed",
      "completed 1",
      "1",
    ]);
  },
  "I7: failed and then completed, it stays failed and is not charged": async (hub, first, second) => {
    const { session } = await hub.running("a");
    const { after } = await overlap(hub, first, second, hub.fail(session, "a"), hub.complete(session, "a"));
    hub.equal([after.outcome, await hub.states(session), await hub.generated(session)], ["failed", "failed 1", "0"]);
  },
  "I7: I12: expired and then completed, it stays expired and is not charged": async (hub, first, second) => {
    const { session } = await hub.running("a");
    await hub.letLeaseRunOut(session);
    const sweep = "select jsonb_build_object('released', public.expire_generations());";
    const { before, after } = await overlap(hub, first, second, sweep, hub.complete(session, "a"));
    hub.equal(Number(before.released) >= 1, true);
    hub.equal([after.outcome, await hub.states(session), await hub.generated(session)], ["expired", "expired 1", "0"]);
  },
  "I7: a sweeper passes over what is being completed, though its lease runs out meanwhile": async (
    hub,
    first,
    second,
  ) => {
    const { session } = await hub.running("a");
    hub.equal((await first.json(`begin; ${hub.complete(session, "a")}`)).outcome, "completed");
    const taken =
      `select count(*) from public.image_generations where session_id = '${session.id}' and status = 'expired'`;
    const swept = await second.run(
      `begin; ${hub.laterBy("10 minutes")} do 'begin perform public.expire_generations(); end'; ${taken}; rollback;`,
    );
    await first.run("commit;");
    hub.equal(swept, "0");
    hub.equal([await hub.states(session), await hub.generated(session)], ["completed 1", "1"]);
  },
  "I7: a request that waited for a completion does not release it": async (hub, first, second) => {
    const { session } = await hub.running("a");
    await first.run(`begin; ${hub.complete(session, "a")}`);
    const answer = second.start(`begin; ${hub.laterBy("10 minutes")} ${hub.reserve(session, "b")}`);
    await first.untilBlocks(second, hub.witness);
    await first.run("commit;");
    const { outcome, balance } = parse(await answer) as { outcome: string; balance: { creditsRemaining: number } };
    await second.run("rollback;");
    hub.equal([outcome, balance.creditsRemaining], ["reserved", 1]);
  },
  "I12: a completion that had to wait until its lease was over is not charged": async (hub, first, second) => {
    const { session } = await hub.running("a");
    // The waiting session began with the lease alive; the time that counts is the one after the lock.
    const expire = () => hub.letLeaseRunOut(session);
    const { outcome } = await whileWaiting(hub, first, second, session.id, hub.complete(session, "a"), expire);
    hub.equal([outcome, await hub.states(session), await hub.generated(session)], ["expired", "expired 1", "0"]);
  },
  "I12: a request that had to wait until other leases were over gets their credit": async (hub, first, second) => {
    const { session } = await hub.running("a", 3);
    const expire = () => hub.letLeaseRunOut(session);
    const { outcome } = await whileWaiting(hub, first, second, session.id, hub.reserve(session, "b"), expire);
    hub.equal([outcome, await hub.states(session)], ["reserved", "expired 3, running 1"]);
  },
};

async function main(): Promise<boolean> {
  const database = databaseUnderTest();
  const hub = await Hub.open(database);
  let passed = 0;
  let failed = 0;
  const attempt = async (name: string, run: () => Promise<void>) => {
    try {
      await run();
      passed += 1;
      console.log(`ok     ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED ${name}\n  ${error instanceof Error ? error.message : error}`);
    }
    await hub.clean();
  };
  try {
    const all = { ...races, ...queueRaces, ...removalRaces, ...engineRaces, ...purchaseRaces };
    for (const [name, race] of Object.entries(all)) {
      const [first, second] = [await Session.open(database), await Session.open(database)];
      await attempt(name, () => race(hub, first, second));
      await Promise.all([first.close(), second.close()]);
    }
    for (const [name, storm] of Object.entries({ ...storms, ...queueStorms, ...purchaseStorms })) {
      await attempt(name, () => storm(hub, database));
    }
  } finally {
    await hub.close();
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0;
}

if (import.meta.main) Deno.exit(await main() ? 0 : 1);
