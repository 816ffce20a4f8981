/**
 * What the scripts know of the crate: `web-wasm` is the glue that wasm-bindgen writes, and which the build puts in this
 * file's place. Owns the types alone.
 */
import type { pay } from "./checkout.ts";
import type { Browser } from "./browser.ts";
import type { Hub } from "./hub.ts";

/** Fetches and starts the module. */
export default function init(
  from: { module_or_path: string },
): Promise<unknown>;

/** Takes over the page. */
export function start(
  hub: Hub,
  browser: Browser,
  pay_: typeof pay,
  catalogue: Record<string, string>,
): void;
