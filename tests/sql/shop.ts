/**
 * Purchases for the races, and the SQL with which a customer, the provider's events and the hub's own questions speak of
 * them.
 *
 * Owns: how each of them says it, and what is asked about it afterwards. An order is `race <purchase>`, so that what a race
 * leaves behind is found and removed (hub.ts).
 */
import type { Hours, Hub } from "./hub.ts";
import { parse } from "./session.ts";

const PRICE_PAISE = 5_000;

export class Shop {
  constructor(readonly hub: Hub) {}

  // As each actor, one transaction's worth ------------------------------------------------------------------------------

  open(customer: string, request: string, session?: Hours): string {
    return `${this.hub.asCustomer({ customer })} select public.open_purchase('${request}', 'flash-lite', 1` +
      `${session ? `, '${session.id}'` : ""});`;
  }

  start(session: Hours): string {
    return `${this.hub.asCustomer(session)} select public.start_session('${session.id}');`;
  }

  order(purchase: string, name = `race ${purchase}`): string {
    return this.#hubs(`record_order('${purchase}', 'razorpay', '${name}')`);
  }

  pay(purchase: string, payment = "pay", source = "confirm", paise = PRICE_PAISE): string {
    const name = payment === "shared" ? "race shared" : `race ${payment} ${purchase}`;
    return this.#hubs(
      `record_payment('razorpay', 'race ${purchase}', '${name}', ${paise}, 'INR', 'captured', '${source}')`,
    );
  }

  receive(purchase: string, event: string, more: Record<string, unknown> = {}): string {
    const facts = {
      provider: "razorpay",
      orderId: `race ${purchase}`,
      paymentId: `race pay ${purchase}`,
      amountPaise: PRICE_PAISE,
      currency: "INR",
      paymentStatus: "captured",
      ...more,
    };
    return this.#hubs(
      `receive_payment_event('race ${event} ${purchase}', '${event}', null, 'x', '${JSON.stringify(facts)}')`,
    );
  }

  process(): string {
    return this.#hubs("process_payment_events()");
  }

  due(): string {
    return this.#hubs("due_payments(1000)");
  }

  refund(purchase: string): string {
    return this.#hubs(`begin_refund('${purchase}')`);
  }

  /** What the provider says to the refund that is under way. */
  async settle(purchase: string, status: string): Promise<string> {
    const id = await this.hub.value(
      `select id from private.refund where purchase_id = '${purchase}' order by status = 'failed' limit 1`,
    );
    return this.#hubs(`settle_refund('${id}', 'race rfnd ${purchase}', '${status}')`);
  }

  // Done at once --------------------------------------------------------------------------------------------------------

  async says(sql: string, outcome: string): Promise<Record<string, unknown>> {
    const answer = parse(await this.hub.witness.run(`begin; ${sql} commit;`));
    if (answer.outcome !== outcome) throw new Error(`cannot prepare the race: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** A purchase of an hour that nobody has ordered; of a new customer, or to make a session of his longer. */
  async opened(session?: Hours): Promise<{ purchase: string; customer: string }> {
    const customer = session?.customer ?? await this.hub.customer();
    const { purchase } = await this.says(this.open(customer, crypto.randomUUID(), session), "purchase");
    return { purchase: (purchase as { id: string }).id, customer };
  }

  async ordered(session?: Hours): Promise<{ purchase: string; customer: string }> {
    const opened = await this.opened(session);
    await this.says(this.order(opened.purchase), "recorded");
    return opened;
  }

  /** Lets the provider be asked about a purchase now, as if it had been opened so long ago. */
  async letBeDue(purchase: string, age = "5 minutes"): Promise<void> {
    await this.hub.value(
      `alter table public.purchase disable trigger purchase_guard; ` +
        `update public.purchase set next_check_at = clock_timestamp(), created_at = clock_timestamp() - interval '${age}' ` +
        `where id = '${purchase}'; alter table public.purchase enable trigger purchase_guard`,
    );
  }

  // Asked afterwards ----------------------------------------------------------------------------------------------------

  async sessionOf(purchase: string): Promise<string> {
    return await this.hub.value(`select session_id from public.purchase where id = '${purchase}'`);
  }

  /** A customer's sessions, such as `flash-lite 1 ready`. */
  async sessions(customer: string): Promise<string> {
    return await this.hub.value(
      `select coalesce(string_agg(concat_ws(' ', plan_id, hours_purchased, status), ', ' order by created_at), 'none') ` +
        `from public.user_sessions where user_id = '${customer}'`,
    );
  }

  /** What the owner has been told of the races' purchases. */
  async alerts(): Promise<string> {
    return await this.hub.value(
      `select coalesce(string_agg(kind || ' ' || times, ', ' order by kind), 'none') from private.payment_alert ` +
        `where order_id like 'race%'`,
    );
  }

  #hubs(call: string): string {
    return `set local role service_role; select public.${call};`;
  }
}
