/**
 * pgTAP for the length of one transaction.
 *
 * Owns: finding pgTAP, and the SQL that stands before a test file. The file's own transaction is begun early and pgTAP
 * made inside it, in a schema of its own, so the `rollback` with which every file ends takes pgTAP away again: the
 * database that is tested, which somebody may be using, never holds any of it, whatever is killed and whenever.
 */
import type { Database } from "./database.ts";
import { psqlEnvironment } from "./database.ts";

const ROOT = new URL("../../", import.meta.url);
/** As the package calls it, and as it may be called once it is unpacked. */
const FILE_NAMES = ["pgtap--1.2.0.sql", "pgtap.sql"];

/** Writes the SQL that must precede a test file into a temporary file, and answers its path. */
export async function preamble(database: Database): Promise<string> {
  const found = await query(
    database,
    "select coalesce((select extnamespace::regnamespace::text from pg_extension where extname = 'pgtap'), '')" +
      " || '|' || exists (select from pg_available_extensions where name = 'pgtap')",
  );
  const [installed, available] = found.split("|");
  const path = await Deno.makeTempFile({ prefix: "pgtap-", suffix: ".sql" });
  await Deno.writeTextFile(
    path,
    `begin;
${installed ? "" : await creation(available === "true")}
set local search_path = "$user", public, extensions, ${installed || "tap"};
`,
  );
  return path;
}

/** What makes pgTAP in the schema `tap`, from the server's own extension or from a file of its SQL. */
async function creation(available: boolean): Promise<string> {
  const file = Deno.env.get("PGTAP_SQL") ?? await search(new URL("target/tools/pgtap/", ROOT));
  if (!available && !file) {
    throw new Error(
      `The server has no pgTAP, and there is no ${
        FILE_NAMES.join(" or ")
      } under target/tools/pgtap/. PGTAP_SQL may name one.`,
    );
  }
  return `create schema tap;
set local search_path = tap;
${available || !file ? "create extension pgtap with schema tap;" : await Deno.readTextFile(file)}
grant usage on schema tap to public;`;
}

async function search(folder: URL): Promise<string | undefined> {
  const entries = await Array.fromAsync(Deno.readDir(folder)).catch(() => []);
  for (const entry of entries) {
    if (entry.isFile && FILE_NAMES.includes(entry.name)) return new URL(entry.name, folder).pathname;
    const deeper = entry.isDirectory ? await search(new URL(`${entry.name}/`, folder)) : undefined;
    if (deeper) return deeper;
  }
}

/** One query, its answer as psql prints it. Throws with psql's own words. */
export async function query(database: Database, sql: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("psql", {
    args: ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql],
    env: psqlEnvironment(database),
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
  return new TextDecoder().decode(stdout).trim();
}
