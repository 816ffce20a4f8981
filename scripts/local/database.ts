/**
 * What every project finds in its database before its own migrations run: roles, grants, and the schemas auth, storage,
 * extensions and realtime with their owners. Owns the order in which the files of sql/ are applied; applies them again
 * only when they changed.
 */
import { getAuthSchemaSql, getStorageSchemaSql } from "@supabase/lite";
import postgres from "postgres";
import { StackFailure } from "./failure.ts";
import { join, localDir } from "./paths.ts";
import { superuser } from "./postgres.ts";
import type { State } from "./state.ts";

/** A role that can log in. */
export type LoginRole = keyof State["passwords"];

/** The connection string of a role. */
export function databaseUrl(state: Readonly<State>, role: LoginRole): string {
  return `postgresql://${role}:${state.passwords[role]}@127.0.0.1:${state.postgresPort}/postgres`;
}

/** Opens a short-lived connection. */
export function connect(url: string): postgres.Sql {
  return postgres(url, { max: 1, onnotice: () => {}, connect_timeout: 10 });
}

/** Brings the database to the state in which a hosted project begins. Cheap when nothing changed. */
export async function prepareDatabase(state: Readonly<State>): Promise<void> {
  const script = await readScript(state);
  const digest = await sha256(script);
  const sql = connect(databaseUrl(state, superuser));
  try {
    const mark = "(select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = 'supabase_local')";
    const [known] = await sql.unsafe(
      `select ${mark} as digest`,
    );
    if (known?.digest === digest) return;
    await sql.unsafe(`begin;\n${script}\ncomment on schema supabase_local is '${digest}';\ncommit;`).simple();
  } catch (error) {
    if (error instanceof postgres.PostgresError && error.code === "28P01") {
      throw new StackFailure("the database does not know the passwords in stack.json: start with --reset");
    }
    throw error;
  } finally {
    await sql.end();
  }
}

async function readScript(state: Readonly<State>): Promise<string> {
  const file = (name: string) => Deno.readTextFile(join(localDir, "sql", name));
  const passwords = Object.entries(state.passwords)
    .map(([role, password]) => `alter role ${role} password '${password}';`).join("\n");
  return [
    await file("10_roles.sql"),
    passwords,
    ownedSchema("auth", "supabase_auth_admin", getAuthSchemaSql()),
    await file("20_auth.sql"),
    ownedSchema("storage", "supabase_storage_admin", getStorageSchemaSql()),
    await file("30_storage.sql"),
    await file("40_realtime.sql"),
    await file("50_watch.sql"),
  ].join("\n");
}

/** Has a service's administrator make the tables that @supabase/lite brings, so that it and nobody else owns them. */
function ownedSchema(schema: string, owner: string, tables: string): string {
  return `
create schema if not exists ${schema} authorization supabase_admin;
grant all on schema ${schema} to ${owner};
set role ${owner};
${tables}
reset role;`;
}

async function sha256(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
