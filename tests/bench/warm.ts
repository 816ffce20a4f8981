/**
 * Warm requests: ours, the twin and the floor in turns, at one client and at sixteen. Owns the order of the rounds and the
 * ratios of each round; what disturbs the machine disturbs all three of a round alike. One client asks the three by turns,
 * request by request; sixteen ask one of them after the other.
 */
import { median, percentile, rotated } from "./figures.ts";
import { load, loadInTurns } from "./load.ts";
import type { Clients, Sizes } from "./sizes.ts";
import type { Stand } from "./stand.ts";
import { processorTimeOf, startSubject, type Subject } from "./subject.ts";

const names = ["ours", "twin", "floor"] as const;
type Name = (typeof names)[number];

/** What was measured for one number of clients. */
export interface Warm {
  clients: Clients;
  /** Milliseconds: of all rounds together, and each round's own. */
  p50: Record<Name, number>;
  p99: Record<Name, number>;
  rounds: { p50: Record<Name, number>; p99: Record<Name, number> }[];
  /** Milliseconds of processor time that the subject's own process needs for a request. */
  processor: Record<Name, number>;
  /** Medians over the rounds of each round's ratio. */
  ratios: Record<"p50" | "p99", Record<"floor" | "twin", number>>;
}

/** Measures; the subjects are warm before the first round. */
export async function measureWarm(stand: Stand, sizes: Sizes, log: (line: string) => void): Promise<Warm[]> {
  const subjects: Subject[] = [];
  try {
    for (const name of names) subjects.push(await startSubject(name, stand.surroundings));
    for (const subject of subjects) await load(stand, subject, 16, sizes.requests[16]);
    const results: Warm[] = [];
    for (const clients of [1, 16] as const) {
      log(`warm requests, ${clients} ${clients === 1 ? "client" : "clients"}: ${sizes.rounds} rounds`);
      const samples: Record<Name, number[][]> = { ours: [], twin: [], floor: [] };
      const before = await processorTimes(subjects);
      for (let round = 0; round < sizes.rounds; round++) {
        const turns = rotated(subjects, round);
        const taken = clients === 1 ? await loadInTurns(stand, turns, sizes.requests[1]) : [];
        for (const [index, subject] of turns.entries()) {
          const own = taken[index] ?? await load(stand, subject, clients, sizes.requests[clients]);
          samples[subject.name as Name].push(own);
        }
      }
      results.push(summary(clients, samples, before, await processorTimes(subjects)));
    }
    return results;
  } finally {
    await Promise.all(subjects.map((subject) => subject.stop()));
  }
}

type Times = Record<Name, number>;

async function processorTimes(subjects: Subject[]): Promise<Times> {
  const times: Times = { ours: 0, twin: 0, floor: 0 };
  for (const { name, pid } of subjects) times[name as Name] = await processorTimeOf(pid);
  return times;
}

function summary(clients: Clients, samples: Record<Name, number[][]>, before: Times, after: Times): Warm {
  const each = <T>(value: (name: Name) => T) =>
    Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, T>;
  const rounds = samples.ours.map((_, round) => ({
    p50: each((name) => percentile(samples[name][round] ?? [], 0.5)),
    p99: each((name) => percentile(samples[name][round] ?? [], 0.99)),
  }));
  const ratio = (of: "p50" | "p99", to: "floor" | "twin") =>
    median(rounds.map((round) => round[of].ours / round[of][to]));
  return {
    clients,
    p50: each((name) => percentile(samples[name].flat(), 0.5)),
    p99: each((name) => percentile(samples[name].flat(), 0.99)),
    rounds,
    processor: each((name) => (after[name] - before[name]) / samples[name].flat().length),
    ratios: {
      p50: { floor: ratio("p50", "floor"), twin: ratio("p50", "twin") },
      p99: { floor: ratio("p99", "floor"), twin: ratio("p99", "twin") },
    },
  };
}
