/**
 * Database connections for @supabase/lite that behave as PostgREST's do. Lite's own connection grants everything in every
 * schema to the API roles, sends one statement for each setting, looks at the catalogue through the eyes of the role it
 * logs in as, and ignores the timeouts of roles; all four are put right here. Owns the schema cache.
 */
import { createPostgresConnection, type PostgresConnection } from "@supabase/lite/postgres";
import { Kysely, sql } from "kysely";
import { PostgresJSDialect } from "kysely-postgres-js";
import { connect } from "./database.ts";
import { Pool } from "./pool.ts";

type Introspection = Awaited<ReturnType<PostgresConnection["introspect"]>>;

/** Settings of the API roles, by role, then by name. */
type RoleSettings = Map<string, Map<string, string>>;

/** What a request brings along, as lite passes it on. */
interface RequestVars {
  auth?: { role?: string; jwt?: Record<string, unknown> | null };
  storage?: { operation?: string | null };
}

/** What of an HTTP request a function can read. */
interface RpcRequest {
  method: string;
  path: string;
  requestHeaders?: Record<string, string>;
}

/** A connection of lite's that takes what it sends from a pool of ours. */
export interface PooledConnection {
  connection: PostgresConnection;
  pool: Pool;
}

/** What PostgREST calls its schema cache: one view of the catalogue, taken by the superuser and kept until told. */
export class SchemaCache {
  #observer: PooledConnection;
  #current: Promise<{ tables: Introspection; settings: RoleSettings }> | undefined;
  #listener: ReturnType<typeof connect>;
  #reload: ReturnType<typeof setTimeout> | undefined;
  #log: (line: string) => void;

  constructor(adminUrl: string, log: (line: string) => void) {
    this.#log = log;
    this.#observer = openPool({ url: adminUrl, poolSize: 1 });
    this.#listener = connect(adminUrl);
  }

  /** Follows `notify pgrst, 'reload schema'`, which every change of the schema sends by itself. */
  async follow(): Promise<void> {
    await this.#listener.listen("pgrst", () => {
      clearTimeout(this.#reload);
      // A migration sends many at once.
      this.#reload = setTimeout(() => this.reload().catch((error) => this.#log(`schema cache: ${error}`)), 50);
    });
  }

  /** Looks anew. Requests see the earlier view until the new one is complete. */
  async reload(): Promise<void> {
    const fresh = this.#look();
    this.#current ??= fresh;
    await fresh;
    this.#current = fresh;
  }

  async tables(): Promise<Introspection> {
    return (await (this.#current ??= this.#look())).tables;
  }

  async settings(role: string): Promise<Map<string, string>> {
    return (await (this.#current ??= this.#look())).settings.get(role) ?? new Map();
  }

  async close(): Promise<void> {
    clearTimeout(this.#reload);
    await Promise.all([this.#observer.pool.end(1), this.#listener.end({ timeout: 1 })]);
  }

  async #look(): Promise<{ tables: Introspection; settings: RoleSettings }> {
    const tables = await this.#observer.connection.introspect();
    const rows = await this.#listener`
      select role.rolname as role, setting
      from pg_catalog.pg_db_role_setting as own
      join pg_catalog.pg_roles as role on role.oid = own.setrole
      cross join unnest(own.setconfig) as setting
      where own.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = current_database()))
    `;
    const settings: RoleSettings = new Map();
    for (const { role, setting } of rows as unknown as { role: string; setting: string }[]) {
      const at = setting.indexOf("=");
      const ofRole = settings.get(role) ?? new Map<string, string>();
      settings.set(role, ofRole.set(setting.slice(0, at), setting.slice(at + 1)));
    }
    return { tables, settings };
  }
}

/** How a service connects. */
export interface ServiceConnection {
  url: string;
  cache: SchemaCache;
  /** Connections held open at most. */
  poolSize: number;
  /** What is searched for unqualified names, when not the role's own. */
  searchPath?: string[];
  /** Session settings. */
  session?: Record<string, string>;
  /** Turns what the database threw into what the service answers. */
  translateError?: (error: unknown) => unknown;
}

/**
 * JSON for a parameter. Lite hands some values over as JSON text and others as they are; the driver would encode the
 * text once more, and a function would get a string where the caller sent an object.
 */
const json = (type: number) => ({
  to: type,
  from: [type],
  parse: (text: string) => JSON.parse(text) as unknown,
  serialize(value: unknown): string {
    if (typeof value === "string") {
      try {
        JSON.parse(value);
        return value;
      } catch {
        // A plain string, which JSON has to quote.
      }
    }
    return JSON.stringify(value);
  },
});

/** Opens the connection pool of one service. */
export function openService(options: ServiceConnection): PooledConnection {
  const { connection, pool } = openPool(options);
  const searchPath = options.searchPath?.map((schema) => `"${schema.replaceAll('"', '""')}"`).join(", ");

  // The methods are lite's own, private to it in name only; the package is pinned to one version.
  Object.assign(connection, {
    // Any other value makes lite grant all on all tables of the schemas with row level security to the API roles.
    rlsState: "active",
    introspect: () => options.cache.tables(),
    applyJwtSessionContext: (db: Kysely<unknown>, vars: RequestVars) =>
      enterRequest(db, vars, options.cache, searchPath),
    applyRpcRequestGucs: enterRpc,
    ...(options.translateError ? { normalizeDbError: options.translateError } : {}),
  });
  return { connection, pool };
}

function openPool({ url, poolSize, session }: Omit<ServiceConnection, "cache">): PooledConnection {
  // Lite's own driver is made with it, and never connects: nothing is asked of it.
  const connection = createPostgresConnection({ url });
  const pool = new Pool(url, poolSize, {
    onnotice: () => {},
    connect_timeout: 10,
    connection: { application_name: "supabase-lite", TimeZone: "UTC", ...session },
    types: { ...connection.driver.options.types, json: json(114), jsonb: json(3802) },
  });
  const driver = Object.assign(() => {}, { reserve: () => pool.reserve() });
  connection.kysely = new Kysely({ dialect: new PostgresJSDialect({ postgres: driver as never }) });
  return { connection, pool };
}

/** Becomes the caller for the length of the transaction, in one statement. */
async function enterRequest(
  db: Kysely<unknown>,
  vars: RequestVars,
  cache: SchemaCache,
  searchPath: string | undefined,
): Promise<void> {
  const role = vars.auth?.role || "anon";
  const settings = new Map<string, string>([
    ["role", role],
    ["request.jwt.claims", JSON.stringify(vars.auth?.jwt ?? { role })],
    ["storage.operation", vars.storage?.operation ?? ""],
  ]);
  if (searchPath !== undefined) settings.set("search_path", searchPath);
  for (const [name, value] of await cache.settings(role)) {
    if (name !== "search_path") settings.set(name, value);
  }
  await setLocally(db, settings);
}

async function enterRpc(db: Kysely<unknown>, request: RpcRequest): Promise<void> {
  await setLocally(
    db,
    new Map([
      ["response.status", ""],
      ["response.headers", ""],
      ["request.method", request.method],
      ["request.path", request.path],
      ["request.headers", JSON.stringify(request.requestHeaders ?? {})],
    ]),
  );
}

async function setLocally(db: Kysely<unknown>, settings: Map<string, string>): Promise<void> {
  const calls = [...settings].map(([name, value]) => sql`set_config(${name}, ${value}, true)`);
  await sql`select ${sql.join(calls)}`.execute(db);
}
