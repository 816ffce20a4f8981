/**
 * A gate in front of the engine: requests whose prompt holds a marker wait here until the test lets them through. With
 * it a test decides what happens while a picture is being drawn, and no clock has a say. Everything else passes.
 */
import assert from "node:assert/strict";
import { until } from "../../../scripts/local/process.ts";

interface Held {
  count: number;
  opened: PromiseWithResolvers<void>;
}

/** Requests that are held. */
export interface Hold {
  /** Resolves when that many requests wait. */
  arrived(count?: number): Promise<void>;
  /** Lets them through, and all that come later. */
  open(): void;
}

/** The gate. */
export class Gate {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #held = new Map<string, Held>();
  readonly url: string;

  constructor(engineUrl: () => string) {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
      const body = await request.text();
      for (const [marker, held] of this.#held) {
        if (!body.includes(marker)) continue;
        held.count++;
        await held.opened.promise;
      }
      const { pathname, search } = new URL(request.url);
      try {
        return await fetch(engineUrl() + pathname + search, {
          method: request.method,
          headers: request.headers,
          body: body === "" ? null : body,
          // Who hangs up on the gate hangs up on the engine.
          signal: request.signal,
        });
      } catch {
        return new Response(null, { status: 502 });
      }
    });
    this.url = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Holds what comes with that marker from now on. */
  hold(marker: string): Hold {
    const held: Held = { count: 0, opened: Promise.withResolvers() };
    this.#held.set(marker, held);
    return {
      async arrived(count = 1) {
        assert.ok(await until(() => held.count >= count, 30_000, 5), `${held.count} of ${count} requests came`);
      },
      open: () => {
        this.#held.delete(marker);
        held.opened.resolve();
      },
    };
  }

  async close(): Promise<void> {
    for (const held of this.#held.values()) held.opened.resolve();
    await this.#server.shutdown();
  }
}
