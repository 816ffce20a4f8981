/** How much a run measures. Owns the counts of the two runs, which bound how long a run takes. */

/** Counts of everything that is repeated. */
export interface Sizes {
  /** Rounds of warm requests, and requests of each subject in one round, by clients. */
  rounds: number;
  requests: Record<Clients, number>;
  /** Starts of each subject for each first answer. */
  starts: number;
  /** Requests after which memory is read; the heap of V8 itself grows for the first two thousand. */
  memoryAfter: [number, number, number, number];
  /** Rows of the larger table, and of the smaller one. */
  rows: number;
  rowsSmall: number;
  /** Rounds of reserve and complete, and pairs of calls in each. */
  ledgerRounds: number;
  ledgerPairs: number;
}

/** How many clients ask at the same time. */
export type Clients = 1 | 16;

/** A run whose figures mean something: some minutes. */
export const full: Sizes = {
  rounds: 12,
  requests: { 1: 60, 16: 320 },
  starts: 15,
  memoryAfter: [100, 1_000, 3_000, 4_000],
  rows: 100_000,
  rowsSmall: 1_000,
  ledgerRounds: 7,
  ledgerPairs: 150,
};

/** A run that proves that the bench still works: under a minute, and its figures mean nothing. */
export const quick: Sizes = {
  rounds: 2,
  requests: { 1: 6, 16: 32 },
  starts: 2,
  memoryAfter: [8, 16, 24, 32],
  rows: 4_000,
  rowsSmall: 1_000,
  ledgerRounds: 2,
  ledgerPairs: 20,
};
