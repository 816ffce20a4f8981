/**
 * Customers, sessions and requests for the races, and the SQL that acts as each actor.
 *
 * Owns: what the races write, and its removal. Each race has customers of its own, so that none sees another's.
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

export class Hub {
  readonly #customers: string[] = [];
  readonly #requests = new Map<string, string>();

  /** The witness is the session that looks on: it sees who waits, prepares, and counts. */
  private constructor(readonly witness: Session) {}

  static async open(database: Database): Promise<Hub> {
    return new Hub(await Session.open(database));
  }

  /** A running session of three credits an hour of which so many are left. */
  async sessionWith(credits: number, owner?: string): Promise<{ session: Hours; customer: string }> {
    const customer = owner ?? await this.#customer();
    const id = await this.value(`select public.grant_session('${customer}', 'flash-lite', 1)`);
    const session = { id, customer };
    for (let spent = credits; spent < 3; spent += 1) {
      const request = `spent ${spent}`;
      await this.#act(this.reserve(session, request));
      await this.#act(this.complete(session, request));
    }
    return { session, customer };
  }

  /** A session with one request on its way. */
  async running(request: string, batch = 1): Promise<{ session: Hours }> {
    const { session } = await this.sessionWith(3);
    await this.#act(this.reserve(session, request, batch));
    return { session };
  }

  /** The claims and the role of a customer, for the rest of the transaction. */
  asCustomer(session: Hours): string {
    const claims = JSON.stringify({ sub: session.customer, role: "authenticated" });
    return `set local role authenticated; set local "request.jwt.claims" = '${claims}';`;
  }

  reserve(session: Hours, request: string, batch = 1): string {
    return `${this.asCustomer(session)} select public.reserve_generation('${session.id}', '${this.id(request)}', ` +
      `'a sunset', batch_count => ${batch});`;
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
        `where session_id = '${session.id}' and status = 'running' returning 1`,
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

  /** Deletes what the races wrote: their customers, and with them all that is theirs. */
  async close(): Promise<void> {
    const list = this.#customers.map((id) => `'${id}'`).join(", ");
    if (list !== "") await this.value(`delete from auth.users where id in (${list})`);
    await this.witness.close();
  }

  async #customer(): Promise<string> {
    const id = crypto.randomUUID();
    this.#customers.push(id);
    await this.value(`insert into auth.users (id, email) values ('${id}', 'race-${id}@example.com')`);
    return id;
  }

  async #act(sql: string): Promise<void> {
    const { outcome } = await this.witness.json(`begin; ${sql} commit;`);
    if (outcome !== "reserved" && outcome !== "completed") throw new Error(`cannot prepare the race: ${outcome}`);
  }
}
