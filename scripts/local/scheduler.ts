/**
 * What pg_cron and pg_net do on the platform: ticks, and wakes a worker when the database says so. Owns when each worker
 * is called and that it is never called for nothing twice at once. Knows nothing of queues and payments themselves.
 */
import postgres from "postgres";
import { connect } from "./database.ts";

/** What a scheduler needs. */
export interface SchedulerOptions {
  /** The database, as the role that owns the project's schemas. */
  dbUrl: string;
  /** Which worker is woken on which channel of the database. */
  workers: Record<string, string>;
  /** Calls a worker; resolves when it is done. */
  callWorker: (name: string) => Promise<unknown>;
  log: (line: string) => void;
}

/** A tick is due this often; on the platform it is every ten seconds. */
const tickMs = 5_000;
/** More than one call of a worker at a time, so that a slow picture does not keep the next one waiting. */
const callsMax = 2;

/** The scheduler of a running stack. */
export class Scheduler {
  #options: SchedulerOptions;
  #sql: postgres.Sql;
  #listener: postgres.Sql;
  #timer: ReturnType<typeof setInterval> | undefined;
  #ticking: Promise<void> | undefined;
  #stopped = false;

  private constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#sql = connect(options.dbUrl);
    this.#listener = connect(options.dbUrl);
  }

  /** Starts ticking, where the project has something that ticks; answers nothing where it has not. */
  static async start(options: SchedulerOptions): Promise<Scheduler | undefined> {
    const scheduler = new Scheduler(options);
    const [found] = await scheduler.#sql`select to_regprocedure('private.tick()') is not null as there`;
    if (!found?.there) {
      await scheduler.stop();
      return undefined;
    }
    for (const [channel, name] of Object.entries(options.workers)) {
      const calls = new Calls(() => scheduler.#call(name));
      await scheduler.#listener.listen(channel, () => calls.wanted());
    }
    scheduler.#timer = setInterval(() => scheduler.#tick(), tickMs);
    return scheduler;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#ticking;
    // A worker that is called belongs to the functions, which are stopped after this.
    await Promise.all([this.#sql.end({ timeout: 1 }), this.#listener.end({ timeout: 1 })]);
  }

  #tick(): void {
    this.#ticking ??= (async () => {
      try {
        await this.#sql`select private.tick()`;
      } catch {
        // The database is being started again; the next tick finds it.
      } finally {
        this.#ticking = undefined;
      }
    })();
  }

  async #call(name: string): Promise<void> {
    if (this.#stopped) return;
    try {
      await this.#options.callWorker(name);
    } catch (error) {
      if (this.#stopped) return;
      this.#options.log(`${name} was not reached: ${error instanceof Error ? error.message : error}`);
    }
  }
}

/** The calls of one worker: as many at once as are allowed, and one more when somebody asked meanwhile. */
class Calls {
  readonly #call: () => Promise<void>;
  #running = 0;
  #again = false;

  constructor(call: () => Promise<void>) {
    this.#call = call;
  }

  /** Somebody wants the worker called. */
  wanted(): void {
    if (this.#running >= callsMax) {
      this.#again = true;
      return;
    }
    this.#running += 1;
    this.#call().then(() => {
      this.#running -= 1;
      if (!this.#again) return;
      this.#again = false;
      this.wanted();
    });
  }
}
