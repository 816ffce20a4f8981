/**
 * What can be seen and measured of a page: whether axe-core finds fault with it, what it looks like, and how it behaved while
 * it loaded. Owns where pictures are put; knows no page.
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";

const axe = await Deno.readTextFile(new URL("../../../node_modules/axe-core/axe.min.js", import.meta.url));
const folder = new URL("../../.output/web/", import.meta.url);

/** What axe-core found, in a line each. */
interface Violation {
  id: string;
  help: string;
  nodes: { target: string[]; failureSummary?: string }[];
}

/** axe-core finds nothing. The page's policy does not hold for what devtools evaluate, so it stays as it is. */
export async function assertAccessible(page: Page, name: string): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Runtime.evaluate", { expression: axe });
  const { result, exceptionDetails } = await devtools.send("Runtime.evaluate", {
    // Whatever develops or comes in is judged when it stands.
    expression: `Promise.all(document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime < 5000)
      .map((one) => one.finished.catch(() => {}))).then(() => axe.run(document, { resultTypes: ["violations"] }))
      .then((found) => JSON.stringify(found.violations))`,
    awaitPromise: true,
    returnByValue: true,
  });
  assert.equal(exceptionDetails, undefined, `axe-core on ${name}: ${exceptionDetails?.exception?.description}`);
  const violations: Violation[] = JSON.parse(result.value);
  const told = violations.map(({ id, help, nodes }) =>
    `${id}: ${help}\n    ${nodes.map((node) => `${node.target.join(" ")}: ${node.failureSummary}`).join("\n    ")}`
  );
  assert.deepEqual(told, [], `axe-core on ${name}`);
}

/** Puts a picture of what is seen into the folder for people to look at. */
export async function portray(page: Page, name: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await page.screenshot({ path: new URL(`${name}.png`, folder).pathname, animations: "disabled" });
}
