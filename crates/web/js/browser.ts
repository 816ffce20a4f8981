/**
 * What the pages ask of the browser itself: words for times and money, what is kept between visits, the clipboard, a file
 * to save. Owns these few calls, so that they cost nothing in WebAssembly. Must not: know the hub.
 */

const formats = new Map<string, Intl.DateTimeFormat | Intl.NumberFormat>();

function format<Format extends Intl.DateTimeFormat | Intl.NumberFormat>(
  name: string,
  make: () => Format,
): Format {
  const made = formats.get(name) ?? make();
  formats.set(name, made);
  return made as Format;
}

/** For how long nothing may have moved, to be at rest. */
const restMs = 120;

/** The browser, as the pages need it. */
export class Browser {
  constructor() {
    // What a link in a popover leads to is not to be looked for below it.
    addEventListener("click", ({ target }) => {
      if (target instanceof Element && target.closest("a")) target.closest<HTMLElement>("[popover]")?.hidePopover();
    });
  }

  /** The page's language, `en` or `hi`. */
  language(): string {
    return document.documentElement.lang === "hi" ? "hi" : "en";
  }

  setLanguage(language: string): void {
    document.documentElement.lang = language;
    this.keep("language", language);
    formats.clear();
  }

  /** `light`, `dark` or `system`. */
  theme(): string {
    return this.kept("theme") || "system";
  }

  setTheme(theme: string): void {
    this.keep("theme", theme === "system" ? "" : theme);
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }

  #locale(): string {
    return `${this.language()}-IN-u-nu-latn`;
  }

  /** ₹1,234, from paise; paise are shown where there are any. */
  rupees(paise: number): string {
    const fraction = paise % 100 === 0 ? 0 : 2;
    return format(
      `rupees${fraction}`,
      () =>
        new Intl.NumberFormat(this.#locale(), {
          style: "currency",
          currency: "INR",
          minimumFractionDigits: fraction,
          maximumFractionDigits: fraction,
        }),
    ).format(paise / 100);
  }

  /** 14:20, in the words of the page's language. */
  clock(ms: number): string {
    return format(
      "clock",
      () => new Intl.DateTimeFormat(this.#locale(), { timeStyle: "short" }),
    ).format(ms);
  }

  /** 28 Nov 2026. */
  day(ms: number): string {
    return format(
      "day",
      () => new Intl.DateTimeFormat(this.#locale(), { dateStyle: "medium" }),
    ).format(ms);
  }

  /** 28 Nov 2026, 14:20. */
  moment(ms: number): string {
    return format(
      "moment",
      () =>
        new Intl.DateTimeFormat(this.#locale(), {
          dateStyle: "medium",
          timeStyle: "short",
        }),
    ).format(ms);
  }

  /** 1,234. */
  number(value: number): string {
    return format("number", () => new Intl.NumberFormat(this.#locale())).format(
      value,
    );
  }

  uuid(): string {
    return crypto.randomUUID();
  }

  /** A seed: a whole number below 2^32. */
  seed(): number {
    return crypto.getRandomValues(new Uint32Array(1))[0]!;
  }

  /** Keeps a text under a name until the next visit; "" forgets it. A browser that keeps nothing is served all the same. */
  keep(name: string, text: string): void {
    try {
      if (text === "") localStorage.removeItem(name);
      else localStorage.setItem(name, text);
    } catch {
      // Private windows and full disks: what is not kept is asked for again.
    }
  }

  kept(name: string): string {
    try {
      return localStorage.getItem(name) ?? "";
    } catch {
      return "";
    }
  }

  async copy(text: string): Promise<boolean> {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return false;
    }
  }

  /** Saves what lies at the address under that name. The file is fetched first, since a name from another origin is ignored. */
  async save(url: string, name: string): Promise<boolean> {
    try {
      const answer = await fetch(url);
      if (!answer.ok) return false;
      const address = URL.createObjectURL(await answer.blob());
      const link = document.createElement("a");
      link.href = address;
      link.download = name;
      link.click();
      // The download holds the bytes once it has begun.
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
      return true;
    } catch {
      return false;
    }
  }

  isOnline(): boolean {
    return navigator.onLine;
  }

  isHidden(): boolean {
    return document.hidden;
  }

  /** Calls back that often, in milliseconds, for as long as the page lives. */
  every(ms: number, tick: () => void): void {
    setInterval(tick, ms);
  }

  /** Resolves after that many milliseconds. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Calls back whenever the page is shown, hidden, or the network comes or goes. */
  watch(changed: () => void): void {
    document.addEventListener("visibilitychange", changed);
    for (const event of ["online", "offline", "focus"]) {
      addEventListener(event, changed);
    }
  }

  #takeBack: (() => void) | undefined;

  /** Makes the browser's Back undo something that has no address of its own, once. The page stays where it is scrolled to. */
  step(takeBack: () => void): void {
    if (!this.#takeBack) {
      history.scrollRestoration = "manual";
      history.pushState(null, "");
      addEventListener("popstate", () => {
        history.scrollRestoration = "auto";
        const undo = this.#takeBack;
        this.#takeBack = undefined;
        undo?.();
      }, { once: true });
    }
    this.#takeBack = takeBack;
  }

  /** It was undone in another way: Back is what it was. */
  stepBack(): void {
    if (!this.#takeBack) return;
    this.#takeBack = undefined;
    history.back();
  }

  /** Goes from there to an address: Back leads to where the step was made. Nobody is told of a new address. */
  stepOver(hash: string): void {
    this.#takeBack = undefined;
    history.scrollRestoration = "auto";
    history.replaceState(null, "", hash);
  }

  /**
   * Tells where the window is over an element, now and whenever that changes, at most once a frame, for as long as the
   * element is in the document: the element's width, how far its top is above the window's, and the window's height.
   */
  watchPlace(
    element: HTMLElement,
    told: (width: number, above: number, height: number, atMs: number) => void,
  ): void {
    let frame = 0;
    let rest: number | undefined;
    const look = () => {
      frame = 0;
      clearTimeout(rest);
      if (!element.isConnected) {
        removeEventListener("scroll", soon);
        removeEventListener("resize", soon);
        observer.disconnect();
        return;
      }
      const box = element.getBoundingClientRect();
      told(
        Math.floor(box.width),
        Math.max(0, Math.round(-box.top)),
        innerHeight,
        Math.round(performance.now()),
      );
    };
    const soon = () => {
      frame ||= requestAnimationFrame(() => {
        look();
        // Once more when it has come to rest.
        if (element.isConnected) rest = setTimeout(look, restMs);
      });
    };
    const observer = new ResizeObserver(soon);
    observer.observe(element);
    addEventListener("scroll", soon, { passive: true });
    addEventListener("resize", soon);
    look();
  }

  /** Fetches the texts of a language. */
  async catalogue(language: string): Promise<Record<string, string> | null> {
    const address = document.querySelector<HTMLMetaElement>(
      `meta[name=catalogue-${language}]`,
    )?.content;
    try {
      return address ? await (await fetch(address)).json() : null;
    } catch {
      return null;
    }
  }
}
