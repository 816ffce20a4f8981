/**
 * Races of two: what one session does while another, begun in between, waits for it.
 *
 * Owns: the shape of such a race, and its order. What is raced for is race.ts's and queue_races.ts's.
 */
import type { Hub } from "./hub.ts";
import { parse, type Session } from "./session.ts";

/** A race of two sessions, told by its name. */
export type Race = (hub: Hub, first: Session, second: Session) => Promise<void>;

/** Lets the first session do something in an open transaction, the second begin, and the first end. */
export async function overlap(
  hub: Hub,
  first: Session,
  second: Session,
  one: string,
  two: string,
  end = "commit",
): Promise<{ before: Record<string, unknown>; after: Record<string, unknown> }> {
  const before = await first.json(`begin; ${one}`);
  const answer = second.start(`begin; ${two}`);
  await first.untilBlocks(second, hub.witness);
  await first.run(`${end};`);
  const after = parse(await answer);
  await second.run("commit;");
  return { before, after };
}

/**
 * Lets the second session begin while the first holds a session of the hub, does something meanwhile, and lets go; answers
 * what the second was answered.
 */
export async function whileWaiting(
  hub: Hub,
  first: Session,
  second: Session,
  session: string,
  statement: string,
  meanwhile: () => Promise<void>,
): Promise<Record<string, unknown>> {
  await first.run(`begin; select from public.user_sessions where id = '${session}' for update;`);
  const answer = second.start(`begin; ${statement}`);
  await first.untilBlocks(second, hub.witness);
  await meanwhile();
  await first.run("commit;");
  const after = parse(await answer);
  await second.run("commit;");
  return after;
}
