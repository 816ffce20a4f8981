/**
 * The benchmark's command line: measures the function as it ships against a hand-written twin and against bare fetches,
 * all in one run on a stack of its own, and prints one table. Reads flags and decides what is measured in which order.
 */
import { parseArgs } from "node:util";
import { join, resolve, root } from "../../scripts/local/paths.ts";
import { measureCold } from "./cold.ts";
import { measureLedger } from "./ledger.ts";
import { measureMemory } from "./memory.ts";
import { type Figures, rowsOf, table } from "./report.ts";
import { measureShipped } from "./shipped.ts";
import { full, quick, type Sizes } from "./sizes.ts";
import { Stand } from "./stand.ts";
import { measureWarm } from "./warm.ts";

const parts = ["warm", "cold", "memory", "shipped", "ledger"] as const;
type Part = (typeof parts)[number];

const help = `Measures generate-image against a hand-written TypeScript twin and against four bare fetches.

  --quick       a run of under a minute that shows that everything works; its figures mean nothing
  --rows N      pictures in the larger table (100000; 1000000 is what the target speaks of, and takes minutes more)
  --only PARTS  some of ${parts.join(",")}
  --ours PATH   another module to measure in the place of supabase/functions/generate-image/index.ts
  --json FILE   writes every figure there as well
  --help        this text

Only on 127.0.0.1, on free ports. Needs what \`cargo xtask build\` makes, and easel.`;

async function main(): Promise<number> {
  let flags;
  try {
    flags = parseArgs({
      args: Deno.args,
      options: {
        quick: { type: "boolean" },
        rows: { type: "string" },
        only: { type: "string" },
        ours: { type: "string" },
        json: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    return complain(`${(error as Error).message.split(".")[0]}; --help lists the flags`);
  }
  if (flags.help) {
    console.log(help);
    return 0;
  }
  const sizes = { ...(flags.quick ? quick : full) };
  if (flags.rows !== undefined) {
    sizes.rows = Number(flags.rows);
    if (!(Number.isInteger(sizes.rows) && sizes.rows >= sizes.rowsSmall && sizes.rows <= 10_000_000)) {
      return complain(`--rows takes a number from ${sizes.rowsSmall} to 10000000, not ${flags.rows}`);
    }
  }
  const wanted = flags.only?.split(",") ?? [...parts];
  const unknown = wanted.find((part) => !parts.includes(part as Part));
  if (unknown !== undefined) return complain(`--only takes some of ${parts.join(", ")}, not ${unknown}`);

  const startedAt = performance.now();
  const log = (line: string) =>
    console.error(`${((performance.now() - startedAt) / 1000).toFixed(0).padStart(4)} s  ${line}`);
  const folder = await Deno.makeTempDir({ prefix: "bench-" });
  try {
    const figures = await measure(wanted as Part[], sizes, folder, log, flags.ours && resolve(flags.ours));
    const rows = rowsOf(figures);
    log("done");
    console.log(table(rows));
    if (flags.json !== undefined) {
      await Deno.writeTextFile(
        flags.json,
        `${JSON.stringify({ quick: flags.quick ?? false, sizes, rows, figures }, null, 1)}\n`,
      );
    }
    return 0;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function measure(
  wanted: Part[],
  sizes: Sizes,
  folder: string,
  log: (line: string) => void,
  oursPath?: string,
): Promise<Figures> {
  const figures: Figures = {};
  const wants = (part: Part) => wanted.includes(part);
  if (wants("shipped")) {
    log("what a deploy uploads");
    figures.shipped = await measureShipped(join(folder, "deploy"));
  }
  if (wants("warm") || wants("cold") || wants("memory")) {
    log("starting a stack, the twin's tables, the engine, 16 customers");
    const stand = await Stand.open(16, join(folder, "deno"), oursPath);
    try {
      if (wants("cold")) figures.cold = await measureCold(stand, sizes, log);
      if (wants("warm")) figures.warm = await measureWarm(stand, sizes, log);
      if (wants("memory")) figures.memory = await measureMemory(stand, sizes, log);
      await stand.verify();
    } finally {
      await stand.close();
    }
  }
  if (wants("ledger")) figures.ledger = await measureLedger(sizes, log);
  return figures;
}

function complain(sentence: string): number {
  console.error(`error: ${sentence}`);
  return 1;
}

// Relative paths of flags are the caller's; everything else is found from the checkout's root.
if (import.meta.main) {
  if (!(await Deno.stat(join(root, "supabase/functions/_shared/generated/pictures.js")).catch(() => null))) {
    Deno.exit(complain("the functions' WebAssembly is not built: run cargo xtask build"));
  }
  Deno.exit(await main());
}
