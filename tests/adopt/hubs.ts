/**
 * Hubs for the tests of supabase/adopt: databases of one PostgreSQL, prepared as the stack prepares its own.
 *
 * Owns: the server and its end, copying a database, running an owner's files with psql and the migrations with the real
 * Supabase CLI. It knows nothing of what is in a hub but how to write its shape and its rows down.
 */
import postgres from "postgres";
import { databaseUrl, prepareDatabase } from "../../scripts/local/database.ts";
import { dirname, join, root, supabaseCli } from "../../scripts/local/paths.ts";
import { freePort } from "../../scripts/local/ports.ts";
import { makeCluster, type PostgresServer, startPostgres, superuser } from "../../scripts/local/postgres.ts";
import { findPostgresHome, type PostgresHome } from "../../scripts/local/postgres_home.ts";
import { removeIfThere, StateFolder } from "../../scripts/local/state.ts";
import { shapeOf } from "./shape.ts";

/** How a program ended, and all that it said. */
export interface Outcome {
  ok: boolean;
  words: string;
}

/** What an owner runs, before `supabase db push` and after it. */
export const setAside = "supabase/adopt/1_set_aside.sql";
export const carryHours = "supabase/adopt/2_carry_hours.sql";
export const carryMessages = "supabase/adopt/3_carry_messages.sql";

/** What was said by something that succeeded; throws with it where it did not. */
export async function succeed(outcome: Promise<Outcome>): Promise<string> {
  const { ok, words } = await outcome;
  if (!ok) throw new Error(words);
  return words;
}

/** One hub: a database of the server. */
export class Hub {
  readonly sql: postgres.Sql;

  constructor(readonly url: string) {
    this.sql = postgres(url, { max: 1, onnotice: () => {}, connection: { TimeZone: "UTC" } });
  }

  /** Runs a file as the owner does, with psql. */
  run(file: string): Promise<Outcome> {
    return run("psql", [
      this.url,
      "-X",
      "-q",
      "-v",
      "ON_ERROR_STOP=1",
      "-v",
      "VERBOSITY=verbose",
      "-f",
      join(root, file),
    ]);
  }

  /** Runs a file as an SQL editor does, all at once, and answers the rows that it shows: those of the last statement. */
  async paste(file: string): Promise<string[]> {
    const results = await this.sql.unsafe(await Deno.readTextFile(join(root, file))).simple();
    return (results.at(-1) as unknown as { line: string }[]).map(({ line }) => line);
  }

  /** The real CLI, on this database. */
  cli(...args: string[]): Promise<Outcome> {
    return run(supabaseCli, [...args, `--remote=${this.url}`, "--yes", "--workdir", root]);
  }

  push(...flags: string[]): Promise<Outcome> {
    return this.cli("db", "push", ...flags);
  }

  /** Does something as a customer would through the Data API, and undoes it. */
  async asCustomer<T>(customer: string, act: (sql: postgres.Sql) => Promise<T>): Promise<T> {
    const undone = new Error("undone");
    let result: T | undefined;
    try {
      await this.sql.begin(async (sql) => {
        const claims = JSON.stringify({ sub: customer, role: "authenticated" });
        await sql`select set_config('role', 'authenticated', true), set_config('request.jwt.claims', ${claims}, true)`;
        result = await act(sql as unknown as postgres.Sql);
        throw undone;
      });
    } catch (error) {
      if (error !== undone) throw error;
    }
    return result as T;
  }

  /** The SQLSTATE with which something ends, or "done". */
  async code(act: Promise<unknown>): Promise<string> {
    try {
      await act;
      return "done";
    } catch (error) {
      if (error instanceof postgres.PostgresError) return error.code;
      throw error;
    }
  }

  /** Everything in which anybody's rows are, and the shape of it. */
  async everything(): Promise<string[]> {
    const rows = await this.rows("public", "private", "original", "auth", "storage", "supabase_migrations");
    return [rows, ...await shapeOf(this.sql)];
  }

  /** All rows of these schemas by table, as one text. */
  async rows(...schemas: string[]): Promise<string> {
    const tables = await this.sql`
      select format('%I.%I', relnamespace::regnamespace, relname) as name from pg_class
      where relnamespace::regnamespace::text = any (${schemas}) and relkind = 'r' order by 1`;
    const said: string[] = [];
    for (const { name } of tables) {
      const [row] = await this.sql.unsafe(
        `select coalesce(jsonb_agg(t order by t::text), '[]')::text as t from ${name} as t`,
      );
      said.push(`${name} ${row?.t}`);
    }
    return said.join("\n");
  }
}

/** The server, and the databases on it. */
export class Hubs {
  #open: Hub[] = [];

  private constructor(
    readonly folder: StateFolder,
    readonly home: PostgresHome,
    readonly server: PostgresServer,
    readonly admin: postgres.Sql,
  ) {}

  static async start(): Promise<Hubs> {
    const path = await Deno.makeTempDir({ prefix: "ai-access-hub-" });
    // PostgreSQL under root runs as another user, who has to come through.
    await Deno.chmod(path, 0o711);
    const folder = await StateFolder.open(path);
    const home = await findPostgresHome(path);
    await makeCluster(home, folder.state.passwords[superuser]);
    await folder.save({ postgresPort: freePort() });
    const server = await startPostgres(home, folder.state.postgresPort, join(path, "postgres.log"));
    try {
      await prepareDatabase(folder.state);
    } catch (error) {
      await server.stop();
      throw error;
    }
    // Not the database that is copied: nobody may be connected to that one.
    const admin = postgres(databaseUrl(folder.state, superuser).replace(/postgres$/, "template1"), {
      max: 1,
      onnotice: () => {},
    });
    return new Hubs(folder, home, server, admin);
  }

  /** A new database like another one, which nobody may use meanwhile; by itself, a project without any tables. */
  async copy(name: string, of?: Hub): Promise<Hub> {
    await of?.sql.end();
    const from = of === undefined ? "postgres" : new URL(of.url).pathname.slice(1);
    await this.admin.unsafe(`create database ${name} template ${from} owner postgres`);
    await this.admin.unsafe(`grant create on database ${name} to supabase_auth_admin, supabase_storage_admin`);
    const hub = new Hub(databaseUrl(this.folder.state, "postgres").replace(/postgres$/, name));
    this.#open.push(hub);
    return hub;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#open.map(({ sql }) => sql.end()));
    await this.admin.end();
    await this.server.stop();
    this.folder.close();
    if (dirname(this.home.data) !== this.folder.path) await removeIfThere(dirname(this.home.data));
    await removeIfThere(this.folder.path);
  }
}

async function run(command: string, args: string[]): Promise<Outcome> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    env: { DO_NOT_TRACK: "1", SUPABASE_TELEMETRY_DISABLED: "1", NO_COLOR: "1" },
    stdin: "null",
    signal: AbortSignal.timeout(120_000),
  }).output();
  const text = new TextDecoder();
  return { ok: success, words: text.decode(stdout) + text.decode(stderr) };
}
