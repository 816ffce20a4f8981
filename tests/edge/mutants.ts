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
const index = "functions/generate-image/index.ts";
const serve = `serve("generate-image");`;

/** The function with a `fetch` that makes a mistake; `url` and `init` are what the Rust asked for. */
const withFetch = (mistake: string) => `
const real = globalThis.fetch;
globalThis.fetch = async (url, init) => {
  ${mistake}
  return await real(url, init);
};
${serve}`;

const mutants: Mutant[] = [
  {
    name: "no lock on the session while its credits are counted",
    file: ledger,
    from: `where found.id = reserve_generation.session_id and found.user_id = customer
  for update;`,
    to: `where found.id = reserve_generation.session_id and found.user_id = customer;`,
    noticedBy: "race_test.ts",
    filter: "50 requests at once",
  },
  {
    name: "anybody's session pays",
    file: ledger,
    from: "where found.id = reserve_generation.session_id and found.user_id = customer",
    to: "where found.id = reserve_generation.session_id",
    noticedBy: "errors_test.ts",
    filter: "session_not_found",
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
    file: ledger,
    from: "set status = 'failed', lease_expires_at = null, settled_at = moment, failure_code = reason\n  where",
    to: "set status = 'failed', lease_expires_at = null, settled_at = moment, failure_code = reason\n  where false and",
    noticedBy: "errors_test.ts",
    filter: "a failed request",
  },
  {
    name: "a lease is never looked at when a picture arrives",
    file: ledger,
    from:
      "perform private.expire_session_holds(session.id, moment);\n\n  update public.image_generations as generation\n  set status = 'completed'",
    to: "update public.image_generations as generation\n  set status = 'completed'",
    noticedBy: "session_test.ts",
    filter: "a completion after its lease",
  },
  {
    name: "the pictures are not counted on the session",
    file: ledger,
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
    file: ledger,
    from:
      "  if found then\n    perform private.stop_clock_without_picture(session.id);\n  end if;\n\n  update public.user_sessions as settled",
    to: "  update public.user_sessions as settled",
    noticedBy: "session_test.ts",
    filter: "a first picture that fails",
  },
  {
    name: "other contents under the same id are taken for the same",
    file: ledger,
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
    name: "a late picture is not deleted",
    file: index,
    from: serve,
    to: withFetch(`if (init?.method === "DELETE") return new Response("{}");`),
    noticedBy: "session_test.ts",
    filter: "a completion after its lease",
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
