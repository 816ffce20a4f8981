/**
 * Auth, PostgREST and Storage: @supabase/lite, once for each, so that each logs in as its own role as on the platform.
 * Decides nothing about callers; the gateway tells each service who calls.
 */
import { type ApiKeyResolver, App, setExperimental } from "@supabase/lite";
import type { Config } from "./config.ts";
import { databaseUrl, type LoginRole } from "./database.ts";
import { openService, SchemaCache, type ServiceConnection } from "./lite_connection.ts";
import { asPostgrestSays } from "./rest_errors.ts";
import { objectFiles } from "./object_files.ts";
import type { Pool } from "./pool.ts";
import { superuser } from "./postgres.ts";
import type { State } from "./state.ts";
import type { Claims } from "./tokens.ts";

/** Somebody whom the gateway has recognised. */
export interface Caller {
  claims: Claims;
  /** The kind of key that the request carries. */
  keyType: "publishable" | "secret";
}

/** A service behind the gateway. */
export type Service = (request: Request, caller?: Caller) => Promise<Response>;

/** The three services, and how to end them. */
export interface LiteServices {
  auth: Service;
  rest: Service;
  storage: Service;
  cache: SchemaCache;
  close(): Promise<void>;
}

/** PostgREST's and Storage's own default is 10; more than the cores of a developer's machine only queue in the server. */
const restPoolSize = 20;
const storagePoolSize = 10;
const authPoolSize = 5;

/** Starts the three services on a prepared database. */
export async function startLite(
  state: Readonly<State>,
  config: Config,
  storageDir: string,
  log: (line: string) => void,
): Promise<LiteServices> {
  Deno.env.set("DO_NOT_TRACK", "1");
  setExperimental("storage", true);
  const restoreConsole = quietConsole();
  const cache = new SchemaCache(databaseUrl(state, superuser), log);
  await cache.follow();

  const callers = new WeakMap<Request, Caller>();
  // The gateway knows who calls; lite is only told. It would otherwise read the user and the session of every token
  // from the database, and take a garbled token for a caller without one.
  const resolver: ApiKeyResolver = (_key, context) => {
    const caller = callers.get((context as unknown as { req: { raw: Request } }).req.raw);
    return Promise.resolve(caller ? { type: caller.keyType, claims: caller.claims } : null);
  };
  const told = (app: App): Service => (request, caller) => {
    if (!caller) return app.fetch(request);
    const headers = new Headers(request.headers);
    headers.delete("authorization");
    // The resolver is asked only where there is a key; which one no longer matters.
    if (!headers.has("apikey")) headers.set("apikey", "recognised");
    // Not made from the request itself: that would tie it to the request's signal, which Deno warns of.
    const inner = new Request(request.url, { method: request.method, headers, body: request.body });
    callers.set(inner, caller);
    return app.fetch(inner);
  };
  const base = {
    api: { enabled: true, schemas: config.schemas, max_rows: config.maxRows, extra_search_path: config.searchPath },
    studio: { enabled: false },
    db: { migrations: { enabled: false } },
  };
  const pools: Pool[] = [];
  const open = (role: LoginRole, options: Omit<ServiceConnection, "url" | "cache">) => {
    const { connection, pool } = openService({ url: databaseUrl(state, role), cache, ...options });
    pools.push(pool);
    return connection;
  };

  const rest = new App({
    ...base,
    connection: open("authenticator", {
      poolSize: restPoolSize,
      searchPath: restSearchPath(config),
      translateError: asPostgrestSays,
    }),
    auth: { enabled: false },
    options: { server: { apiKeys: { resolver }, disableStudio: true } },
  });
  const storage = new App({
    ...base,
    connection: open("supabase_storage_admin", {
      poolSize: storagePoolSize,
      session: { "storage.allow_delete_query": "true" },
    }),
    auth: { enabled: false, jwt_secret: state.jwtSecret },
    storage: { enabled: true, file_size_limit: config.fileSizeLimit },
    options: { server: { apiKeys: { resolver }, disableStudio: true } },
  });
  storage._storageAdapter = objectFiles(storageDir);
  const auth = new App({
    ...base,
    connection: open("supabase_auth_admin", { poolSize: authPoolSize }),
    auth: {
      enabled: true,
      jwt_secret: state.jwtSecret,
      publishable_key: state.publishableKey,
      secret_key: state.secretKey,
      site_url: config.auth.siteUrl,
      jwt_expiry: config.auth.jwtExpiry,
      enable_signup: config.auth.enableSignup,
      minimum_password_length: config.auth.minimumPasswordLength,
      email: { enable_signup: true, enable_confirmations: config.auth.enableConfirmations },
    },
    options: { server: { disableStudio: true } },
  });
  await Promise.all([rest.init(), storage.init(), auth.init(), cache.reload()]);

  return {
    auth: (request) => auth.fetch(request),
    rest: told(rest as unknown as App),
    storage: told(storage as unknown as App),
    cache,
    async close() {
      await Promise.all(pools.map((pool) => pool.end(2)));
      await cache.close();
      restoreConsole();
    },
  };
}

function restSearchPath(config: Config): string[] {
  return [...new Set([config.schemas[0] ?? "public", ...config.searchPath])];
}

/**
 * Lite prints every error of the database, an expected refusal as well as a fault, and a warning that Storage is
 * experimental. Refusals reach their caller in the answer; what is printed here is what does not.
 */
function quietConsole(): () => void {
  const { error, warn } = console;
  console.error = (...args: unknown[]) => {
    const [first] = args;
    if (args.length === 1 && first instanceof Error && ("code" in first || "relation" in first)) return;
    error(...args);
  };
  console.warn = (...args: unknown[]) => {
    if (!String(args[0]).startsWith("EXPERIMENTAL FEATURES")) warn(...args);
  };
  return () => {
    console.error = error;
    console.warn = warn;
  };
}
