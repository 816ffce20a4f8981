/**
 * Reads the books while it burns: whatever has just been killed, each look at them must find them right. Owns what holds at
 * every moment; what holds only in the end is audit.ts's. A look that the fire prevents is not counted.
 */
import type postgres from "postgres";
import { pause } from "./client.ts";

/** Between two looks. */
const restMs = 250;

/** What the looks came to. */
export interface Read {
  /** Looks that were answered. */
  times: number;
  discrepancies: string[];
}

/** A picture that is settled, and can never be anything else. */
interface Settled {
  id: string;
  status: string;
  object_name: string | null;
}

/** Looks again and again until it is closed. */
export class BookReader {
  readonly #sql: postgres.Sql;
  readonly #found = new Set<string>();
  readonly #settled = new Map<string, Settled>();
  #times = 0;
  #isOver = false;
  #reading: Promise<void> = Promise.resolve();

  private constructor(sql: postgres.Sql) {
    this.#sql = sql;
  }

  static open(sql: postgres.Sql): BookReader {
    const reader = new BookReader(sql);
    reader.#reading = reader.#read();
    return reader;
  }

  /** Ends it, with what was found. */
  async close(): Promise<Read> {
    this.#isOver = true;
    await this.#reading;
    return { times: this.#times, discrepancies: [...this.#found] };
  }

  async #read(): Promise<void> {
    while (!this.#isOver) {
      // A statement sees one moment of the books; what is false in it was false then.
      const looks = await Promise.all([this.#sessions(), this.#pictures()]).catch(() => undefined);
      if (looks) this.#times++;
      await pause(restMs);
    }
  }

  /** No hour holds more than its plan, and the counter of the original's readers is never behind. */
  async #sessions(): Promise<void> {
    const wrong = await this.#sql<{ id: string; most: number; completed: number; counted: number }[]>`
      select * from (
        select session.id, session.images_generated as counted,
          coalesce(sum(hour.completed), 0)::integer as completed, coalesce(max(hour.taken), 0)::integer as most
        from public.user_sessions as session
        left join (
          select session_id, hour_index, count(*) filter (where status = 'completed') as completed, count(*) as taken
          from public.image_generations where status in ('queued', 'running', 'completed')
          group by session_id, hour_index
        ) as hour on hour.session_id = session.id
        group by session.id
      ) as standing
      where counted <> completed or most > 15`;
    for (const { id, most, completed, counted } of wrong) {
      if (most > 15) this.#found.add(`session ${id}: ${most} credits taken in an hour while it burned`);
      if (counted !== completed) this.#found.add(`session ${id}: counted ${counted} of ${completed} while it burned`);
    }
  }

  /** What is settled stays so, and a picture that was given is not taken away. */
  async #pictures(): Promise<void> {
    const rows = await this.#sql<Settled[]>`
      select id, status, object_name from public.image_generations where status in ('completed', 'failed', 'expired')`;
    const now = new Map(rows.map((row) => [row.id, row]));
    for (const { id, status, object_name } of this.#settled.values()) {
      const row = now.get(id);
      const isKept = row?.status === status && (object_name === null || row.object_name === object_name);
      if (!isKept) this.#found.add(`${id}: was ${status} with ${object_name}, and is ${row?.status}`);
    }
    for (const row of rows) this.#settled.set(row.id, row);
  }
}
