/**
 * Keeps the bench from rotting: a quick run through everything it measures. Asserts that the figures are there and hang
 * together; what they are depends on the machine and is not asserted. Run: deno test -A tests/bench/
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { root } from "../../scripts/local/paths.ts";
import { withFolder } from "../../scripts/local/tests/support.ts";
import { median, percentile, rotated } from "./figures.ts";
import { picture } from "./png.ts";

Deno.test("a quick run measures everything", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "figures.json");
    const { code, stdout, stderr } = await new Deno.Command(join(root, "scripts/bench"), {
      args: ["--quick", "--json", file],
      signal: AbortSignal.timeout(600_000),
    }).output();
    const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    strictEqual(code, 0, output);

    const { quick, sizes, rows, figures } = JSON.parse(await Deno.readTextFile(file));
    strictEqual(quick, true);
    for (const { what, figure } of rows) ok(Number.isFinite(parseFloat(figure)), `${what}: ${figure}`);
    for (const warm of figures.warm) {
      strictEqual(warm.rounds.length, sizes.rounds);
      for (const name of ["ours", "twin", "floor"]) ok(warm.p99[name] >= warm.p50[name], `${name}: p99 below p50`);
    }
    strictEqual(figures.cold.length, 6);
    for (const cold of figures.cold) {
      for (const name of ["ours", "twin", "blank"]) strictEqual(cold.samples[name].length, sizes.starts);
    }
    deepStrictEqual(figures.ledger.rows, { small: sizes.rowsSmall, large: sizes.rows });
    for (const name of ["ours", "twin", "floor"]) strictEqual(figures.memory[name].rss.length, 4);
    strictEqual(figures.shipped.ours.files.length, 3);
    ok(figures.shipped.ours.gzip < figures.shipped.ours.raw);
    // Every row of the table is printed.
    for (const { what } of rows) ok(output.includes(what), what);
  });
});

Deno.test("a flag that is not known is refused before anything is started", async () => {
  const { code, stderr } = await new Deno.Command(join(root, "scripts/bench"), { args: ["--only", "nothing"] })
    .output();
  strictEqual(code, 1);
  ok(new TextDecoder().decode(stderr).includes("--only takes some of warm"));
});

Deno.test("percentiles are of the nearest rank, and the median of an even count lies between", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  deepStrictEqual([percentile(hundred, 0.5), percentile(hundred, 0.99), percentile(hundred, 1)], [50, 99, 100]);
  strictEqual(percentile([7], 0.99), 7);
  deepStrictEqual([median([3, 1, 2]), median([4, 1, 2, 3])], [2, 2.5]);
  deepStrictEqual(rotated(["a", "b", "c"], 1), ["b", "c", "a"]);
});

Deno.test("the engine's picture is a PNG of 512 × 512 that can be unpacked", async () => {
  const bytes = await picture();
  const view = new DataView(bytes.buffer);
  strictEqual(view.getBigUint64(0), 0x89504e470d0a1a0an);
  deepStrictEqual([view.getUint32(16), view.getUint32(20)], [512, 512]);
  const length = view.getUint32(33);
  strictEqual(new TextDecoder().decode(bytes.subarray(37, 41)), "IDAT");
  const stream = new Blob([bytes.subarray(41, 41 + length)]).stream().pipeThrough(new DecompressionStream("deflate"));
  strictEqual((await new Response(stream).arrayBuffer()).byteLength, 513 * 512);
  strictEqual(new TextDecoder().decode(bytes.subarray(-8, -4)), "IEND");
});
