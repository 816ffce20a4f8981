/**
 * The feed from the database: hears of each row that is inserted into `realtime.messages` and hands it on, in the order
 * of commits. Owns that old rows are deleted. What is sent while the database is away is lost, as on the platform.
 */
import postgres from "postgres";

/** A row that is to be broadcast. */
export interface StoredMessage {
  id: string;
  topic: string;
  event: string;
  payload: unknown;
  private: boolean;
}

/** What a feed needs. */
export interface FeedOptions {
  /** A role that reads past row level security. */
  dbUrl: string;
  /** Takes each message. */
  deliver: (message: StoredMessage) => void;
  log: (line: string) => void;
}

/** The channel on which the trigger of 40_realtime.sql names the row; the row itself may be too large for it. */
const channel = "realtime_message";
/** Rows that are read at once. */
const batchMax = 100;
const cleanEveryMs = 60 * 60 * 1000;

/** The feed of a running stack. */
export class Feed {
  #options: FeedOptions;
  #sql: postgres.Sql;
  #named: string[] = [];
  #reading: Promise<void> | undefined;
  #cleaning: ReturnType<typeof setInterval> | undefined;

  private constructor(options: FeedOptions) {
    this.#options = options;
    this.#sql = postgres(options.dbUrl, {
      max: 1,
      onnotice: () => {},
      connect_timeout: 10,
      connection: { application_name: "realtime-feed" },
      // A server that is restarted is back within a second; the driver would wait up to twenty.
      backoff: () => 0.05,
    });
  }

  /** Starts listening. The driver listens again by itself when the connection was lost. */
  static async start(options: FeedOptions): Promise<Feed> {
    const feed = new Feed(options);
    await feed.#sql.listen(channel, (id) => feed.#hear(id));
    feed.#clean();
    feed.#cleaning = setInterval(() => feed.#clean(), cleanEveryMs);
    return feed;
  }

  async close(): Promise<void> {
    clearInterval(this.#cleaning);
    this.#named = [];
    await this.#sql.end({ timeout: 1 });
    await this.#reading;
  }

  #hear(id: string): void {
    this.#named.push(id);
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
  }

  async #read(): Promise<void> {
    while (this.#named.length > 0) {
      const ids = this.#named.splice(0, batchMax);
      try {
        const rows = await this.#sql<StoredMessage[]>`
          select message.id, topic, event, payload, coalesce(private, false) as private
          from unnest(${ids}::uuid[]) with ordinality as named (id, place)
          join realtime.messages as message on message.id = named.id
          where event is not null and payload is not null
          order by named.place
        `;
        for (const row of rows) this.#options.deliver(row);
      } catch (error) {
        // The database has gone, and the messages with it. Anything else is a fault of this module.
        if (error instanceof postgres.PostgresError && !error.code.startsWith("57P")) {
          this.#options.log(`realtime: ${error.message}`);
        }
      }
    }
  }

  /** The platform keeps messages for three days. */
  #clean(): void {
    this.#sql`delete from realtime.messages where inserted_at < localtimestamp - interval '3 days'`
      .catch(() => {/* The next hour comes. */});
  }
}
