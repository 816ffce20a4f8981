/**
 * Who may listen and speak on a private topic. As on the platform the project's policies on `realtime.messages` decide:
 * in a transaction that is rolled back, a row of the topic is put there, and the caller looks whether he sees it; or he
 * tries to insert one. Owns the verdict on a token as well; the sentences are the platform's.
 */
import postgres from "postgres";
import { Pool } from "../pool.ts";
import type { Claims, Verdict } from "../tokens.ts";

/** A caller whose token is good. */
export interface Identity {
  claims: Claims;
  /** When the token ends, in milliseconds since 1970; a key's claims have no end. */
  expiresAt: number | undefined;
}

/** Why not, in the platform's words. */
export interface Refused {
  code: "InvalidJWTToken" | "JwtSignatureError" | "MalformedJWT" | "Unauthorized" | "UnableToConnectToProject";
  message: string;
}

/** More than a few at once would only queue in the database. */
const poolSize = 4;

const connectionLost: Refused = {
  code: "UnableToConnectToProject",
  message: "Realtime was unable to connect to the project database",
};

/** Asks the database about topics. */
export class Authorization {
  #pool: Pool;
  #verify: (token: string) => Promise<Verdict>;
  #log: (line: string) => void;

  /** `dbUrl` is that of a role which may insert past row level security and become any caller's role. */
  constructor(dbUrl: string, verify: (token: string) => Promise<Verdict>, log: (line: string) => void) {
    this.#pool = new Pool(dbUrl, poolSize, {
      onnotice: () => {},
      connect_timeout: 5,
      connection: { application_name: "realtime-authorization", statement_timeout: 5_000 },
    });
    this.#verify = verify;
    this.#log = log;
  }

  /** Reads a token. */
  async identify(token: string): Promise<{ identity: Identity } | { refused: Refused }> {
    if (token.split(".").length !== 3) {
      return { refused: { code: "MalformedJWT", message: "The token provided is not a valid JWT" } };
    }
    const verdict = await this.#verify(token);
    if ("refusal" in verdict) {
      const isForged = verdict.refusal.code === "PGRST301";
      return {
        refused: isForged
          ? { code: "JwtSignatureError", message: "Failed to validate JWT signature" }
          : { code: "InvalidJWTToken", message: verdict.refusal.message },
      };
    }
    const { role, exp } = verdict.claims;
    if (typeof role !== "string" || typeof exp !== "number") {
      return { refused: { code: "InvalidJWTToken", message: "Fields `role` and `exp` are required in JWT" } };
    }
    // Unlike PostgREST, Realtime grants no grace.
    if (exp * 1000 <= Date.now()) return { refused: expired(exp * 1000) };
    return { identity: { claims: verdict.claims, expiresAt: exp * 1000 } };
  }

  /** Nothing when the caller may listen to the topic, else why not. */
  async refusesReading(topic: string, claims: Claims): Promise<Refused | undefined> {
    const sees = await this.#asked(topic, claims, async (ask, becomeCaller) => {
      const [probe] = await ask(
        "insert into realtime.messages (topic, extension) values ($1, 'broadcast') returning id",
        [
          topic,
        ],
      );
      await becomeCaller();
      return (await ask("select from realtime.messages where topic = $1 and id = $2", [topic, probe?.id])).length > 0;
    });
    if (typeof sees !== "boolean") return sees;
    const message = `You do not have permissions to read from this Channel topic: ${topic}`;
    return sees ? undefined : { code: "Unauthorized", message };
  }

  /** Whether the caller may broadcast on the topic himself. */
  async mayWrite(topic: string, claims: Claims): Promise<boolean> {
    const inserted = await this.#asked(topic, claims, async (ask, becomeCaller) => {
      await becomeCaller();
      await ask("insert into realtime.messages (topic, extension) values ($1, 'broadcast')", [topic]);
      return true;
    });
    return inserted === true;
  }

  async close(): Promise<void> {
    await this.#pool.end(1);
  }

  /** Lets `question` ask inside a transaction of which nothing stays. What the database refuses is a no. */
  async #asked(
    topic: string,
    claims: Claims,
    question: (ask: Ask, becomeCaller: () => Promise<unknown>) => Promise<boolean>,
  ): Promise<boolean | Refused> {
    const lease = await this.#pool.reserve();
    const ask: Ask = async (text, parameters = []) => await lease.unsafe(text, parameters) as Row[];
    const becomeCaller = () =>
      ask(
        `select set_config('realtime.topic', $1, true), set_config('request.jwt.claims', $2, true),
          set_config('request.headers', '{}', true), set_config('role', $3, true)`,
        [topic, JSON.stringify(claims), claims.role],
      );
    try {
      await ask("begin");
      return await question(ask, becomeCaller);
    } catch (error) {
      // Of what the driver throws, only this comes from a database that is there; 57P is one that stops or starts.
      if (!(error instanceof postgres.PostgresError) || error.code.startsWith("57P")) return connectionLost;
      // An insert that a policy forbids is an answer; anything else is a mistake in a policy, which its author wants to see.
      if (error.code !== "42501") this.#log(`realtime: a policy on realtime.messages failed: ${error.message}`);
      return false;
    } finally {
      await ask("rollback").catch(() => {});
      lease.release();
    }
  }
}

/** What is said of a token that has ended. */
export function expired(expiredAt: number): Refused {
  const seconds = Math.max(0, Math.floor((Date.now() - expiredAt) / 1000));
  return { code: "InvalidJWTToken", message: `Token has expired ${seconds} seconds ago` };
}

type Row = Record<string, unknown>;
type Ask = (text: string, parameters?: unknown[]) => Promise<Row[]>;
