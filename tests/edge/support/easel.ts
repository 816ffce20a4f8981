/** The control API of easel, the local engine: orders of faults and the log of requests. Knows nothing of the hub. */
import assert from "node:assert/strict";
import { until } from "../../../scripts/local/process.ts";

/** A fault, as crates/easel/src/faults.rs names it. */
export type Fault = { kind: string; [detail: string]: unknown };

/** A request that easel saw. */
export interface Seen {
  sequence: number;
  method: string;
  path: string;
  headers: Record<string, string | boolean>;
  body: { inputs: string; parameters: Record<string, unknown> };
  prompt: string;
  answer: { status: number; what: string; seed: number | null } | null;
  client_left: boolean;
}

/** A running easel. */
export class Easel {
  constructor(readonly url: string, readonly key: string) {}

  /**
   * Plays a fault for the next `times` requests whose prompt contains the marker, and whose path contains `path`; null is
   * for ever.
   */
  async order(marker: string, fault: Fault, times: number | null = 1, path = ""): Promise<void> {
    const response = await fetch(`${this.url}/easel/faults`, {
      method: "POST",
      body: JSON.stringify({ prompt_contains: marker, path_contains: path, times, fault }),
    });
    assert.equal(response.status, 201, await response.text());
  }

  /** Plays no fault any more that was ordered. */
  async clear(): Promise<void> {
    const response = await fetch(`${this.url}/easel/faults`, { method: "DELETE" });
    await response.body?.cancel();
    assert.ok(response.ok);
  }

  /** What was asked with such a prompt, in the order of arrival. */
  async requests(marker: string): Promise<Seen[]> {
    const response = await fetch(`${this.url}/easel/requests?prompt_contains=${encodeURIComponent(marker)}`);
    return (await response.json()).requests;
  }

  /** What easel draws when it is asked the same again, by us. */
  async draw(seen: Seen): Promise<Uint8Array> {
    const { method, path, body } = seen;
    const headers = { authorization: `Bearer ${this.key}`, accept: String(seen.headers.accept) };
    const response = await fetch(this.url + path, { method, headers, body: JSON.stringify(body) });
    assert.equal(response.status, 200);
    return await response.bytes();
  }

  /** Waits until that many such requests have arrived. */
  async arrived(marker: string, count = 1): Promise<void> {
    const have = async () => (await this.requests(marker)).length >= count;
    assert.ok(await until(have, 30_000), `${count} requests reach the engine`);
  }
}
