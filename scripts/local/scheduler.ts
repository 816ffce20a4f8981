/**
 * What pg_cron and pg_net do on the platform: ticks, and wakes the worker of the queue when the database says so. Owns when
 * the worker is called and that it is never called for nothing twice at once. Knows nothing of the queue itself.
 */
import postgres from "postgres";
import { connect } from "./database.ts";

/** What a scheduler needs. */
export interface SchedulerOptions {
  /** The database, as the role that owns the project's schemas. */
  dbUrl: string;
  /** Calls the worker; resolves when it is done. */
  callWorker: () => Promise<unknown>;
  log: (line: string) => void;
}

/** A tick is due this often; on the platform it is every ten seconds. */
const tickMs = 5_000;
/** More than one worker at a time, so that a slow picture does not keep the next one waiting. */
const workersMax = 2;
const channel = "hub_queue";

/** The scheduler of a running stack. */
export class Scheduler {
  #options: SchedulerOptions;
  #sql: postgres.Sql;
  #listener: postgres.Sql;
  #timer: ReturnType<typeof setInterval> | undefined;
  #ticking: Promise<void> | undefined;
  #working = new Set<Promise<void>>();
  /** Whether somebody asked for a worker while all of them were at work. */
  #wanted = false;
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
    await scheduler.#listener.listen(channel, () => scheduler.#wake());
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

  #wake(): void {
    if (this.#stopped) return;
    if (this.#working.size >= workersMax) {
      this.#wanted = true;
      return;
    }
    const work = (async () => {
      try {
        await this.#options.callWorker();
      } catch (error) {
        if (!this.#stopped) {
          this.#options.log(`queue-worker was not reached: ${error instanceof Error ? error.message : error}`);
        }
      }
    })();
    this.#working.add(work);
    work.then(() => {
      this.#working.delete(work);
      if (!this.#wanted) return;
      this.#wanted = false;
      this.#wake();
    });
  }
}
