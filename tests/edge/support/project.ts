/**
 * A copy of the project's `supabase` folder with functions of a test's own beside the real one, or with something
 * changed in it. Owns the copy and its removal; the project itself is never touched.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const supabaseDir = Deno.env.get("EDGE_PROJECT_DIR")
  ? join(Deno.env.get("EDGE_PROJECT_DIR")!, "supabase")
  : fileURLToPath(import.meta.resolve("../../../supabase"));

/** A copied project. */
export interface Project {
  dir: string;
  remove(): void;
}

/** Copies what a stack needs, and adds the functions: their names and the text of their index.ts. */
export function copyProject(functions: Record<string, string> = {}): Project {
  const dir = Deno.makeTempDirSync({ prefix: "edge-project-" });
  const copy = join(dir, "supabase");
  Deno.mkdirSync(copy);
  for (const name of ["config.toml", "seed.sql", "migrations", "functions"]) {
    copyInto(join(supabaseDir, name), join(copy, name));
  }
  const config = join(copy, "config.toml");
  for (const [name, text] of Object.entries(functions)) {
    Deno.mkdirSync(join(copy, "functions", name));
    Deno.writeTextFileSync(join(copy, "functions", name, "index.ts"), text);
    Deno.writeTextFileSync(config, `\n[functions.${name}]\nverify_jwt = false\n`, { append: true });
  }
  return { dir, remove: () => Deno.removeSync(dir, { recursive: true }) };
}

function copyInto(from: string, to: string): void {
  let isFolder: boolean;
  try {
    isFolder = Deno.statSync(from).isDirectory;
  } catch (error) {
    // A project need not have a seed.
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  if (!isFolder) {
    Deno.mkdirSync(dirname(to), { recursive: true });
    return Deno.copyFileSync(from, to);
  }
  Deno.mkdirSync(to);
  for (const { name } of Deno.readDirSync(from)) copyInto(join(from, name), join(to, name));
}
