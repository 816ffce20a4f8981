/**
 * Proves that the tests about money can fail: makes copies of the project with one mistake in each, runs the tests
 * that have to notice it, and reports the mistakes that nobody noticed. It is no part of the tests; run it when the
 * ledger, the function or the tests have changed: deno run -A tests/edge/mutants.ts [part of a mutant's name].
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { copyProject } from "./support/project.ts";

interface Mutant {
  name: string;
  /** The file below `supabase/` in which the mistake is made. */
  file: string;
  /** What stands there, exactly once, and what stands there instead. */
  from: string;
  to: string;
  /** The file of tests that notices it, and the names of the tests that are run of it. */
  noticedBy: string;
  filter: string;
}

const ledger = "migrations/20260204000000_add_generation_features.sql";
const limits = "migrations/20260311000000_limit_and_refuse.sql";
const reserving = "migrations/20260313000000_reserve_with_limits_and_queue.sql";
const working = "migrations/20260314000000_work_under_leases.sql";
const asking = "migrations/20260315000000_ask_and_cancel.sql";
const paying = "migrations/20260404000000_pay_and_grant.sql";
const index = "functions/generate-image/index.ts";
const worker = "functions/queue-worker/index.ts";
const serve = `serve("generate-image", instantiate);`;
const work = `serve("queue-worker", instantiate);`;

/** The function with a `fetch` that makes a mistake; `url` and `init` are what the Rust asked for. */
const withFetch = (mistake: string, start = serve) => `
const real = globalThis.fetch;
globalThis.fetch = async (url, init) => {
  ${mistake}
  return await real(url, init);
};
${start}`;

const mutants: Mutant[] = [
  {
    name: "no lock on the session while its credits are counted",
    file: reserving,
    from: `where found.id = reserve_generation.session_id and found.user_id = customer
  for update;`,
    to: `where found.id = reserve_generation.session_id and found.user_id = customer;`,
    noticedBy: "race_test.ts",
    filter: "50 requests at once",
  },
  {
    name: "anybody's session pays",
    file: reserving,
    from: "where found.id = reserve_generation.session_id and found.user_id = customer",
    to: "where found.id = reserve_generation.session_id",
    noticedBy: "errors_test.ts",
    filter: "session_not_found",
  },
  {
    name: "anybody's session pays, says a fuzzer",
    file: reserving,
    from: "where found.id = reserve_generation.session_id and found.user_id = customer",
    to: "where found.id = reserve_generation.session_id",
    noticedBy: "hostile_fuzz_test.ts",
    filter: "hostile requests",
  },
  {
    name: "customers may say that they paid, says a fuzzer",
    file: paying,
    from: "text, text) to service_role;",
    to: "text, text) to service_role, authenticated;",
    noticedBy: "hostile_fuzz_test.ts",
    filter: "hostile requests",
  },
  {
    name: "a hold is no used credit",
    file: ledger,
    from:
      "and generation.hour_index = hour.hour_index\n      and generation.status in ('queued', 'running', 'completed')",
    to: "and generation.hour_index = hour.hour_index\n      and generation.status = 'completed'",
    noticedBy: "race_test.ts",
    filter: "credits that are held",
  },
  {
    name: "a failure releases nothing",
    file: working,
    from: "settled_at = moment, failure_code = reason\n  where",
    to: "settled_at = moment, failure_code = reason\n  where false and",
    noticedBy: "errors_test.ts",
    filter: "a failed request",
  },
  {
    name: "a lease is never looked at when a picture arrives",
    file: working,
    from: "perform private.expire_session_holds(session.id, moment);\n\n  with recorded as",
    to: "with recorded as",
    noticedBy: "session_test.ts",
    filter: "a completion after its lease",
  },
  {
    name: "a late picture is charged",
    file: working,
    from: "set status = case generation.status when 'expired' then 'expired' else 'completed' end,",
    to: "set status = 'completed',",
    noticedBy: "queue_test.ts",
    filter: "given for nothing",
  },
  {
    name: "a lease is not renewed",
    file: working,
    from: "set lease_expires_at = moment + private.lease()\n  where",
    to: "set lease_expires_at = generation.lease_expires_at\n  where",
    noticedBy: "queue_test.ts",
    filter: "a lease is renewed",
  },
  {
    name: "what waits is not taken back",
    file: asking,
    from: "and generation.status = 'queued';",
    to: "and generation.status = 'queued' and false;",
    noticedBy: "queue_test.ts",
    filter: "what waits is taken back",
  },
  {
    name: "anybody's request is taken back",
    file: asking,
    from: "where generation.user_id = customer and generation.request_id = cancel_generation.request_id limit 1",
    to: "where generation.request_id = cancel_generation.request_id limit 1",
    noticedBy: "errors_test.ts",
    filter: "request_not_found",
  },
  {
    name: "a customer's many come all before anybody else's",
    file: reserving,
    from: "select 1 + max(waiting.queue_turn) into first_turn from public.image_generations as waiting",
    to: "select max(waiting.queue_turn) into first_turn from public.image_generations as waiting",
    noticedBy: "queue_test.ts",
    filter: "nobody waits behind",
  },
  {
    name: "everybody may wake the worker",
    file: worker,
    from: work,
    to: `
import { handler } from "../_shared/shim.ts";

const key = JSON.parse(Deno.env.get("SUPABASE_SECRET_KEYS")!).default;
const handle = handler("queue-worker", instantiate);
Deno.serve((request) => {
  const headers = new Headers(request.headers);
  headers.set("apikey", key);
  return handle(new Request(request, { headers }));
});`,
    noticedBy: "queue_test.ts",
    filter: "nobody but the hub",
  },
  {
    name: "a turn of the budget is not written down",
    file: "migrations/20260310000000_share_engine_standing.sql",
    from: "insert into private.engine_turn (account, taken_at) values (budget.account, moment);",
    to: "",
    noticedBy: "queue_policy_test.ts",
    filter: "an hour's budget",
  },
  {
    name: "the worker does not report an engine that is unpaid",
    file: index,
    from: serve,
    to: withFetch(`if (String(url.url ?? url).includes("/rpc/report_engine")) return new Response("");`),
    noticedBy: "queue_policy_test.ts",
    filter: "no engine is worth asking",
  },
  {
    name: "a picture of the queue is drawn twice for each try",
    file: worker,
    from: work,
    to: withFetch(`if (String(url).includes("/hf-inference/")) await (await real(url, init)).bytes();`, work),
    noticedBy: "queue_policy_test.ts",
    filter: "breaks twice",
  },
  {
    name: "nobody asks too often",
    file: limits,
    from: "where greatest(taken.full_at, moment) + step <= moment + allowance.burst * step;",
    to: ";",
    noticedBy: "abuse_test.ts",
    filter: "a limit of ten",
  },
  {
    name: "any seal is the hub's",
    file: limits,
    from: "if seal = encode(",
    to: "if seal is not null or seal = encode(",
    noticedBy: "abuse_test.ts",
    filter: "without the hub's seal",
  },
  {
    name: "the list of refused phrases is not looked at",
    file: limits,
    from: "where position(refused.searchable in searched) > 0",
    to: "where false",
    noticedBy: "abuse_test.ts",
    filter: "the owner's list",
  },
  {
    name: "the pictures are not counted on the session",
    file: working,
    from: "set images_generated = settled.images_generated + made",
    to: "set images_generated = settled.images_generated",
    noticedBy: "contract_test.ts",
    filter: "a batch of four",
  },
  {
    name: "every hour is the first",
    file: ledger,
    from: "floor(extract(epoch from moment - session.started_at) / 3600)",
    to: "floor(extract(epoch from moment - session.started_at) / 360000)",
    noticedBy: "session_test.ts",
    filter: "each full hour",
  },
  {
    name: "a failed first picture leaves the clock running",
    file: working,
    from: "perform private.stop_clock_without_picture(session.id);\n    if reason = 'prompt_refused' then",
    to: "if reason = 'prompt_refused' then",
    noticedBy: "session_test.ts",
    filter: "a first picture that fails",
  },
  {
    name: "other contents under the same id are taken for the same",
    file: reserving,
    from: "bool_or(generation.request_digest <> digest) as differs",
    to: "bool_or(false) as differs",
    noticedBy: "errors_test.ts",
    filter: "request_id_reused",
  },
  {
    name: "a failure is not reported to the ledger",
    file: index,
    from: serve,
    to: withFetch(`if (String(url.url ?? url).includes("/rpc/fail_generation")) return new Response("{}");`),
    noticedBy: "errors_test.ts",
    filter: "a failed request",
  },
  {
    name: "a picture that was not recorded is not deleted",
    file: index,
    from: serve,
    to: withFetch(`if (init?.method === "DELETE") return new Response("{}");`),
    noticedBy: "errors_test.ts",
    filter: "the record is refused",
  },
  {
    name: "every engine call is made twice",
    file: index,
    from: serve,
    to: withFetch(`if (String(url).includes("/hf-inference/")) await (await real(url, init)).bytes();`),
    noticedBy: "race_test.ts",
    filter: "50 requests at once",
  },
  {
    name: "a picture loses its last byte on the way to Storage",
    file: index,
    from: serve,
    to: withFetch(
      `if (init?.body instanceof Uint8Array) init = { ...init, body: init.body.slice(0, -1), method: "POST", headers: init.headers };`,
    ),
    noticedBy: "contract_test.ts",
    filter: "a picture's address",
  },
  {
    name: "the answer to a trap lacks CORS",
    file: "functions/_shared/shim.ts",
    from: `, "access-control-allow-origin": "*" }`,
    to: " }",
    noticedBy: "trap_test.ts",
    filter: "a trap costs",
  },
  {
    name: "the log tells the engine's key",
    file: index,
    from: serve,
    to: `console.error(Deno.env.get("HUGGINGFACE_API_KEY"));\n${serve}`,
    noticedBy: "contract_test.ts",
    filter: "the defaults",
  },
];

const here = fileURLToPath(new URL(".", import.meta.url));

/** Finds the text however it is indented and broken into lines. */
function placeOf(text: string): RegExp {
  const words = text.split(/\s+/).map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(words.join("\\s+"));
}

/** Runs the tests against a copy of the project; whether they passed, and what they said. */
async function passes(mutant: Mutant | undefined, test: Pick<Mutant, "noticedBy" | "filter">) {
  const project = copyProject();
  try {
    if (mutant) {
      const path = join(project.dir, "supabase", mutant.file);
      const text = await Deno.readTextFile(path);
      const place = placeOf(mutant.from);
      if (text.split(place).length !== 2) {
        return { success: true, said: "its place in the file has changed", ran: null };
      }
      await Deno.writeTextFile(path, text.replace(place, () => mutant.to));
    }
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", "--filter", test.filter, join(here, test.noticedBy)],
      env: { EDGE_PROJECT_DIR: project.dir, NO_COLOR: "1" },
    }).output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    return { success, said, ran: /(\d+) passed \| (\d+) failed/.exec(said) };
  } finally {
    project.remove();
  }
}

let wrong = 0;
for (const mutant of mutants.filter(({ name }) => name.includes(Deno.args[0] ?? ""))) {
  const sound = await passes(undefined, mutant);
  const mutated = await passes(mutant, mutant);
  // Failing to start would be no notice: exactly the tests that pass without the mistake must fail with it.
  const noticed = sound.success && Number(sound.ran?.[1]) > 0 && Number(mutated.ran?.[2]) > 0;
  if (!noticed) wrong++;
  const why = /AssertionError: ([^]{0,120})/.exec(mutated.said)?.[1]?.replaceAll(/\s+/g, " ") ?? "";
  console.log(
    `${noticed ? "noticed" : sound.success ? "SURVIVED" : "UNSOUND"}  ${mutant.name}: ${mutant.noticedBy}, ${why}`,
  );
  if (!noticed) console.log(sound.success ? mutated.said : sound.said);
}
Deno.exit(wrong === 0 ? 0 : 1);
