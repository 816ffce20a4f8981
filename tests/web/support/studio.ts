/**
 * The hub with its pages, and a browser in front of it, for one file of tests. Owns starting and stopping them, and what
 * must hold after every test whatever it was about: no page complained, no page asked another host, nothing is held.
 * Knows no page; those are pages.ts's.
 */
import assert from "node:assert/strict";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { until } from "../../../scripts/local/process.ts";
import { startBrowser } from "../../browser/chromium.ts";
import type { Customer } from "../../edge/support/customer.ts";
import type { Hold } from "../../edge/support/gate.ts";
import { type Bench, Hub, type HubOptions } from "../../edge/support/hub.ts";
import { Visitor } from "./visitor.ts";

/** How a browser differs from the usual one, and what it may complain of. */
export interface VisitOptions extends BrowserContextOptions {
  /** Lines of the console that belong to what the test does: an answer that refuses, a network that is gone. */
  expected?: RegExp[];
}

/** What a test is given. */
export interface StudioBench extends Bench {
  /** A browser of its own, as if on another device, on the page that asks who is there. */
  visitor(options?: VisitOptions): Promise<Visitor>;
  /** The same, where a customer has signed in. */
  signedIn(customer: Customer, options?: VisitOptions): Promise<Visitor>;
  /** Keeps pictures with such a prompt at the engine's gate; opened at the end of the test if not before. */
  hold(prompt: string): Hold;
}

/** The usual window: a laptop's. */
const usual: BrowserContextOptions = {
  viewport: { width: 1280, height: 800 },
  locale: "en-IN",
  timezoneId: "Asia/Kolkata",
  colorScheme: "light",
};

/** A running stack with a browser. */
export class Studio {
  readonly hub: Hub;
  #browser: Browser | undefined;

  constructor(options: HubOptions = {}) {
    this.hub = new Hub({ gated: true, ...options });
    Deno.test.beforeAll(async () => {
      this.#browser = await startBrowser();
    });
    Deno.test.afterAll(() => this.#browser?.close());
  }

  /** Declares a test. Its browsers are closed when it is done, and must have had nothing to complain of. */
  test(name: string, body: (bench: StudioBench) => Promise<unknown>): void {
    this.hub.test(name, async (bench) => {
      const visitors: Visitor[] = [];
      const holds: Hold[] = [];
      const hold = (prompt: string) => {
        const held = this.hub.gate!.hold(prompt);
        holds.push(held);
        return held;
      };
      const visitor = async ({ expected = [], ...options }: VisitOptions = {}) => {
        const context = await this.#browser!.newContext({ ...usual, ...options });
        const one = await Visitor.arrive(context, this.hub.stack.webUrl, expected);
        visitors.push(one);
        return one;
      };
      const signedIn = async (customer: Customer, options?: VisitOptions) => {
        const one = await visitor(options);
        await one.signInAs(await emailOf(customer), "correct horse");
        return one;
      };
      try {
        await body({ ...bench, visitor, signedIn, hold }).catch(async (error) => {
          throw new Error(`${await told(visitors)}\n${error.message}`, { cause: error });
        });
        holds.forEach((held) => held.open());
        for (const one of visitors) assert.deepEqual(one.complaints, [], "a page complains");
        assert.ok(await until(() => this.#isIdle(), 20_000, 50), "nothing is held any more");
      } finally {
        holds.forEach((held) => held.open());
        for (const one of visitors) await one.leave();
      }
    });
  }

  async #isIdle(): Promise<boolean> {
    const [row] = await this.hub.sql<{ held: number }[]>`
      select count(*)::int as held from public.image_generations where status in ('queued', 'running')`;
    return row!.held === 0;
  }
}

async function emailOf(customer: Customer): Promise<string> {
  const { data } = await customer.client.auth.getUser();
  assert.ok(data.user?.email, "the customer has an address");
  return data.user.email;
}

/** What the pages of a test that failed showed and said. */
async function told(visitors: Visitor[]): Promise<string> {
  const told: string[] = [];
  for (const [place, one] of visitors.entries()) {
    told.push(`visitor ${place}: ${one.complaints.join("; ")}\n${await one.describe()}`);
  }
  return told.join("\n");
}
