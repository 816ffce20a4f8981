/**
 * Races for what was paid: one payment told by everybody at once, two payments of one purchase, a refund against whoever
 * uses what is given back, hours that are added while the last one ends.
 *
 * Owns: that a purchase is granted once, that money goes back once and never for hours that are used, and that nobody waits
 * for ever. How it is said is shop.ts's.
 */
import type { Hours } from "./hub.ts";
import { overlap, type Race, whileWaiting } from "./overlap.ts";
import { parse } from "./session.ts";
import { Shop } from "./shop.ts";

/** A purchase that is paid, and its session. */
async function paid(shop: Shop): Promise<{ purchase: string; session: Hours }> {
  const { purchase, customer } = await shop.ordered();
  await shop.says(shop.pay(purchase), "paid");
  return { purchase, session: { id: await shop.sessionOf(purchase), customer } };
}

/** A session whose clock runs, and two purchases of an hour each that are to make it longer. */
async function extending(shop: Shop): Promise<{ session: Hours; one: string; two: string }> {
  const { session } = await paid(shop);
  await shop.says(shop.start(session), "started");
  const [one, two] = [await shop.ordered(session), await shop.ordered(session)];
  return { session, one: one.purchase, two: two.purchase };
}

/** Lets a session end at this very moment: whoever read the time before now finds it running. */
const endNow = (session: Hours) =>
  `update public.user_sessions set started_at = clock_timestamp() - interval '1 hour', expires_at = clock_timestamp() ` +
  `where id = '${session.id}';`;

export const purchaseRaces: Record<string, Race> = {
  "one payment told twice at once grants once": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { purchase, customer } = await shop.ordered();
    const [one, two] = [shop.pay(purchase), shop.pay(purchase, "pay", "reconciliation")];
    const { before, after } = await overlap(hub, first, second, one, two);
    hub.equal([before.outcome, after.outcome, await shop.sessions(customer)], ["paid", "paid", "flash-lite 1 ready"]);
  },
  "and if the first gives up, the second grants": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { purchase, customer } = await shop.ordered();
    const { after } = await overlap(hub, first, second, shop.pay(purchase), shop.pay(purchase), "rollback");
    hub.equal([after.outcome, await shop.sessions(customer)], ["paid", "flash-lite 1 ready"]);
  },
  "of two payments of one purchase one grants, and the owner hears of the other": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { purchase, customer } = await shop.ordered();
    const { before, after } = await overlap(hub, first, second, shop.pay(purchase), shop.pay(purchase, "again"));
    hub.equal([before.outcome, after.outcome], ["paid", "surplus"]);
    hub.equal([await shop.sessions(customer), await shop.alerts()], ["flash-lite 1 ready", "surplus_payment 1"]);
  },
  "one payment of two purchases pays one": async (hub, first, second) => {
    const shop = new Shop(hub);
    const [one, two] = [await shop.ordered(), await shop.ordered()];
    const [mine, his] = [shop.pay(one.purchase, "shared"), shop.pay(two.purchase, "shared")];
    const { before, after } = await overlap(hub, first, second, mine, his);
    hub.equal([before.outcome, after.outcome], ["paid", "held"]);
    hub.equal([await shop.sessions(two.customer), await shop.alerts()], ["none", "order_differs 1"]);
  },
  "one request opened twice at once is one purchase": async (hub, first, second) => {
    const shop = new Shop(hub);
    const customer = await hub.customer();
    const open = shop.open(customer, crypto.randomUUID());
    const { before, after } = await overlap(hub, first, second, open, open);
    hub.equal([before.outcome, after.outcome, after.purchase], ["purchase", "purchase", before.purchase]);
    hub.equal(await hub.value(`select count(*) from public.purchase where user_id = '${customer}'`), "1");
  },
  "of two orders made at once the first counts, for both": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { purchase } = await shop.opened();
    const { before, after } = await overlap(
      hub,
      first,
      second,
      shop.order(purchase),
      shop.order(purchase, "race late"),
    );
    hub.equal([before.outcome, after.outcome, after.purchase], ["recorded", "order_differs", before.purchase]);
  },
  "a session that is given back is not started": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { purchase, session } = await paid(shop);
    const { before, after } = await overlap(hub, first, second, shop.refund(purchase), shop.start(session));
    hub.equal([before.outcome, after.outcome], ["refunding", "session_expired"]);
  },
  "and one that is started is not given back": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { purchase, session } = await paid(shop);
    const { after } = await overlap(hub, first, second, shop.start(session), shop.refund(purchase));
    hub.equal([after.outcome, await shop.sessions(session.customer)], ["session_started", "flash-lite 1 active"]);
  },
  "a session that is given back is not drawn in": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { purchase, session } = await paid(shop);
    const { after } = await overlap(hub, first, second, shop.refund(purchase), hub.reserve(session, "drawn"));
    hub.equal([after.outcome, await hub.states(session)], ["session_expired", "none"]);
  },
  "and one that is drawn in is not given back": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { purchase, session } = await paid(shop);
    const { after } = await overlap(hub, first, second, hub.reserve(session, "drawn"), shop.refund(purchase));
    hub.equal([after.outcome, await shop.sessions(session.customer)], ["session_started", "flash-lite 1 active"]);
  },
  "a refund that is begun twice at once is one": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { purchase } = await paid(shop);
    const { before, after } = await overlap(hub, first, second, shop.refund(purchase), shop.refund(purchase));
    const idOf = (answer: Record<string, unknown>) => (answer.refund as { id: string }).id;
    hub.equal([after.outcome, idOf(after)], ["refunding", idOf(before)]);
  },
  "a refund that went through and failed at once went through": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { purchase, session } = await paid(shop);
    await shop.says(shop.refund(purchase), "refunding");
    const [done, lost] = [await shop.settle(purchase, "processed"), await shop.settle(purchase, "failed")];
    const { before, after } = await overlap(hub, first, second, done, lost);
    hub.equal([before.outcome, after.outcome], ["refunded", "refunded"]);
    hub.equal(await shop.sessions(session.customer), "flash-lite 1 ended");
  },
  "a refund that fails while its payment is disputed opens nothing": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { purchase, session } = await paid(shop);
    await shop.says(shop.refund(purchase), "refunding");
    await shop.says(shop.receive(purchase, "payment.dispute.created", { disputeId: "race disp" }), "received");
    hub.equal((await first.json(`begin; ${shop.process()}`)).processed, 1);
    const answer = second.start(`begin; ${await shop.settle(purchase, "failed")}`);
    await first.untilBlocks(second, hub.witness);
    await first.run("commit;");
    hub.equal([parse(await answer).outcome, await second.run("commit;")], ["refund_failed", ""]);
    hub.equal(await shop.sessions(session.customer), "flash-lite 1 ended");
  },
  "hours that are paid while a picture is asked for make the session longer": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { session, one } = await extending(shop);
    // By its old end the session would be over when the picture is asked for.
    const late = `${hub.laterBy("90 minutes")} ${hub.reserve(session, "late")}`;
    await first.run(`begin; ${shop.pay(one)}`);
    const answer = second.start(`begin; ${late}`);
    await first.untilBlocks(second, hub.witness);
    await first.run("commit;");
    hub.equal([parse(await answer).outcome, await second.run("rollback;")], ["reserved", ""]);
  },
  "hours that had to wait until the session was over become one of their own": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { session, one } = await extending(shop);
    await first.run(`begin; select from public.user_sessions where id = '${session.id}' for update;`);
    const answer = second.start(`begin; ${shop.pay(one)}`);
    await first.untilBlocks(second, hub.witness);
    await first.run(`${endNow(session)} commit;`);
    hub.equal([parse(await answer).outcome, await second.run("commit;")], ["paid", ""]);
    hub.equal(await shop.sessions(session.customer), "flash-lite 1 active, flash-lite 1 ready");
  },
  "two purchases of hours for one session are both added": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { session, one, two } = await extending(shop);
    const { after } = await overlap(hub, first, second, shop.pay(one), shop.pay(two));
    hub.equal([after.outcome, await shop.sessions(session.customer)], ["paid", "flash-lite 3 active"]);
  },
  "a session that had to wait until its hour was over is not started": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { session } = await paid(shop);
    await shop.says(shop.start(session), "started");
    await first.run(`begin; ${endNow(session)}`);
    const answer = second.start(`begin; ${shop.start(session)}`);
    await first.untilBlocks(second, hub.witness);
    await first.run("commit;");
    hub.equal([parse(await answer).outcome, await second.run("commit;")], ["session_expired", ""]);
  },
  "two workers at the inbox apply each event once": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { purchase, customer } = await shop.ordered();
    await shop.says(shop.receive(purchase, "order.paid"), "received");
    await shop.says(shop.receive(purchase, "payment.captured"), "received");
    const { before, after } = await overlap(hub, first, second, shop.process(), shop.process());
    hub.equal([before.processed, after.processed, after.waiting], [2, 0, 0]);
    hub.equal(await shop.sessions(customer), "flash-lite 1 ready");
  },
  "an event that is delivered twice at once is received once": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { purchase } = await shop.ordered();
    const event = shop.receive(purchase, "order.paid");
    const { before, after } = await overlap(hub, first, second, event, event);
    hub.equal([before.outcome, after.outcome], ["received", "duplicate"]);
  },
  "who works at the inbox holds no session for which a payment of his next event waits": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { session, one, two } = await extending(shop);
    await shop.says(shop.receive(one, "order.paid"), "received");
    await shop.says(shop.receive(two, "order.paid"), "received");
    // The payment of the one that is worked on last has its purchase, and is about to take the session.
    const last = await hub.value(
      `select id from public.purchase where order_id = (select facts ->> 'orderId' from private.payment_event ` +
        `where processed_at is null order by next_attempt_at desc, event_id desc limit 1)`,
    );
    await first.run(`begin; select from public.purchase where id = '${last}' for update;`);
    const answer = second.start(`begin; ${shop.process()}`);
    await first.untilBlocks(second, hub.witness);
    hub.equal(parse(await first.run(shop.pay(last))).outcome, "paid");
    await first.run("commit;");
    const { processed, failed } = parse(await answer);
    await second.run("commit;");
    hub.equal([processed, failed, await shop.sessions(session.customer)], [2, 0, "flash-lite 3 active"]);
  },
  "two workers never ask for the same, and wait for nobody": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { purchase } = await shop.ordered();
    await shop.letBeDue(purchase);
    const asked = (answer: Record<string, unknown>) => (answer.purchases as { id: string }[]).map(({ id }) => id);
    hub.equal(asked(await first.json(`begin; ${shop.due()}`)), [purchase]);
    hub.equal(asked(await second.json(`begin; ${shop.due()} commit;`)), []);
    await first.run("commit;");
  },
  "what is paid just now is not asked for, and is not abandoned": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { purchase } = await shop.ordered();
    await shop.letBeDue(purchase, "6 days");
    hub.equal((await first.json(`begin; ${shop.pay(purchase)}`)).outcome, "paid");
    hub.equal((await second.json(`begin; ${shop.due()} commit;`)).purchases, []);
    await first.run("commit;");
    hub.equal(await hub.value(`select status from public.purchase where id = '${purchase}'`), "paid");
  },
  "a payment that had to wait until its customer was deleted is held": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { purchase, customer } = await shop.ordered();
    await first.run(`begin; delete from auth.users where id = '${customer}';`);
    const answer = second.start(`begin; ${shop.pay(purchase)}`);
    await first.untilBlocks(second, hub.witness);
    await first.run("commit;");
    hub.equal([parse(await answer).outcome, await second.run("commit;")], ["held", ""]);
    hub.equal([await shop.sessions(customer), await shop.alerts()], ["none", "customer_gone 1"]);
  },
  "a refund that waits for a picture finds its lease over, and the session unused": async (hub, first, second) => {
    const shop = new Shop(hub);
    const { purchase, session } = await paid(shop);
    await shop.says(hub.reserve(session, "lost"), "reserved");
    const expire = () => hub.letLeaseRunOut(session);
    const { outcome } = await whileWaiting(hub, first, second, session.id, shop.refund(purchase), expire);
    hub.equal([outcome, await hub.states(session)], ["refunding", "expired 1"]);
    hub.equal(await shop.sessions(session.customer), "flash-lite 1 ended");
  },
};
