/**
 * The hub's pages as people meet them: by role, by label, by the words that stand there. Owns where everything is found;
 * checks nothing but that what is used is there. English, as the usual browser asks for.
 */
import type { Locator, Page } from "playwright-core";
import { Turn } from "./turn.ts";

/** The pages in one tab. */
export class Pages {
  readonly signIn: SignIn;
  readonly studio: Studio;
  readonly plans: Plans;
  readonly history: History;
  readonly menu: Menu;

  constructor(readonly page: Page) {
    this.signIn = new SignIn(page);
    this.studio = new Studio(page);
    this.plans = new Plans(page);
    this.history = new History(page);
    this.menu = new Menu(page);
  }

  /** Goes to a page by the bar. */
  async goTo(name: "Studio" | "Pictures" | "Plans"): Promise<void> {
    await this.page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name }).click();
    await this.page.getByRole("heading", { level: 1 }).waitFor({ state: "attached" });
  }

  /** What is said in passing. */
  get notices(): Locator {
    return this.page.getByRole("region", { name: "Notices" });
  }

  /** The line that says that there is no network. */
  get offline(): Locator {
    return this.page.getByText("You are offline. What you asked for goes on");
  }
}

/** Signing in, and making an account. */
export class SignIn {
  readonly email: Locator;
  readonly password: Locator;

  constructor(readonly page: Page) {
    this.email = page.getByLabel("E-mail");
    this.password = page.getByRole("textbox", { name: "Password" });
  }

  async signUp(email: string, password: string): Promise<void> {
    await this.page.getByRole("radio", { name: "Create account" }).check();
    await this.#send(email, password, "Create account");
  }

  async signIn(email: string, password: string): Promise<void> {
    await this.#send(email, password, "Sign in");
  }

  async #send(email: string, password: string, button: string): Promise<void> {
    await this.email.fill(email);
    await this.password.fill(password);
    await this.page.getByRole("button", { name: button }).click();
  }
}

/** The conversation, the prompt and the session beside them. */
export class Studio {
  readonly prompt: Locator;
  readonly generate: Locator;
  /** What it costs, or why nothing can be sent. */
  readonly cost: Locator;
  readonly session: Locator;
  readonly conversations: Locator;

  constructor(readonly page: Page) {
    this.prompt = page.getByRole("textbox", { name: "Describe a picture" });
    this.generate = page.getByRole("button", { name: /^(Generate|Sending)$/ });
    this.cost = page.locator("#cost");
    this.session = page.getByRole("complementary", { name: "Your session" });
    this.conversations = page.getByRole("complementary", { name: "Conversations" });
  }

  /** Asks for a picture by the button. */
  async ask(prompt: string): Promise<Turn> {
    await this.prompt.fill(prompt);
    await this.generate.click();
    return this.turn(prompt);
  }

  /** What was said and what came of it. */
  turn(prompt: string): Turn {
    const turns = this.page.getByRole("list", { name: "Pictures of this conversation" });
    return new Turn(turns.getByRole("listitem").filter({ has: this.page.getByText(prompt, { exact: true }) }));
  }

  /** The line of this hour's pictures: "2 of 3 left". */
  left(words: string): Locator {
    return this.session.getByText(words, { exact: true }).filter({ visible: true }).first();
  }

  /** A word of the dock, above the prompt. */
  notice(words: string | RegExp): Locator {
    return this.page.locator(".dock-notices").getByText(words);
  }

  async openPanel(): Promise<Panel> {
    const button = this.page.getByRole("button", { name: "Generator" });
    if (await button.getAttribute("aria-expanded") !== "true") await button.click();
    return new Panel(this.page.getByRole("group", { name: "Generator" }));
  }
}

/** The generator's settings. */
export class Panel {
  readonly negative: Locator;
  readonly seed: Locator;

  constructor(readonly group: Locator) {
    this.negative = group.getByLabel("Leave out");
    this.seed = group.getByLabel("Seed", { exact: true });
  }

  async choose(option: string | RegExp): Promise<void> {
    await this.group.getByRole("radio", { name: option, exact: true }).check();
  }

  slider(name: "Steps" | "Guidance"): Locator {
    return this.group.getByRole("slider", { name });
  }
}

/** Buying hours. */
export class Plans {
  constructor(readonly page: Page) {}

  async choose(hours: string): Promise<void> {
    await this.page.getByRole("radio", { name: hours, exact: true }).check();
  }

  buy(plan: string): Locator {
    return this.page.getByRole("button", { name: new RegExp(`(Buy|Add) .*: ${plan},`) });
  }

  /** Starts the clock of what waits. */
  get start(): Locator {
    return this.page.getByRole("button", { name: /^Start: / }).first();
  }
}

/** All pictures. */
export class History {
  constructor(readonly page: Page) {}

  picture(prompt: string): Locator {
    return this.page.getByRole("link", { name: `Open: ${prompt}`, exact: true });
  }

  get lightbox(): Locator {
    return this.page.getByRole("dialog", { name: "Picture" });
  }
}

/** The menu behind the bar's last button. */
export class Menu {
  constructor(readonly page: Page) {}

  async open(): Promise<void> {
    await this.page.getByRole("button", { name: /^(Menu|मेन्यू)$/ }).click();
  }

  async choose(option: string): Promise<void> {
    // Not checked: a language has everything drawn anew.
    await this.page.locator("#menu").getByRole("radio", { name: option, exact: true }).click();
  }

  async press(words: string): Promise<void> {
    await this.page.locator("#menu").getByText(words, { exact: true }).click();
  }
}
