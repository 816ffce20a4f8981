/**
 * Cuts the fonts of the site: `node fonts.mjs <folder of the package's files> <folder to write into>`.
 * Owns which letters, weights and features the pages may use. Must not: decide what a font is called in the site.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import subset from "subset-font";

const [from, to] = process.argv.slice(2);

const settings = {
  targetFormat: "woff2",
  // The weights that the styles use; beyond them the face would only cost bytes.
  variationAxes: { wght: { min: 400, max: 700 } },
  // Figures of one width, and what makes accents right; no ligatures, alternates or small capitals, and no kerning: its
  // pairs alone are 7.5 kB of every first visit, and at the sizes of a page few people see them.
  keepFeatures: ["ccmp", "locl", "mark", "mkmk", "tnum"],
  // No screen that this ships to uses them.
  noHinting: true,
};

/** The letters from `first` to `last`. */
function range(first, last) {
  return Array.from({ length: last - first + 1 }, (_, place) => String.fromCodePoint(first + place)).join("");
}

async function cut(source, letters, name) {
  const font = await subset(readFileSync(join(from, source)), letters, settings);
  writeFileSync(join(to, name), font);
}

// What every page says. The rest of what the package calls Latin (western European letters, further signs) is a file of its
// own, which a browser fetches when a page says such a letter: the ranges stand in styles/tokens.css.
const latin = range(0x20, 0x7e) + "\u00b7\u00d7" + "\u2013\u2014\u2018\u2019\u201c\u201d\u2026";
await cut("anek-latin-latin-wght-normal.woff2", latin, "anek-latin.woff2");
await cut("anek-latin-latin-wght-normal.woff2", range(0xa0, 0xff) + range(0x2000, 0x22ff), "anek-more.woff2");
// The package has ₹ among the letters of central Europe, 36 KB of them. Alone it takes one.
await cut("anek-latin-latin-ext-wght-normal.woff2", "₹", "anek-rupee.woff2");
