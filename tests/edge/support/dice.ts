/**
 * Chance that can be had again: the same seed throws the same. Owns the generator (mulberry32, which is small and good
 * enough to choose tests by, and for nothing secret). Knows nothing of what is chosen.
 */

/** Dice of a seed. */
export class Dice {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to 1, and never 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 up to `count`, and never `count`. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** Whether something of that probability happens. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of them. */
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  /** Bytes. */
  bytes(count: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length: count }, () => this.below(256));
  }

  /** A UUID of version 4. */
  uuid(): string {
    const hex = this.bytes(16).toHex();
    const variant = "89ab"[this.below(4)];
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${
      hex.slice(20)
    }`;
  }
}

/** The seed that an environment variable names, or a new one. */
export function seedFrom(variable: string): number {
  const given = Number(Deno.env.get(variable));
  return Number.isInteger(given) && given > 0 ? given : crypto.getRandomValues(new Uint32Array(1))[0]! || 1;
}

/** A count that an environment variable names, or the usual one. */
export function countFrom(variable: string, usual: number): number {
  const given = Number(Deno.env.get(variable));
  return Number.isInteger(given) && given > 0 ? given : usual;
}
