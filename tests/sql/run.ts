/**
 * Runs the SQL tests of supabase/tests against the database of SUPABASE_DB_URL: `deno run -A tests/sql/run.ts [file…]`.
 *
 * Owns: the order of the files, the reading of their TAP, and the last line, `N passed, N failed`. Each file runs in one
 * psql with the flags of pg_prove, so what passes here passes under `supabase test db`. It leaves nothing behind.
 */
import { type Database, databaseUnderTest, psqlEnvironment } from "./database.ts";
import { preamble, query } from "./pgtap.ts";

const TESTS = new URL("../../supabase/tests/", import.meta.url);

interface Outcome {
  passed: number;
  /** What went wrong, in the words to print; each is one failure. */
  failures: string[];
}

/** Reads the TAP of one file. Whatever is not a test that passed within a plan that fits is a failure. */
export function readTap(tap: string, exitCode: number, errors: string): Outcome {
  const outcome: Outcome = { passed: 0, failures: [] };
  let planned: number | undefined;
  let ran = 0;
  let failing = false;
  for (const line of tap.split("\n")) {
    const plan = line.match(/^1\.\.(\d+)/);
    const test = line.match(/^(not )?ok (\d+)/);
    if (plan) {
      planned = Number(plan[1]);
    } else if (test) {
      ran += 1;
      // A test that is passed over, or that is allowed to fail, checks nothing.
      failing = test[1] !== undefined || Number(test[2]) !== ran || /# (skip|todo)/i.test(line);
      if (failing) outcome.failures.push(line);
      else outcome.passed += 1;
    } else if (failing && /^#( {2}| Failed)/.test(line)) {
      outcome.failures[outcome.failures.length - 1] += `\n    ${line}`;
    }
  }
  if (exitCode !== 0) outcome.failures.push(`psql ended with ${exitCode}: ${errors.trim()}`);
  if (planned === undefined) outcome.failures.push("no plan");
  else if (planned !== ran) outcome.failures.push(`planned ${planned} tests and ran ${ran}`);
  return outcome;
}

async function runFile(database: Database, before: string, file: string): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command("psql", {
    args: [
      ...["--no-psqlrc", "--no-align", "--quiet", "--tuples-only", "--pset", "pager=off"],
      ...["--set", "ON_ERROR_ROLLBACK=1", "--set", "ON_ERROR_STOP=1", "--file", before, "--file", file],
    ],
    env: psqlEnvironment(database),
  }).output();
  const decoder = new TextDecoder();
  return readTap(decoder.decode(stdout), code, decoder.decode(stderr));
}

/** The test files in order. Throws where their numbers have a gap, since a lost file would pass unnoticed. */
async function testFiles(): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir(TESTS)))
    .map((entry) => entry.name).filter((name) => name.endsWith(".sql")).sort();
  names.forEach((name, place) => {
    if (!name.startsWith(`${String(place + 1).padStart(2, "0")}-`)) {
      throw new Error(`supabase/tests: ${name} is out of order; the files are numbered from 01 without a gap.`);
    }
  });
  return names.map((name) => new URL(name, TESTS).pathname);
}

async function main(): Promise<boolean> {
  const database = databaseUnderTest();
  const files = Deno.args.length > 0 ? Deno.args : await testFiles();
  const before = await preamble(database);
  let passed = 0;
  let failed = 0;
  try {
    for (const file of files) {
      const started = performance.now();
      const outcome = await runFile(database, before, file);
      passed += outcome.passed;
      failed += outcome.failures.length;
      const name = file.split("/").pop();
      const verdict = outcome.failures.length === 0 ? "ok" : "FAILED";
      console.log(
        `${verdict.padEnd(6)} ${name} (${outcome.passed} tests, ${Math.round(performance.now() - started)} ms)`,
      );
      for (const failure of outcome.failures) console.log(`  ${failure}`);
    }
  } finally {
    await Deno.remove(before);
  }
  const left = await query(
    database,
    "select string_agg(nspname, ', ') from pg_namespace where nspname in ('tap', 'tests')",
  );
  if (left !== "") {
    failed += 1;
    console.log(`FAILED the tests left behind in the database: ${left}`);
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0;
}

if (import.meta.main) Deno.exit(await main() ? 0 : 1);
