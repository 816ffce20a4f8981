/**
 * Races for a deleted picture: between workers who remove it, and between a worker and the customer who wants it back.
 *
 * Owns: that an object is removed by one worker, and never under a picture that its customer has back. Each of them
 * commits.
 */
import type { Hours, Hub } from "./hub.ts";
import { overlap, type Race } from "./overlap.ts";

const claim = "set local role service_role; select jsonb_build_object('taken', public.claim_removals());";

/** A session with one picture that was deleted longer ago than its customer may think again; its id. */
async function deleted(hub: Hub): Promise<{ session: Hours; id: string }> {
  const { session } = await hub.sessionWith(2);
  const id = await hub.value(
    `update public.image_generations set deleted_at = private.clock() - interval '21 seconds' ` +
      `where session_id = '${session.id}' returning id`,
  );
  return { session, id };
}

const restore = (hub: Hub, session: Hours, id: string) =>
  `${hub.asCustomer(session)} select public.restore_pictures(array['${id}']::uuid[]);`;

const again = (hub: Hub, session: Hours, id: string) =>
  `${hub.asCustomer(session)} select public.delete_pictures(array['${id}']::uuid[]);`;

/** How many were taken. */
const count = (answer: Record<string, unknown>) => (answer.taken as unknown[]).length;

/** Whether a picture is kept, deleted or being removed. */
const standing = (hub: Hub, id: string) =>
  hub.value(
    `select case when removing_at is not null then 'removing' when deleted_at is not null then 'deleted' else 'kept' end ` +
      `from public.image_generations where id = '${id}'`,
  );

export const removalRaces: Record<string, Race> = {
  "of two workers who remove at once one gets the picture, and nobody waits": async (hub, first, second) => {
    await deleted(hub);
    const before = await first.json(`begin; ${claim}`);
    const after = await second.json(`begin; ${claim} commit;`);
    await first.run("commit;");
    hub.equal([count(before), count(after), count(await second.json(`begin; ${claim} commit;`))], [1, 0, 0]);
  },
  "and if he gives up, the next one gets it": async (hub, first, second) => {
    await deleted(hub);
    const before = await first.json(`begin; ${claim}`);
    await first.run("rollback;");
    hub.equal([count(before), count(await second.json(`begin; ${claim} commit;`))], [1, 1]);
  },
  "I15: what a worker removes its customer does not get back": async (hub, first, second) => {
    const { session, id } = await deleted(hub);
    const { before, after } = await overlap(hub, first, second, claim, restore(hub, session, id));
    hub.equal([count(before), after.outcome, await standing(hub, id)], [1, "too_late", "removing"]);
  },
  "and he does if the worker gives up": async (hub, first, second) => {
    const { session, id } = await deleted(hub);
    const { after } = await overlap(hub, first, second, claim, restore(hub, session, id), "rollback");
    hub.equal([after.outcome, await standing(hub, id)], ["restored", "kept"]);
  },
  "I15: what its customer has back no worker removes, then or later": async (hub, first, second) => {
    const { session, id } = await deleted(hub);
    const before = await first.json(`begin; ${restore(hub, session, id)}`);
    const during = await second.json(`begin; ${claim} commit;`);
    await first.run("commit;");
    const after = await second.json(`begin; ${claim} commit;`);
    hub.equal([before.outcome, count(during), count(after), await standing(hub, id)], ["restored", 0, 0, "kept"]);
  },
  "had back and deleted once more, it has its while again": async (hub, first, second) => {
    const { session, id } = await deleted(hub);
    await overlap(hub, first, second, restore(hub, session, id), again(hub, session, id));
    hub.equal([count(await second.json(`begin; ${claim} commit;`)), await standing(hub, id)], [0, "deleted"]);
  },
};
