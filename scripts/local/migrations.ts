/**
 * Brings the project's migrations into the database, with the Supabase CLI and as the role that it has on the platform.
 * Only compares lists itself, so that a start with nothing new does not wait for the CLI.
 */
import type { Config } from "./config.ts";
import { connect, databaseUrl } from "./database.ts";
import { StackFailure } from "./failure.ts";
import { join, supabaseCli } from "./paths.ts";
import { runToEnd } from "./process.ts";
import type { State } from "./state.ts";

/** Applies what is not applied yet; returns how many migrations that were. */
export async function applyMigrations(
  projectDir: string,
  state: Readonly<State>,
  config: Config,
): Promise<number> {
  const local = await localVersions(join(projectDir, "supabase/migrations"));
  const applied = await appliedVersions(state);
  const fresh = applied === undefined;
  const missing = local.filter((version) => !applied?.has(version));
  // A version that only the database knows is for the CLI to complain about.
  const unknown = [...(applied ?? [])].filter((version) => !local.includes(version));
  if (missing.length === 0 && unknown.length === 0) return 0;

  const command = [
    supabaseCli,
    "db",
    "push",
    `--remote=${databaseUrl(state, "postgres")}`,
    "--yes",
    "--workdir",
    projectDir,
  ];
  if (fresh && (await hasSeed(projectDir, config))) command.push("--include-seed");
  const { code, lines } = await runToEnd({ command, env: cliEnvironment(), cwd: projectDir });
  if (code !== 0) {
    // Connection strings carry a password; the CLI may repeat the one it was given.
    const words = lines.filter((line) => line.trim() !== "").map((line) => line.replaceAll(/\/\/[^@\s]+@/g, "//…@"));
    throw new StackFailure(
      `a migration failed, says the Supabase CLI:\n${words.map((line) => `  ${line}`).join("\n")}`,
    );
  }
  return missing.length;
}

async function localVersions(folder: string): Promise<string[]> {
  const versions: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      const version = /^(\d{14})_.*\.sql$/.exec(name)?.[1];
      if (isFile && version) versions.push(version);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return versions.sort();
}

/** The versions in the database's history, or undefined when it has none. */
async function appliedVersions(state: Readonly<State>): Promise<Set<string> | undefined> {
  const sql = connect(databaseUrl(state, "postgres"));
  try {
    const [found] = await sql`select to_regclass('supabase_migrations.schema_migrations') is not null as there`;
    if (!found?.there) return undefined;
    const rows = await sql`select version from supabase_migrations.schema_migrations`;
    return new Set(rows.map((row) => row.version as string));
  } finally {
    await sql.end();
  }
}

async function hasSeed(projectDir: string, config: Config): Promise<boolean> {
  for (const path of config.seedPaths) {
    // A pattern is for the CLI to resolve.
    if (path.includes("*")) return true;
    try {
      await Deno.lstat(join(projectDir, "supabase", path));
      return true;
    } catch {
      // Not this one.
    }
  }
  return false;
}

function cliEnvironment(): Record<string, string> {
  const env: Record<string, string> = { DO_NOT_TRACK: "1", SUPABASE_TELEMETRY_DISABLED: "1", NO_COLOR: "1" };
  // The CLI is a program of Node, and keeps files of its own in the home folder.
  for (const name of ["PATH", "HOME"]) {
    const value = Deno.env.get(name);
    if (value !== undefined) env[name] = value;
  }
  return env;
}
