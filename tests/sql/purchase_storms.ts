/**
 * Storms on what was paid: many connections that say the same at once, or everything.
 *
 * Owns: that each of two hundred buyers gets what he paid for once, whoever tells of it and how often, and that no two of
 * them wait for each other.
 */
import postgres from "postgres";
import { clientOptions, type Database } from "./database.ts";
import type { Hours, Hub } from "./hub.ts";
import { Shop } from "./shop.ts";
import { type Answer, answerOf, CONNECTIONS, many, noErrors, STATEMENT_MS_MAX, storm, tally } from "./storm.ts";

const BUYERS = 200;
/** Holds back whatever touches a purchase. */
const GATE = "lock table public.purchase in access exclusive mode";

/** Says something in a connection of its own and a transaction of its own; answers what the function answered. */
type Say = (sql: string) => Promise<Answer>;

/** Lets somebody play a script for each of some buyers, all at once, in as many connections as there are. */
async function rush<Buyer>(database: Database, buyers: Buyer[], play: (say: Say, buyer: Buyer) => Promise<void>) {
  const connection = { statement_timeout: STATEMENT_MS_MAX };
  const client = postgres({ ...clientOptions(database), max: CONNECTIONS, connection });
  try {
    const say: Say = async (sql) => answerOf(await client.begin((connection) => connection.unsafe(sql).simple()));
    await Promise.all(buyers.map((buyer) => play(say, buyer)));
  } finally {
    await client.end();
  }
}

const idOf = (answer: Answer) => (answer.purchase as { id: string }).id;

/** Throws where something is wrong with what the races' customers were given for their money. */
async function booksAreRight(hub: Hub): Promise<void> {
  const wrong = await hub.value(
    `select string_agg(concat_ws(' ', bought.id, bought.status, session.status, session.hours_purchased), ', ') ` +
      `from public.purchase as bought left join public.user_sessions as session on session.id = bought.session_id ` +
      `where bought.order_id like 'race%' and bought.kind = 'session' and (` +
      `(bought.paid_at is null) <> (session.id is null) ` +
      `or bought.status in ('refunding', 'refunded') and session.status <> 'ended' ` +
      `or bought.status = 'paid' and bought.disputed_at is null and session.status = 'ended')`,
  );
  hub.equal(wrong, "");
  const twice = await hub.value(
    `select count(*) from (select from private.payment_evidence where order_id like 'race%' ` +
      `and kind in ('granted', 'extended') group by purchase_id having count(*) > 1) as granted`,
  );
  hub.equal(twice, "0");
}

export const purchaseStorms: Record<string, (hub: Hub, database: Database) => Promise<void>> = {
  "32 connections tell of one payment, each in its way: it is granted once": async (hub, database) => {
    const shop = new Shop(hub);
    const { purchase, customer } = await shop.ordered();
    await shop.says(shop.receive(purchase, "order.paid"), "received");
    await shop.says(shop.receive(purchase, "payment.captured"), "received");
    const ways = [shop.pay(purchase), shop.pay(purchase, "pay", "reconciliation"), shop.process()];
    noErrors(await storm(hub, database, GATE, many((place) => ways[place % ways.length] ?? "")));
    hub.equal([await shop.sessions(customer), await shop.alerts()], ["flash-lite 1 ready", "none"]);
    await booksAreRight(hub);
  },
  "32 payments of one purchase: one grants, and the owner hears of 31": async (hub, database) => {
    const shop = new Shop(hub);
    const { purchase, customer } = await shop.ordered();
    const answers = await storm(hub, database, GATE, many((place) => shop.pay(purchase, `pay${place}`)));
    hub.equal(tally(answers), { paid: 1, surplus: CONNECTIONS - 1 });
    hub.equal(await shop.sessions(customer), "flash-lite 1 ready");
    hub.equal(await hub.value("select count(*) from private.payment_alert where order_id like 'race%'"), "31");
  },
  "32 connections open one request: it is one purchase": async (hub, database) => {
    const shop = new Shop(hub);
    const customer = await hub.customer();
    const request = crypto.randomUUID();
    const answers = await storm(hub, database, GATE, many(() => shop.open(customer, request)));
    hub.equal(tally(answers), { purchase: CONNECTIONS });
    hub.equal(new Set(answers.map(({ purchase }) => (purchase as { id: string }).id)).size, 1);
  },
  "32 connections do everything to one purchase at once: its books are right": async (hub, database) => {
    const shop = new Shop(hub);
    const { purchase, customer } = await shop.ordered();
    await shop.says(shop.pay(purchase), "paid");
    const session = { id: await shop.sessionOf(purchase), customer };
    await shop.says(shop.receive(purchase, "order.paid"), "received");
    await shop.says(
      shop.receive(purchase, "refund.failed", { refundStatus: "failed", refundId: "race x" }),
      "received",
    );
    const deeds = [
      shop.refund(purchase),
      shop.pay(purchase),
      hub.reserve(session, "drawn"),
      shop.start(session),
      shop.pay(purchase, "again"),
      shop.process(),
      shop.due(),
      hub.fail(session, "drawn"),
    ];
    // Who is held back by neither has nothing to do with either.
    const gate = "lock table public.purchase, public.user_sessions in access exclusive mode";
    noErrors(await storm(hub, database, gate, many((place) => deeds[place % deeds.length] ?? "")));
    await booksAreRight(hub);
  },
  [`${BUYERS} buyers on 32 connections, told of by everybody at once: each has one session, an hour longer`]: async (
    hub,
    database,
  ) => {
    const shop = new Shop(hub);
    const customers: string[] = [];
    for (let place = 0; place < BUYERS; place += 1) customers.push(await hub.customer());
    const sessions: Hours[] = [];
    /** The browser's return, the worker's question, two events, and a check that is due. */
    const tell = async (say: Say, id: string, ...more: string[]) => {
      const events = ["payment.captured", "order.paid"].map(async (event) => {
        await say(shop.receive(id, event));
        await say(shop.process());
      });
      const others = [shop.pay(id), shop.pay(id, "pay", "reconciliation"), shop.due(), ...more];
      await Promise.all([...events, ...others.map(say)]);
    };
    const given = () =>
      hub.value(
        `select string_agg(line, ', ') from (select concat_ws(' ', count(*), hours_purchased, status, price_paid) ` +
          `as line from public.user_sessions where user_id in (select user_id from public.purchase ` +
          `where order_id like 'race%') group by hours_purchased, status, price_paid) as counted`,
      );

    await rush(database, customers, async (say, customer) => {
      const open = shop.open(customer, crypto.randomUUID());
      const id = idOf((await Promise.all([say(open), say(open)]))[0]!);
      await Promise.all([say(shop.order(id)), say(shop.order(id))]);
      await tell(say, id);
      const paid = await say(shop.pay(id));
      sessions.push({ id: (paid.purchase as { sessionId: string }).sessionId, customer });
    });
    hub.equal([await given(), await shop.alerts()], [`${BUYERS} 1 ready 50.00`, "none"]);

    await rush(database, sessions, async (say, session) => {
      await say(shop.start(session));
      const id = idOf(await say(shop.open(session.customer, crypto.randomUUID(), session)));
      await say(shop.order(id));
      await tell(say, id, hub.reserve(session, `drawn ${session.id}`));
    });
    hub.equal([await given(), await shop.alerts()], [`${BUYERS} 2 active 100.00`, "none"]);
    hub.equal(await hub.value("select count(*) from private.payment_event where processed_at is null"), "0");
    await booksAreRight(hub);
  },
};
