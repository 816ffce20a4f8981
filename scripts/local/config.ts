/**
 * Reads supabase/config.toml, the file that the Supabase CLI reads as well. Takes from it what the local stack obeys and
 * gives each value the CLI's default when it is not written down.
 */
import { parse } from "smol-toml";
import { StackFailure } from "./failure.ts";
import { join } from "./paths.ts";

/** How one edge function is run. */
export interface FunctionConfig {
  enabled: boolean;
  verifyJwt: boolean;
  /** Path of the module, when it is not the function's index.ts; relative to the supabase folder. */
  entrypoint?: string;
}

/** What the local stack obeys of config.toml. */
export interface Config {
  schemas: string[];
  searchPath: string[];
  maxRows: number;
  fileSizeLimit: string;
  auth: {
    siteUrl: string;
    jwtExpiry: number;
    enableSignup: boolean;
    minimumPasswordLength: number;
    enableConfirmations: boolean;
  };
  seedPaths: string[];
  function(name: string): FunctionConfig;
}

// deno-lint-ignore no-explicit-any -- a TOML document is whatever its author wrote
type Table = Record<string, any>;

/** Reads the config file of a supabase folder. */
export async function readConfig(supabaseDir: string): Promise<Config> {
  const path = join(supabaseDir, "config.toml");
  let file: Table;
  try {
    file = parse(await Deno.readTextFile(path)) as Table;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) file = {};
    else {throw new StackFailure(
        `${path} cannot be read: ${error instanceof Error ? error.message.split("\n")[0] : error}`,
      );}
  }
  const { api = {}, auth = {}, storage = {}, db = {}, functions = {} } = file;
  return {
    schemas: api.schemas ?? ["public"],
    searchPath: api.extra_search_path ?? ["public", "extensions"],
    maxRows: api.max_rows ?? 1000,
    fileSizeLimit: storage.file_size_limit ?? "50MiB",
    auth: {
      siteUrl: auth.site_url ?? "http://127.0.0.1:54321",
      jwtExpiry: auth.jwt_expiry ?? 3600,
      enableSignup: auth.enable_signup ?? true,
      minimumPasswordLength: auth.minimum_password_length ?? 6,
      enableConfirmations: auth.email?.enable_confirmations ?? false,
    },
    seedPaths: (db.seed?.enabled ?? true) ? db.seed?.sql_paths ?? ["./seed.sql"] : [],
    function: (name) => ({
      enabled: functions[name]?.enabled ?? true,
      verifyJwt: functions[name]?.verify_jwt ?? true,
      entrypoint: functions[name]?.entrypoint,
    }),
  };
}
