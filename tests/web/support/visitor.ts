/**
 * Somebody at a browser of his own. Owns what is watched in every page that he opens: errors, the policy, and whom it asks.
 * What a page complains of that a test did not foresee fails it.
 */
import type { BrowserContext, Page } from "playwright-core";
import { Pages } from "./pages.ts";

/** How long a page may take for anything. Longer than it ever needs: what is waited for is a condition. */
const patienceMs = 10_000;

/** A browser, its first tab, and the page in it. */
export class Visitor {
  readonly complaints: string[] = [];

  private constructor(readonly context: BrowserContext, readonly page: Page, readonly url: string) {}

  static async arrive(context: BrowserContext, url: string, expected: RegExp[]): Promise<Visitor> {
    context.setDefaultTimeout(patienceMs);
    const page = await context.newPage();
    const visitor = new Visitor(context, page, url);
    visitor.#watch(expected);
    await page.goto(url);
    return visitor;
  }

  /** The pages in the first tab. */
  get pages(): Pages {
    return new Pages(this.page);
  }

  /** Another tab of the same browser, on the same customer. */
  async tab(): Promise<Pages> {
    const page = await this.context.newPage();
    await page.goto(this.url);
    return new Pages(page);
  }

  /** The same, which the hub tells of changes by now: it asks for them no sooner than in a minute. */
  async listeningTab(): Promise<Pages> {
    const page = await this.context.newPage();
    const { promise, resolve } = Promise.withResolvers<void>();
    page.on("websocket", (socket) =>
      socket.on("framereceived", ({ payload }) => {
        if (/"phx_reply".*"ok"/.test(String(payload))) resolve();
      }));
    await page.goto(this.url);
    await promise;
    return new Pages(page);
  }

  async signInAs(email: string, password: string): Promise<void> {
    // By what has no words: the pages may speak any language.
    await this.page.locator("#email").fill(email);
    await this.page.locator("#password").fill(password);
    await this.page.locator("#password").press("Enter");
    await this.page.locator("#prompt").waitFor();
  }

  async leave(): Promise<void> {
    await this.context.close();
  }

  /** What the first tab shows, for whoever reads why a test failed. */
  async describe(): Promise<string> {
    return await this.page.locator("body").ariaSnapshot({ timeout: 2_000 }).catch(() => "(the page is gone)");
  }

  #watch(expected: RegExp[]): void {
    const { origin, host } = new URL(this.url);
    const complain = (words: string) => {
      if (!expected.some((pattern) => pattern.test(words))) this.complaints.push(words);
    };
    this.context.on("weberror", (error) => complain(`error: ${error.error().message}`));
    this.context.on("console", (message) => {
      if (
        message.type() === "error" || message.type() === "warning" || /Content Security Policy/.test(message.text())
      ) {
        complain(`console: ${message.text()} (${message.location().url})`);
      }
    });
    this.context.on("request", (request) => {
      const address = new URL(request.url());
      if (!["blob:", "data:"].includes(address.protocol) && address.origin !== origin) {
        complain(`asks another host: ${request.url()}`);
      }
    });
    const listen = (page: Page) => {
      page.on("websocket", (socket) => {
        if (new URL(socket.url()).host !== host) complain(`listens to another host: ${socket.url()}`);
      });
    };
    this.context.pages().forEach(listen);
    this.context.on("page", listen);
  }
}
