/**
 * The key under which a refund is made once, however often it is asked for. Owns the keys and the answers under them;
 * does not know what a refund is.
 */
import { Refusal } from "./refusal.ts";

interface Kept {
  request: string;
  answer?: unknown;
  isUnderWay: boolean;
}

/** The keys that were used. */
export class Idempotency {
  readonly #kept = new Map<string, Kept>();

  /**
   * Does the work, unless it was done under this key. `around` is what happens to the request on its way in and out; it
   * may fail after the work is done, as a connection does.
   */
  async once<T>(
    key: string | undefined,
    request: string,
    work: () => T,
    around: (work: () => T) => Promise<T>,
  ): Promise<T> {
    if (key === undefined) return await around(work);
    if (key.length < 10) throw new Refusal("The idempotency key must be at least 10 characters long.");
    if (!/^[A-Za-z0-9_-]+$/.test(key)) {
      throw new Refusal("The idempotency key must only contain alphanumeric characters, underscores, and hyphens");
    }
    const kept = this.#kept.get(key);
    if (kept && kept.request !== request) {
      throw new Refusal("Different request with the same idempotency key has already been processed.");
    }
    if (kept?.isUnderWay) {
      throw new Refusal("Another request with the same idempotency key is still in progress.", { status: 409 });
    }
    if (kept) return await around(() => kept.answer as T);
    const fresh: Kept = { request, isUnderWay: true };
    this.#kept.set(key, fresh);
    try {
      return await around(() => {
        const answer = work();
        // What was answered is answered again, whatever has become of the refund since.
        fresh.answer = structuredClone(answer);
        return answer;
      });
    } finally {
      fresh.isUnderWay = false;
      if (fresh.answer === undefined) this.#kept.delete(key);
    }
  }
}
