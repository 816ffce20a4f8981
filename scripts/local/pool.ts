/**
 * A pool of database connections for @supabase/lite's query builder, safe against a server that goes away. The driver's
 * own pool (postgres.js 3.4) gives a reserved connection back as usable after it was cut: the next statement on it ends
 * the whole process, or runs outside the transaction that it belongs to. Here a lease that lost its connection refuses
 * everything until it is returned, and the next lease connects anew.
 */
import postgres from "postgres";

type Options = postgres.Options<Record<string, postgres.PostgresType>>;

/** One connection for the length of a transaction, in the form that the query builder's dialect asks for. */
export interface Lease {
  unsafe(text: string, parameters: unknown[]): Promise<unknown>;
  release(): void;
}

interface Member {
  sql: postgres.Sql;
  /** Set while leased. */
  lease?: { lost?: Error };
}

/** A pool of a fixed size; connections are opened when first needed. */
export class Pool {
  #members: Member[];
  #idle: Member[];
  #waiting: ((member: Member) => void)[] = [];

  constructor(url: string, size: number, options: Options) {
    this.#members = Array.from({ length: size }, () => {
      const member = {} as Member;
      member.sql = postgres(url, {
        ...options,
        max: 1,
        // A server that is restarted is back within a second; the driver would wait up to twenty.
        backoff: () => 0.05,
        onclose() {
          if (member.lease) member.lease.lost ??= connectionLost();
        },
      });
      return member;
    });
    this.#idle = [...this.#members];
  }

  /** Waits for a connection that nobody else uses. First come, first served. */
  async reserve(): Promise<Lease> {
    // The one used last is the one most likely to be open.
    const member = this.#idle.pop() ?? (await new Promise<Member>((resolve) => this.#waiting.push(resolve)));
    const lease: { lost?: Error } = {};
    member.lease = lease;
    return {
      unsafe(text, parameters) {
        if (lease.lost) return Promise.reject(lease.lost);
        return member.sql.unsafe(text, parameters as postgres.ParameterOrJSON<never>[]);
      },
      release: () => {
        if (member.lease !== lease) return;
        member.lease = undefined;
        const next = this.#waiting.shift();
        if (next) next(member);
        else this.#idle.push(member);
      },
    };
  }

  /** Closes all connections; statements under way get `timeoutSeconds` to end. */
  async end(timeoutSeconds: number): Promise<void> {
    await Promise.all(this.#members.map(({ sql }) => sql.end({ timeout: timeoutSeconds })));
  }
}

function connectionLost(): Error {
  return Object.assign(new Error("the connection to the database was lost"), { code: "CONNECTION_CLOSED" });
}
