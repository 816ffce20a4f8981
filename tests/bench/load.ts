/**
 * The load: plain fetch with connections kept open, as real clients do. Owns sending, timing, and that an answer without
 * a picture ends the run: a fast refusal is no result.
 */
import type { Side, Stand } from "./stand.ts";
import type { Subject } from "./subject.ts";

const requestTimeoutMs = 30_000;

/** Sends so many requests from so many clients at a time; returns how long each took, in milliseconds. */
export async function load(stand: Stand, subject: Subject, clients: number, requests: number): Promise<number[]> {
  const lists = await stand.sessions(sideOf(subject), Math.ceil(requests / clients));
  const samples: number[] = [];
  await Promise.all(Array.from({ length: clients }, async (_, client) => {
    const token = stand.customers[client]?.token;
    if (token === undefined) throw new Error(`no customer for client ${client}`);
    for (const sessionId of lists[client] ?? []) samples.push(await askOnce(stand, subject, token, sessionId));
  }));
  return samples;
}

/** Asks the subjects by turns, one request after the other, each so many times; how long each took, by subject. */
export async function loadInTurns(stand: Stand, subjects: readonly Subject[], requests: number): Promise<number[][]> {
  const token = stand.customers[0]?.token ?? "";
  const lists: string[][] = [];
  for (const subject of subjects) lists.push((await stand.sessions(sideOf(subject), requests))[0] ?? []);
  const samples: number[][] = subjects.map(() => []);
  for (let place = 0; place < requests; place++) {
    for (const [index, subject] of subjects.entries()) {
      samples[index]?.push(await askOnce(stand, subject, token, lists[index]?.[place] ?? ""));
    }
  }
  return samples;
}

/** Whose tables a subject writes. */
export function sideOf({ name }: Pick<Subject, "name">): Side {
  return name === "twin" ? "twin" : "hub";
}

/** Asks for one picture as supabase-js does; returns how long it took until the answer was read. */
export async function askOnce(stand: Stand, subject: Subject, token: string, sessionId: string): Promise<number> {
  const startedAt = performance.now();
  const response = await fetch(subject.url, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      apikey: stand.stack.publishableKey,
      "content-type": "application/json",
      "x-client-info": "supabase-js-web/2.119.1",
    },
    body: JSON.stringify({ prompt: "a beautiful sunset over mountains", sessionId }),
    signal: AbortSignal.timeout(requestTimeoutMs),
  });
  const text = await response.text();
  const took = performance.now() - startedAt;
  if (response.status !== 200 || typeof JSON.parse(text).imageUrl !== "string") {
    throw new Error(`${subject.name} answered ${response.status}: ${text.slice(0, 300)}`);
  }
  stand.made[sideOf(subject)] += 1;
  return took;
}
