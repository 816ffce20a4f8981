/** What the matrix found, as a table of Markdown for each engine. Owns the form; knows no fault and no engine. */

/** One way of asking, with what came of it. */
export interface Told {
  status: number | string;
  code: string;
  /** Orders that the engine got. */
  asked: number;
  /** Credits that it cost. */
  credits: number;
  ms: number;
  /** Seconds to each next try. */
  waits: number[];
}

/** One fault of one engine. */
export interface TableRow {
  fault: string;
  sync?: Told;
  queue?: Told;
}

const heads = ["fault", "sync", "code", "asked", "credit", "s", "queue", "code", "asked", "credit", "s", "again after"];

const seconds = (ms: number) => (ms / 1_000).toFixed(1);

function cells(told: Told | undefined): string[] {
  if (!told) return ["–", "", "", "", ""];
  return [String(told.status), told.code, String(told.asked), String(told.credits), seconds(told.ms)];
}

/** The table of one engine. */
export function tableOf(engine: string, rows: TableRow[]): string {
  const lines = [
    heads,
    ...rows.map(({ fault, sync, queue }) => [
      fault,
      ...cells(sync),
      ...cells(queue),
      queue?.waits.join(", ") ?? "",
    ]),
  ];
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const text = (line: string[]) => `| ${line.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  const [head, ...body] = lines.map(text);
  return [`### ${engine}`, "", head, text(widths.map((width) => "-".repeat(width))), ...body, ""].join("\n");
}
