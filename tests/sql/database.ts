/**
 * The database under test, as psql and the npm client `postgres` each want to be told of it.
 *
 * Owns: reading SUPABASE_DB_URL, and the refusal to run tests anywhere but on this machine. It runs no SQL itself.
 */

/** Where the database is: what a URL says, with the socket folder of `?host=` understood. */
export interface Database {
  readonly host: string;
  readonly port: string;
  readonly user: string;
  readonly password: string;
  readonly name: string;
}

/** The database of SUPABASE_DB_URL. Throws where it is not set, or is not on this machine. */
export function databaseUnderTest(): Database {
  const text = Deno.env.get("SUPABASE_DB_URL");
  if (!text) {
    throw new Error(
      "SUPABASE_DB_URL is not set. The local stack writes it to supabase/.temp/local.env; a test must never meet a real hub.",
    );
  }
  const url = new URL(text);
  const database = {
    host: url.searchParams.get("host") ?? url.hostname.replace(/^\[|\]$/g, ""),
    port: url.searchParams.get("port") ?? (url.port || "5432"),
    user: decodeURIComponent(url.username) || "postgres",
    password: decodeURIComponent(url.password),
    name: decodeURIComponent(url.pathname.slice(1)) || "postgres",
  };
  const local = database.host.startsWith("/") || ["localhost", "127.0.0.1", "::1"].includes(database.host);
  if (!local) {
    throw new Error(
      `The SQL tests run on this machine only, and ${database.host} is another: they hold locks while they run.`,
    );
  }
  return database;
}

/** The environment in which psql finds the database; no password ever stands in a process list. */
export function psqlEnvironment(database: Database): Record<string, string> {
  return {
    PGHOST: database.host,
    PGPORT: database.port,
    PGUSER: database.user,
    PGDATABASE: database.name,
    PGOPTIONS: "-c client_min_messages=error",
    ...(database.password ? { PGPASSWORD: database.password } : {}),
  };
}

/** The options with which the npm client `postgres` finds the same database. */
export function clientOptions(database: Database): Record<string, unknown> {
  const socket = database.host.startsWith("/");
  return {
    ...(socket
      ? { path: `${database.host}/.s.PGSQL.${database.port}` }
      : { host: database.host, port: Number(database.port) }),
    user: database.user,
    password: database.password || undefined,
    database: database.name,
  };
}
