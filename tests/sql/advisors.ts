/**
 * The Supabase linter on the database of SUPABASE_DB_URL: `deno run -A tests/sql/advisors.ts`.
 *
 * Owns: running the real CLI's advisor at its lowest level, and the list of rules whose findings say nothing here. The
 * rules that the CLI does not know (0025 to 0029) are in supabase/tests/02-grants.sql.
 */
import { databaseUnderTest } from "./database.ts";
import { root, supabaseCli } from "../../scripts/local/paths.ts";

/** Rules that are not obeyed, each with the reason. */
const EXCEPT: Record<string, string> = {
  unused_index:
    "counts what was asked of this database since it was made; on the few rows of a test the planner reads " +
    "the whole table instead. An index without which a rule of the hub is broken has a test in 01-schema.sql.",
};

interface Finding {
  readonly name: string;
  readonly level: string;
  readonly detail: string;
}

/** What the advisor finds. Throws where it does not answer: silence is not a clean bill. */
async function findings(): Promise<Finding[]> {
  databaseUnderTest();
  const { code, stdout, stderr } = await new Deno.Command(supabaseCli, {
    args: [
      ...["db", "advisors", `--remote=${Deno.env.get("SUPABASE_DB_URL")}`, "--workdir", root],
      ...["--type", "all", "--level", "info", "--fail-on", "none", "--output-format", "json"],
    ],
    stdin: "null",
  }).output();
  const words = new TextDecoder().decode(stdout);
  if (code !== 0) throw new Error(`the advisor ended with ${code}: ${new TextDecoder().decode(stderr).trim()}`);
  const answer = JSON.parse(words);
  if (!Array.isArray(answer.results)) throw new Error(`the advisor answered what nobody understands: ${words}`);
  return answer.results;
}

const found = await findings();
const wrong = found.filter(({ name }) => !(name in EXCEPT));
for (const { level, name, detail } of wrong) console.log(`FAILED ${level} ${name}: ${detail}`);
for (const [name, reason] of Object.entries(EXCEPT)) {
  const passedOver = found.filter((finding) => finding.name === name).length;
  if (passedOver > 0) console.log(`passed over: ${name} (${passedOver}): ${reason}`);
}
console.log(`${wrong.length} findings`);
Deno.exit(wrong.length === 0 ? 0 : 1);
