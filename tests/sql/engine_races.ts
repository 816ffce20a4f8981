/**
 * Races for what is everybody's: an engine's turns, and the allowances.
 *
 * Owns: that a budget and an allowance are kept whoever comes at once, and that nobody waits for ever. Accounts of these
 * races begin with `race`, and are deleted after each.
 */
import { overlap, type Race } from "./overlap.ts";

const take = (account: string) => `set local role service_role; select public.take_engine_turn('${account}');`;
const allowance = (scope: string, who: string) =>
  `select jsonb_build_object('outcome', private.take_allowance('${scope}', '${who}', private.clock()));`;

export const engineRaces: Record<string, Race> = {
  "of two who ask for an account's last turn one gets it": async (hub, first, second) => {
    await hub.value("insert into private.engine_budget (account, turns_per_hour) values ('race', 1) returning 1");
    const { before, after } = await overlap(hub, first, second, take("race"), take("race"));
    hub.equal([before, after.granted], [{ granted: true }, false]);
  },
  "and if the first gives up, the second gets it": async (hub, first, second) => {
    await hub.value("insert into private.engine_budget (account, turns_per_hour) values ('race', 1) returning 1");
    const { after } = await overlap(hub, first, second, take("race"), take("race"), "rollback");
    hub.equal(after, { granted: true });
  },
  "two turns at once are as far apart as they must be": async (hub, first, second) => {
    await hub.value("insert into private.engine_budget (account, gap) values ('race', '1 hour') returning 1");
    const { after } = await overlap(hub, first, second, take("race"), take("race"));
    hub.equal([after.granted, Number(after.waitMs) > 3_590_000], [false, true]);
  },
  "of two who ask for the last of an allowance one gets it": async (hub, first, second) => {
    await hub.setLimits([{ scope: "customer", per_minute: 1, burst: 1 }]);
    const asked = [allowance("customer", "race"), allowance("customer", "race")] as const;
    const { before, after } = await overlap(hub, first, second, ...asked);
    hub.equal([before.outcome, Number(after.outcome) > 55], [0, true]);
  },
  "a tick that forgets allowances waits for no request, nor does a request for it and it for the request": async (
    hub,
    first,
    second,
  ) => {
    await hub.setLimits([{ scope: "customer", per_minute: 1, burst: 9 }, {
      scope: "address",
      per_minute: 1,
      burst: 9,
    }]);
    // Both have rested for so long that the tick forgets them.
    const rested = "clock_timestamp() - interval '2 hours'";
    await hub.value(
      `insert into private.rate_bucket values ('customer:race', ${rested}), ('address:race', ${rested}) returning 1`,
    );
    hub.equal((await first.json(`begin; ${allowance("customer", "race")}`)).outcome, 0);
    // The request has the one; the tick passes over it and forgets the other.
    await second.run("begin; select private.tick();");
    const answer = first.start(allowance("address", "race"));
    await second.untilBlocks(first, hub.witness);
    await second.run("commit;");
    hub.equal(JSON.parse(await answer).outcome, 0);
    await first.run("commit;");
    hub.equal(await hub.value("select count(*) from private.rate_bucket where bucket like '%:race'"), "2");
  },
};
