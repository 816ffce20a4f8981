/** The table that the bench prints. Owns the targets, which DESIGN section 7 names; measures nothing. */
import type { Cold } from "./cold.ts";
import type { LedgerFigures } from "./ledger.ts";
import type { Memories, Memory } from "./memory.ts";
import type { Shipped } from "./shipped.ts";
import type { Warm } from "./warm.ts";

/** Everything that a run measured; a part that was not asked for is missing. */
export interface Figures {
  warm?: Warm[];
  cold?: Cold[];
  memory?: Memories;
  shipped?: Record<"ours" | "twin", Shipped>;
  ledger?: LedgerFigures;
}

/** One line of the table. */
export interface Row {
  what: string;
  figure: string;
  /** What it was made of. */
  from: string;
  target: string;
  /** Null where nothing is demanded. */
  met: boolean | null;
}

const kilobytes = (bytes: number) => `${Math.round(bytes / 1000)} kB`;
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
const ms = (value: number) => `${value.toFixed(value < 100 ? 1 : 0)} ms`;
const times = (value: number) => `${value.toFixed(2)} ×`;

/** A warm worker that grows by less than this between two readings is flat: the collector's own ups and downs are more. */
const flatGrowth = 1.1;

/** The table's lines. */
export function rowsOf({ warm = [], cold = [], memory, shipped, ledger }: Figures): Row[] {
  return [
    ...warm.flatMap(warmRows),
    ...cold.map(coldRow),
    ...(memory ? memoryRows(memory) : []),
    ...(shipped ? shippedRows(shipped) : []),
    ...(ledger ? ledgerRows(ledger) : []),
  ];
}

function warmRows({ clients, p50, p99, ratios, processor }: Warm): Row[] {
  const line = (of: "p50" | "p99", to: "floor" | "twin", max?: number): Row => {
    const values = of === "p50" ? p50 : p99;
    return {
      what: `warm ${of}, ${clients} client${clients === 1 ? "" : "s"}, ours / ${to}`,
      figure: times(ratios[of][to]),
      from: `${ms(values.ours)} / ${ms(values[to])}`,
      target: max === undefined ? "" : `≤ ${times(max)}`,
      met: max === undefined ? null : ratios[of][to] <= max,
    };
  };
  const { ours, twin, floor } = processor;
  return [
    line("p50", "floor", 1.1),
    line("p50", "twin", 0.6),
    line("p99", "floor"),
    line("p99", "twin"),
    {
      what: `processor time of a request, ${clients} client${clients === 1 ? "" : "s"}, ours / twin`,
      figure: times(ours / twin),
      from: `${ms(ours)} / ${ms(twin)}; floor ${ms(floor)}`,
      target: "",
      met: null,
    },
  ];
}

function coldRow({ question, codeCache, median, ratio, ratioWithRuntime }: Cold): Row {
  // A picture needs its four calls whoever asks for it: no target of the module's start.
  const isTargeted = question !== "picture";
  return {
    what: `cold start to the first ${question}, ${codeCache ? "with" : "no"} code cache, ours / twin`,
    figure: times(ratio),
    from: `${ms(median.ours)} / ${ms(median.twin)}, of it the runtime ${ms(median.blank)}; whole ${
      times(ratioWithRuntime)
    }`,
    target: isTargeted ? "≤ 0.25 ×" : "",
    met: isTargeted ? ratio <= 0.25 : null,
  };
}

function memoryRows({ ours, twin, floor }: Memories): Row[] {
  const [, thousand, third, last] = ours.requests;
  const growth = ({ rss }: Memory) => (rss[3] ?? NaN) / (rss[2] ?? NaN);
  const course = ({ rss }: Memory) => rss.map((bytes) => Math.round(bytes / 1e6)).join(", ");
  const [own, other] = [ours.rss[1] ?? NaN, twin.rss[1] ?? NaN];
  return [
    {
      what: `memory after ${thousand} requests, ours / twin`,
      figure: times(own / other),
      from: `${megabytes(own)} / ${megabytes(other)}`,
      target: "< 1.00 ×",
      met: own < other,
    },
    {
      what: `memory after ${last} requests / after ${third}`,
      figure: times(growth(ours)),
      from: `MB after ${ours.requests.join(", ")}: ours ${course(ours)}; twin ${course(twin)}; floor ${course(floor)}`,
      target: `flat: ≤ ${times(flatGrowth)}`,
      met: growth(ours) <= flatGrowth,
    },
  ];
}

function shippedRows({ ours, twin }: Record<"ours" | "twin", Shipped>): Row[] {
  return [
    {
      what: "shipped function",
      figure: kilobytes(ours.raw),
      from: `${ours.files.length} files; twin ${kilobytes(twin.raw)} and supabase-js from npm`,
      target: "< 1000 kB",
      met: ours.raw < 1_000_000,
    },
    {
      what: "shipped function, gzip",
      figure: kilobytes(ours.gzip),
      from: `twin ${kilobytes(twin.gzip)} and supabase-js from npm`,
      target: "< 300 kB",
      met: ours.gzip < 300_000,
    },
  ];
}

function ledgerRows({ rows, p50, p99, ratios }: LedgerFigures): Row[] {
  const [large, small] = [rows.large.toLocaleString("en"), rows.small.toLocaleString("en")];
  const line = (of: "p50" | "p99", max?: number): Row => ({
    what: `reserve + complete ${of}, ${large} rows / ${small}`,
    figure: times(ratios[of]),
    from: of === "p50" ? `${ms(p50.large)} / ${ms(p50.small)}` : `${ms(p99.large)} / ${ms(p99.small)}`,
    target: max === undefined ? "" : `≤ ${times(max)}`,
    met: max === undefined ? null : ratios[of] <= max,
  });
  return [line("p99", 1.5), line("p50")];
}

/** The table as text. */
export function table(rows: Row[]): string {
  const cells = [
    ["What", "Figure", "Target", "Met", "From"],
    ...rows.map(({ what, figure, target, met, from }) => [
      what,
      figure,
      target,
      met === null ? "" : met ? "yes" : "NO",
      from,
    ]),
  ];
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
  return cells.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()).join(
    "\n",
  );
}
