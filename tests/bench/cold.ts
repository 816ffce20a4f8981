/**
 * Cold starts: from asking for the process to the first answer. Owns the three first questions, and the blank function
 * whose start is the runtime's own: above it lies what a function's modules cost. Each is measured without compiled code
 * from an earlier start, as on the platform, where a worker starts from the bundle on any machine; and with it, as it is
 * when the local stack restarts a function.
 */
import { median, rotated } from "./figures.ts";
import { askOnce, sideOf } from "./load.ts";
import type { Sizes } from "./sizes.ts";
import type { Stand } from "./stand.ts";
import { startSubject, type Subject, type SubjectName } from "./subject.ts";

const questions = ["preflight", "unauthorized", "picture"] as const;

/** What a process is asked first: a preflight, a request without a token, or a picture. */
export type Question = (typeof questions)[number];

/** What was measured for one question. */
export interface Cold {
  question: Question;
  /** Whether V8's code of an earlier start was at hand. */
  codeCache: boolean;
  /** Milliseconds from spawning to the answer, each start. The blank answers everything alike. */
  samples: Record<"ours" | "twin" | "blank", number[]>;
  median: Record<"ours" | "twin" | "blank", number>;
  /** Of what the function adds to the runtime's start, and of the whole. */
  ratio: number;
  ratioWithRuntime: number;
}

/** Measures, each start in a process of its own. */
export async function measureCold(stand: Stand, sizes: Sizes, log: (line: string) => void): Promise<Cold[]> {
  const names = ["ours", "twin", "blank"] as const;
  const results: Cold[] = [];
  for (const codeCache of [false, true]) {
    for (const question of questions) {
      log(
        `cold starts to the first ${question}, ${codeCache ? "with" : "without"} code cache: ${sizes.starts} of each`,
      );
      const samples: Cold["samples"] = { ours: [], twin: [], blank: [] };
      // The first starts fill Deno's cache and are not counted.
      for (let round = -1; round < sizes.starts; round++) {
        for (const name of rotated(names, round + 1)) {
          const took = await coldStart(stand, name, question, codeCache);
          if (round >= 0) samples[name].push(took);
        }
      }
      results.push(summary(question, codeCache, samples));
    }
  }
  return results;
}

function summary(question: Question, codeCache: boolean, samples: Cold["samples"]): Cold {
  const [ours, twin, blank] = [median(samples.ours), median(samples.twin), median(samples.blank)];
  return {
    question,
    codeCache,
    samples,
    median: { ours, twin, blank },
    ratio: (ours - blank) / (twin - blank),
    ratioWithRuntime: ours / twin,
  };
}

async function coldStart(
  stand: Stand,
  name: SubjectName,
  question: Question,
  codeCache: boolean,
): Promise<number> {
  const [customer] = stand.customers;
  const [[sessionId = ""] = []] = question === "picture" && name !== "blank"
    ? await stand.sessions(sideOf({ name }), 1)
    : [];
  const subject = await startSubject(name, stand.surroundings, codeCache ? [] : ["--no-code-cache"]);
  try {
    if (question === "picture" && name !== "blank" && customer) {
      await askOnce(stand, subject, customer.token, sessionId);
    } else {
      await answer(subject, question);
    }
    return performance.now() - subject.startedAt;
  } finally {
    await subject.stop();
  }
}

async function answer(subject: Subject, question: Question): Promise<void> {
  const response = await fetch(subject.url, {
    method: question === "preflight" ? "OPTIONS" : "POST",
    headers: { "content-type": "application/json" },
    body: question === "preflight" ? undefined : "{}",
    signal: AbortSignal.timeout(30_000),
  });
  await response.bytes();
  const isExpected = subject.name === "blank" || (question === "preflight" ? response.ok : response.status === 401);
  if (!isExpected) throw new Error(`${subject.name} answered its first ${question} with ${response.status}`);
}
