/**
 * Every fault that easel plays, and what it means at each engine. `at` names the engines at which it means something else
 * than usual: some carry pictures in the answer and some by address, some have jobs and some do not, some say how long
 * they need and some do not.
 */
import type { Fault } from "../edge/support/easel.ts";
import type { Trouble } from "./consequences.ts";
import type { EngineName } from "./engines.ts";

/** One row of the matrix. */
export interface FaultRow {
  name: string;
  fault: Fault;
  /** How often it is played; for ever by default. */
  times?: number;
  usually: Trouble;
  at?: Partial<Record<EngineName, Trouble>>;
  /** Engines at which it is played with nothing else going on, since it touches what others are doing there. */
  alone?: EngineName[];
}

const status = (number: number, more: Record<string, unknown> = {}): Fault => ({
  kind: "status",
  status: number,
  ...more,
});
const after = (seconds: number) => ({ headers: { "Retry-After": String(seconds) } });

/** Engines whose provider is looked up; one that does not know the model any more is forgotten for a moment. */
const lookedUp: EngineName[] = ["fal-ai", "replicate", "together"];
const webUis: EngineName[] = ["webui-a1111", "webui-forge", "webui-sdcpp"];

const of = (names: EngineName[], trouble: Trouble): Partial<Record<EngineName, Trouble>> =>
  Object.fromEntries(names.map((name) => [name, trouble]));

/** The rows. */
export const faultRows: FaultRow[] = [
  { name: "none", fault: { kind: "slow", ms: 0 }, usually: "picture" },
  { name: "slow", fault: { kind: "slow", ms: 300 }, usually: "picture" },

  { name: "400", fault: status(400), usually: "misunderstood" },
  { name: "401", fault: status(401), usually: "misconfigured" },
  { name: "402", fault: status(402), usually: "misconfigured" },
  { name: "403", fault: status(403), usually: "misconfigured" },
  { name: "404", fault: status(404), usually: "misconfigured", alone: lookedUp },
  { name: "410", fault: status(410), usually: "misconfigured", alone: lookedUp },
  { name: "413", fault: status(413), usually: "misunderstood" },
  { name: "418", fault: status(418), usually: "misunderstood" },
  { name: "422", fault: status(422), usually: "misunderstood" },
  { name: "429", fault: status(429), usually: "busy" },
  { name: "429 for 1 s, once", fault: status(429, after(1)), times: 1, usually: "secondTry" },
  { name: "429 for 60 s, twice", fault: status(429, after(60)), times: 2, usually: "busyForAMinute" },
  { name: "429 for 2 h", fault: status(429, after(7_200)), usually: "busyForHours" },
  {
    name: "429 insufficient_quota",
    fault: status(429, { body: { error: { code: "insufficient_quota", message: "You exceeded your quota" } } }),
    usually: "misconfigured",
  },
  { name: "500", fault: status(500), usually: "broken" },
  { name: "500 once", fault: status(500), times: 1, usually: "secondTry" },
  { name: "502", fault: status(502), usually: "broken" },
  { name: "503", fault: status(503), usually: "unavailable" },
  { name: "503 for 60 s, twice", fault: status(503, after(60)), times: 2, usually: "wakesInAMinute" },
  { name: "504", fault: status(504), usually: "broken" },

  {
    name: "cold for 1 s, once",
    fault: { kind: "cold", estimated_time: 1 },
    times: 1,
    usually: "secondTry",
    // A prediction that has not begun when the wait is over cannot be asked about any more.
    at: { replicate: "timedOutOnce" },
  },
  {
    name: "cold for 20 s, twice",
    fault: { kind: "cold", estimated_time: 20 },
    times: 2,
    usually: "wakesInTwenty",
    // These two do not say how long.
    at: { "fal-ai": "unavailableTwice", together: "unavailableTwice", replicate: "timedOut" },
  },
  { name: "cold, as a page", fault: { kind: "cold", html: true }, usually: "unavailable" },

  { name: "a page", fault: { kind: "text_page" }, usually: "noPicture" },
  { name: "nothing", fault: { kind: "empty" }, usually: "noPicture" },
  { name: "half a picture", fault: { kind: "truncated" }, usually: "noPicture" },
  { name: "noise", fault: { kind: "garbage" }, usually: "noPicture" },
  { name: "no picture in the list", fault: { kind: "empty_list" }, usually: "noPicture" },
  { name: "JPEG called PNG", fault: { kind: "mislabelled" }, usually: "picture" },
  { name: "another size", fault: { kind: "wrong_size", width: 768, height: 512 }, usually: "picture" },
  { name: "base64, or a data address", fault: { kind: "json_b64" }, usually: "picture" },
  {
    name: "an address",
    fault: { kind: "json_url" },
    usually: "picture",
    // Where the protocol knows only base64, an address is none.
    at: of([...webUis, "sdcpp"], "noPicture"),
  },
  { name: "an address with nothing there", fault: { kind: "json_url", missing: true }, usually: "noPicture" },
  {
    name: "a download that fails once",
    fault: { kind: "download_failed", status: 500 },
    usually: "picture",
    at: of([...webUis, "sdcpp"], "noPicture"),
  },
  {
    name: "a download that fails",
    fault: { kind: "download_failed", status: 404, times: null },
    usually: "noPicture",
  },
  { name: "64 MiB, declared", fault: { kind: "huge", mib: 64 }, usually: "tooLarge" },
  { name: "64 MiB, undeclared", fault: { kind: "huge", mib: 64, declared: false }, usually: "tooLarge" },

  { name: "never an answer", fault: { kind: "hang" }, usually: "timedOut" },
  // A web UI that is interrupted for one request interrupts whatever it draws at the moment.
  { name: "never done", fault: { kind: "never_done" }, usually: "timedOut", alone: webUis },
  {
    name: "a connection that breaks",
    fault: { kind: "reset" },
    usually: "unreachable",
    at: { "fal-ai": "noPicture", replicate: "noPicture" },
  },
  {
    name: "a job that fails",
    fault: { kind: "job_failed" },
    usually: "broken",
    at: { "fal-ai": "misunderstood", replicate: "noPicture", sdcpp: "noPicture" },
  },
  {
    name: "a question about a job that fails once",
    fault: { kind: "poll_failed", status: 500 },
    times: 1,
    usually: "secondTry",
    at: { "fal-ai": "picture", sdcpp: "picture" },
  },
  {
    name: "a job that is gone",
    fault: { kind: "poll_failed", status: 404, times: null },
    usually: "misconfigured",
    at: { "fal-ai": "noPicture", sdcpp: "jobGone" },
    alone: lookedUp,
  },

  {
    name: "a prompt that is refused",
    fault: { kind: "refuse_prompt" },
    usually: "misunderstood",
    at: { "hf-inference": "refused", "fal-ai": "refused", openai: "refused", replicate: "noPicture" },
  },
  {
    name: "a picture that is held back",
    fault: { kind: "nsfw" },
    usually: "picture",
    at: { "fal-ai": "refused", openai: "refused", replicate: "noPicture", together: "noPicture" },
  },
];
