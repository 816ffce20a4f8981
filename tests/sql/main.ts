/**
 * All SQL tests on a fresh local stack: `deno run -A tests/sql/main.ts`.
 *
 * Owns: the stack that they run on, and the check that applying the migrations a second time changes nothing. The tests
 * are run.ts's, race.ts's, advisors.ts's and the model's, which run on any database of this machine.
 */
import { join, root, supabaseCli } from "../../scripts/local/paths.ts";
import { startStack } from "../../scripts/local/stack.ts";

/** Runs a program to its end with this terminal; answers whether it succeeded. */
async function run(command: string, args: string[], env: Record<string, string>): Promise<boolean> {
  const child = new Deno.Command(command, { args, env, cwd: root, stdin: "null" }).spawn();
  return (await child.status).success;
}

const stack = await startStack({ port: 0, ephemeral: true, watch: false, scheduler: false });
let passed: boolean;
try {
  const env = { SUPABASE_DB_URL: stack.dbUrl };
  const script = (name: string) => run(Deno.execPath(), ["run", "-A", join(root, "tests/sql", name)], env);
  console.log("The migrations, a second time:");
  const again = await new Deno.Command(supabaseCli, {
    args: ["db", "push", `--remote=${stack.dbUrl}`, "--yes", "--workdir", root],
    stdin: "null",
  }).output();
  const words = new TextDecoder().decode(again.stdout) + new TextDecoder().decode(again.stderr);
  passed = again.success && /up to date/i.test(words);
  console.log(passed ? "nothing to apply" : words);
  passed = await script("run.ts") && passed;
  passed = await script("race.ts") && passed;
  console.log("The linter, on what is left:");
  passed = await script("advisors.ts") && passed;
  // Last, since it puts a clock of its own into the database.
  console.log("The ledger against its model:");
  const model = ["run", "--quiet", "--profile", "easel", "--package", "ledger-model"];
  passed = await run("cargo", model, env) && passed;
} finally {
  await stack.stop();
}
Deno.exit(passed ? 0 : 1);
