/**
 * Customers, sessions and requests for the races, and the SQL that acts as each actor.
 *
 * Owns: what the races write, and its removal. Each race has customers of its own, so that none sees another's. The queue
 * is everybody's: the races need a database in which nothing else waits and no worker works.
 */
import type { Database } from "./database.ts";
import { Session } from "./session.ts";

/** A session of the hub, and whose it is. */
export interface Hours {
  readonly id: string;
  readonly customer: string;
}

const COMPLETED = "jsonb_agg(jsonb_build_object('id', id, 'objectName', user_id || '/' || storage_key || '.png', " +
  "'imageUrl', 'https://hub.example/x.png', 'model', 'sketch', 'generationTimeMs', 1))";

/** A limit on how often somebody may ask, as `private.rate_limit` keeps it. */
interface Limit {
  readonly scope: "customer" | "address";
  readonly per_minute: number;
  readonly burst: number;
}

export class Hub {
  readonly #customers: string[] = [];
  readonly #requests = new Map<string, string>();
  #limits = "[]";

  /** The witness is the session that looks on: it sees who waits, prepares, and counts. */
  private constructor(readonly witness: Session) {}

  static async open(database: Database): Promise<Hub> {
    const hub = new Hub(await Session.open(database));
    const waiting = await hub.value(
      "select count(*) from public.image_generations where status in ('queued', 'running')",
    );
    if (waiting !== "0") throw new Error("The races claim whatever waits, and here something waits or is drawn.");
    hub.#limits = await hub.value("select coalesce(jsonb_agg(to_jsonb(rate_limit)), '[]') from private.rate_limit");
    // A customer's allowance is a lock as well. Without it the races meet at the locks that guard the credits.
    await hub.setLimits([]);
    return hub;
  }

  /** Sets how often somebody may ask, for the race that is on. */
  async setLimits(limits: Limit[]): Promise<void> {
    await this.#setLimits(JSON.stringify(limits));
  }

  async #setLimits(limits: string): Promise<void> {
    await this.value(
      `delete from private.rate_limit; insert into private.rate_limit ` +
        `select limits.* from jsonb_populate_recordset(null::private.rate_limit, '${limits}') as limits returning 1`,
    );
  }

  /** A running session of three credits an hour of which so many are left. */
  async sessionWith(credits: number, owner?: string): Promise<{ session: Hours; customer: string }> {
    const customer = owner ?? await this.customer();
    const id = await this.value(`select (private.grant_session('${customer}', 'flash-lite', 1, 5000)).id`);
    const session = { id, customer };
    for (let spent = credits; spent < 3; spent += 1) {
      const request = `spent ${spent}`;
      await this.#act(this.reserve(session, request));
      await this.#act(this.complete(session, request));
    }
    return { session, customer };
  }

  /** As many running sessions of as many customers. */
  async sessions(count: number): Promise<Hours[]> {
    const made: Hours[] = [];
    for (let place = 0; place < count; place += 1) made.push((await this.sessionWith(3)).session);
    return made;
  }

  /** A session with one request in the queue. */
  async waiting(request: string, batch = 1): Promise<{ session: Hours }> {
    const { session } = await this.sessionWith(3);
    await this.#act(this.queue(session, request, batch));
    return { session };
  }

  /** A session with one request on its way. */
  async running(request: string, batch = 1): Promise<{ session: Hours }> {
    const { session } = await this.sessionWith(3);
    await this.#act(this.reserve(session, request, batch));
    return { session };
  }

  /** The claims and the role of a customer, for the rest of the transaction. */
  asCustomer({ customer }: { customer: string }): string {
    const claims = JSON.stringify({ sub: customer, role: "authenticated" });
    return `set local role authenticated; set local "request.jwt.claims" = '${claims}';`;
  }

  reserve(session: Hours, request: string, batch = 1, more = ""): string {
    return `${this.asCustomer(session)} select public.reserve_generation('${session.id}', '${this.id(request)}', ` +
      `'a sunset', batch_count => ${batch}${more});`;
  }

  queue(session: Hours, request: string, batch = 1): string {
    return this.reserve(session, request, batch, ", respond_async => true");
  }

  cancel(session: Hours, request: string): string {
    return `${this.asCustomer(session)} select public.cancel_generation('${this.id(request)}');`;
  }

  claim(count: number, runningMax = 1000): string {
    return `set local role service_role; ` +
      `select public.claim_generations('{race:engine}', '{race}', ${count}, ${runningMax});`;
  }

  renew(lease: string): string {
    return `set local role service_role; select public.renew_lease('${lease}') || '{"outcome": "renewed"}';`;
  }

  requeue(lease: string): string {
    return `set local role service_role; ` +
      `select jsonb_build_object('outcome', public.requeue_generation('${lease}', 1, 'engine_unavailable'));`;
  }

  complete(session: Hours, request: string): string {
    return `set local role service_role; select public.complete_generation('${session.customer}', '${
      this.id(request)
    }', ` +
      `(select ${COMPLETED} from public.image_generations where user_id = '${session.customer}' ` +
      `and request_id = '${this.id(request)}'));`;
  }

  fail(session: Hours, request: string): string {
    return `set local role service_role; ` +
      `select public.fail_generation('${session.customer}', '${this.id(request)}', 'engine_failed');`;
  }

  /** Moves the clock of the open transaction alone; it must be rolled back. */
  laterBy(interval: string): string {
    return `create or replace function private.clock() returns timestamptz language sql volatile set search_path = '' ` +
      `return clock_timestamp() + interval '${interval}';`;
  }

  /** Lets the leases of a session run out at this very moment: whoever read the time before now finds them alive. */
  async letLeaseRunOut(session: Hours): Promise<void> {
    await this.value(
      `update public.image_generations set lease_expires_at = clock_timestamp() ` +
        `where session_id = '${session.id}' and status in ('queued', 'running') returning 1`,
    );
  }

  /** The uuid of a request by its nickname. */
  id(request: string): string {
    const known = this.#requests.get(request) ?? crypto.randomUUID();
    this.#requests.set(request, known);
    return known;
  }

  /** The states of a session's pictures, such as `completed 2, running 1`. */
  async states(session: Hours): Promise<string> {
    return await this.value(
      `select coalesce(string_agg(status || ' ' || rows, ', ' order by status), 'none') from (select status, count(*) ` +
        `as rows from public.image_generations where session_id = '${session.id}' group by status) as counted`,
    );
  }

  /** The rounds in which a session's pictures wait, counted from its first. */
  async turns(session: Hours): Promise<string> {
    return await this.value(
      `select string_agg(turn::text, ', ' order by turn) from (select queue_turn - min(queue_turn) over () as turn ` +
        `from public.image_generations where session_id = '${session.id}' and status = 'queued') as waiting`,
    );
  }

  /** The lease under which a request runs. */
  async leaseOf(session: Hours, request: string): Promise<string> {
    return await this.value(
      `select lease_id from public.image_generations where user_id = '${session.customer}' ` +
        `and request_id = '${this.id(request)}' and status = 'running' limit 1`,
    );
  }

  /** Throws where a session holds and has spent more than its plan has, or has counted other pictures than it has. */
  async booksAreRight(session: Hours): Promise<void> {
    const wrong = await this.value(
      `select count(*) filter (where generation.status in ('queued', 'running', 'completed')) > 3 ` +
        `or count(*) filter (where generation.status = 'completed') <> session.images_generated ` +
        `from public.user_sessions as session left join public.image_generations as generation ` +
        `on generation.session_id = session.id where session.id = '${session.id}' group by session.id`,
    );
    this.equal([wrong, await this.states(session)], ["f", await this.states(session)]);
  }

  async generated(session: Hours): Promise<string> {
    return await this.value(`select images_generated from public.user_sessions where id = '${session.id}'`);
  }

  async value(query: string): Promise<string> {
    return await this.witness.run(`${query};`);
  }

  equal(have: unknown, want: unknown): void {
    const [left, right] = [JSON.stringify(have), JSON.stringify(want)];
    if (left !== right) throw new Error(`have ${left}, want ${right}`);
  }

  /** Deletes what a race wrote: its customers, and with them all that is theirs, and whatever it set up. */
  async clean(): Promise<void> {
    const list = this.#customers.splice(0).map((id) => `'${id}'`).join(", ");
    if (list !== "") await this.#forgetPurchases(list);
    if (list !== "") await this.value(`delete from auth.users where id in (${list})`);
    await this.value(
      `delete from private.engine_budget where account like 'race%'; ` +
        `delete from private.engine_standing where engine like 'race%'; delete from private.rate_bucket`,
    );
    await this.setLimits([]);
  }

  /** Deletes what the hub never would: purchases, and what was said about them. */
  async #forgetPurchases(customers: string): Promise<void> {
    const theirs = `(select id from public.purchase where user_id in (${customers}) or order_id like 'race%')`;
    await this.value(
      `begin; alter table public.purchase disable trigger purchase_guard; ` +
        `alter table private.payment_evidence disable trigger payment_evidence_guard; ` +
        `delete from private.refund where purchase_id in ${theirs}; ` +
        `delete from private.payment_evidence where purchase_id in ${theirs} or order_id like 'race%'; ` +
        `delete from private.payment_alert where order_id like 'race%' or payment_id like 'race%'; ` +
        `delete from private.payment_event where event_id like 'race%'; delete from public.purchase where id in ${theirs}; ` +
        `alter table public.purchase enable trigger purchase_guard; ` +
        `alter table private.payment_evidence enable trigger payment_evidence_guard; commit`,
    );
  }

  async close(): Promise<void> {
    await this.clean();
    await this.#setLimits(this.#limits);
    await this.witness.close();
  }

  /** A customer without anything. */
  async customer(): Promise<string> {
    const id = crypto.randomUUID();
    this.#customers.push(id);
    await this.value(`insert into auth.users (id, email) values ('${id}', 'race-${id}@example.com')`);
    return id;
  }

  async #act(sql: string): Promise<void> {
    const { outcome } = await this.witness.json(`begin; ${sql} commit;`);
    if (!["reserved", "queued", "completed"].includes(String(outcome))) {
      throw new Error(`cannot prepare the race: ${outcome}`);
    }
  }
}
