/**
 * What follows from each kind of trouble: the status and the code, how often the engine is asked, and when a picture of
 * the queue is tried again. It is the hub's policy written down a second time, on purpose: a fault must not come to mean
 * something else because the source of the hub does.
 */

/** How long a request waits for an engine where its end must not depend on that. */
export const ampleSeconds = 60;

/** How long it waits where that decides: waits of 1 and 2 seconds fit in, and one of 4 does not, whatever is added to them
 * by chance. */
export const littleSeconds = 7;

/** How often an engine that breaks is asked within that time. */
const tries = 3;

/** What a request comes to. */
export interface Consequence {
  /** The code, or none for a picture. */
  code?: string;
  /** Orders that the engine gets. */
  asked: number;
  /** Fields of the answer, where the engine named them. */
  fields?: Record<string, unknown>;
}

/** What a picture of the queue comes to. */
export interface QueueConsequence extends Consequence {
  /** Seconds to each next try. */
  waits: number[];
}

/** What follows from a fault, for who waits and in the queue. */
export interface Consequences {
  sync: Consequence;
  queue: QueueConsequence;
  /** Whether it takes all the time that a request has, or follows from how little that is. */
  isTimed: boolean;
}

const both = (code: string | undefined, asked: number): Consequences => ({
  sync: { code, asked },
  queue: { code, asked, waits: [] },
  isTimed: false,
});

/** Not worth asking a second time. */
const final = (code: string): Consequences => both(code, 1);

/** Asked so often at once; and in the queue three times more. */
const passing = (code: string, times: number): Consequences => ({
  sync: { code, asked: times },
  queue: { code, asked: times * 4, waits: [15, 30, 60] },
  isTimed: false,
});

const timed = (consequences: Consequences): Consequences => ({ ...consequences, isTimed: true });

/** Not asked again at once, since that may be billed again; and in the queue one more time. */
const unsure = (code: string): Consequences => ({
  sync: { code, asked: 1 },
  queue: { code, asked: 2, waits: [5] },
  isTimed: false,
});

/** The engine says twice that it needs so many seconds, which is too long for who waits. */
const told = (code: string, fields: Record<string, unknown>, wait: number): Consequences => ({
  sync: { code, asked: 1, fields },
  queue: { asked: 3, waits: [wait, wait] },
  isTimed: true,
});

/** Every kind of trouble. */
const troubles = {
  /** None. */
  picture: both(undefined, 1),
  /** It works at the second time of asking, within the same request. */
  secondTry: both(undefined, 2),
  refused: final("prompt_refused"),
  misunderstood: final("engine_failed"),
  tooLarge: final("engine_failed"),
  misconfigured: final("engine_misconfigured"),
  noPicture: unsure("engine_failed"),
  timedOut: timed(unsure("engine_timeout")),
  broken: timed(passing("engine_failed", tries)),
  unavailable: timed(passing("engine_unavailable", tries)),
  busy: timed(passing("rate_limited", tries)),
  /** Asked a second time and no more: the first may have arrived, and be billed. */
  unreachable: passing("engine_unavailable", 2),
  /** Asked anew until it has been asked four times: nobody bills it. */
  jobGone: passing("engine_failed", 4),
  busyForAMinute: told("rate_limited", { retryAfter: 60 }, 60),
  /** For longer than a picture may wait. */
  busyForHours: {
    sync: { code: "rate_limited", asked: 1, fields: { retryAfter: 7_200 } },
    queue: { code: "rate_limited", asked: 1, waits: [] },
    isTimed: false,
  },
  wakesInTwenty: told("model_loading", { retryAfter: 20, estimatedTime: 20, loading: true }, 20),
  /** It is asked about earlier than it says, since estimates are often too long. */
  wakesInAMinute: told("model_loading", { retryAfter: 60, estimatedTime: 60, loading: true }, 30),
  /** It works at the third time of asking. */
  unavailableTwice: both(undefined, 3),
  /** Not done in time, once: the queue's second try has it. */
  timedOutOnce: {
    sync: { code: "engine_timeout", asked: 1 },
    queue: { asked: 2, waits: [5] },
    isTimed: true,
  },
} satisfies Record<string, Consequences>;

/** The name of a kind of trouble. */
export type Trouble = keyof typeof troubles;

/** What follows from it. */
export const consequences = (trouble: Trouble): Consequences => troubles[trouble];

/** The HTTP status of a code, as clients know it. */
export const statuses: Record<string, number> = {
  prompt_refused: 422,
  rate_limited: 429,
  engine_failed: 502,
  engine_misconfigured: 502,
  model_loading: 503,
  engine_unavailable: 503,
  engine_timeout: 504,
};
