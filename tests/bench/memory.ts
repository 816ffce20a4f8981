/**
 * Memory of a worker: ours, the twin and the floor, read after so many requests each in a fresh process. Owns nothing but
 * the readings. The floor has no memory of its own to speak of: what it grows by is the runtime's.
 */
import { load } from "./load.ts";
import type { Sizes } from "./sizes.ts";
import type { Stand } from "./stand.ts";
import { memoryOf, startSubject } from "./subject.ts";

const names = ["ours", "twin", "floor"] as const;

/** Bytes that lie in memory, of one subject, reading by reading. */
export interface Memory {
  requests: Sizes["memoryAfter"];
  rss: number[];
  /** Without what the process shares with others, such as Deno's own program. */
  anonymous: number[];
}

/** The readings of all subjects. */
export type Memories = Record<(typeof names)[number], Memory>;

/** Measures one subject after the other. */
export async function measureMemory(stand: Stand, sizes: Sizes, log: (line: string) => void): Promise<Memories> {
  const measured: Partial<Memories> = {};
  for (const name of names) {
    log(`memory of ${name} after ${sizes.memoryAfter.join(", ")} requests`);
    const memory: Memory = { requests: sizes.memoryAfter, rss: [], anonymous: [] };
    const subject = await startSubject(name, stand.surroundings);
    try {
      let sent = 0;
      for (const requests of sizes.memoryAfter) {
        await load(stand, subject, 4, requests - sent);
        sent = requests;
        const { rss, anonymous } = await memoryOf(subject.pid);
        memory.rss.push(rss);
        memory.anonymous.push(anonymous);
      }
    } finally {
      await subject.stop();
    }
    measured[name] = memory;
  }
  return measured as Memories;
}
