/**
 * Keeps one child running: starts it, waits until it answers, starts it again when it ends, slower each time that it
 * ends soon. Owns no knowledge of what the child does; a start is whatever the caller's `start` does.
 */
import { type Child, isAlive } from "./process.ts";

/** What a keeper needs to know. */
export interface KeeperOptions {
  /** For the log. */
  name: string;
  /** Starts the child; resolves with it at once, and with `ready` when it can be used. */
  start: () => Promise<{ child: Child; ready: Promise<void> }>;
  log: (line: string) => void;
}

const firstDelayMs = 100;
const longestDelayMs = 5_000;
/** A child that lived this long has earned a quick restart. */
const healthyMs = 10_000;

/** A child that is started again whenever it ends. */
export class Keeper {
  #options: KeeperOptions;
  #child: Child | undefined;
  #ready = Promise.withResolvers<void>();
  #isReady = false;
  #stopped = false;
  #delayMs = firstDelayMs;
  #wake: (() => void) | undefined;
  #loop: Promise<void>;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#loop = this.#run();
  }

  /** The process id of the child, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves true once the child can be used, false when that takes longer than `timeoutMs`. */
  async ready(timeoutMs: number): Promise<boolean> {
    // A child that was killed a moment ago is gone before its end is reported here.
    if (this.#isReady && this.#child && !isAlive(this.#child.pid)) this.#notReady();
    if (this.#isReady) return true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), timeoutMs)));
    const result = await Promise.race([this.#ready.promise.then(() => true), late]);
    clearTimeout(timer);
    return result;
  }

  /** Ends the child, so that a fresh one takes its place at once. */
  async restart(): Promise<void> {
    this.#delayMs = 0;
    this.#wake?.();
    this.#notReady();
    await this.#child?.stop("SIGTERM", 1_000);
  }

  /** Ends the child for good. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.#child?.stop();
    await this.#loop;
  }

  #notReady() {
    if (this.#isReady) this.#ready = Promise.withResolvers<void>();
    this.#isReady = false;
  }

  async #run(): Promise<void> {
    const { name, start, log } = this.#options;
    while (!this.#stopped) {
      const startedAt = Date.now();
      let reason: string;
      try {
        const { child, ready } = await start();
        this.#child = child;
        if (this.#stopped) child.signal("SIGTERM");
        ready.then(() => {
          if (this.#child !== child) return;
          this.#isReady = true;
          this.#ready.resolve();
        }, () => {});
        const status = await child.ended;
        reason = status.signal ? `was ended by ${status.signal}` : `ended with code ${status.code}`;
      } catch (error) {
        reason = `did not start: ${error instanceof Error ? error.message : error}`;
      }
      this.#child = undefined;
      this.#notReady();
      if (this.#stopped) break;
      const asked = this.#delayMs === 0;
      if (Date.now() - startedAt > healthyMs || asked) this.#delayMs = firstDelayMs;
      if (asked) continue;
      log(`${name} ${reason}; starting it again in ${this.#delayMs} ms`);
      await this.#pause(this.#delayMs);
      if (this.#delayMs !== 0) this.#delayMs = Math.min(this.#delayMs * 2, longestDelayMs);
    }
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
