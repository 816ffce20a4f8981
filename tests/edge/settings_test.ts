/** A function whose owner forgot or mistyped a setting: what customers hear, and that nothing is held for them. */
import assert from "node:assert/strict";
import { assertError } from "./support/codes.ts";
import { engineKey, Hub } from "./support/hub.ts";
import { copyProject } from "./support/project.ts";

type Change = Record<string, string | null>;

const faults: Record<string, { change: Change; code: string; logged: RegExp }> = {
  "without-secret-keys": {
    change: { SUPABASE_SECRET_KEYS: null },
    code: "internal",
    logged: /SUPABASE_SECRET_KEYS is not set/,
  },
  "with-broken-secret-keys": {
    change: { SUPABASE_SECRET_KEYS: "{" },
    code: "internal",
    logged: /SUPABASE_SECRET_KEYS is not set/,
  },
  "without-publishable-keys": {
    change: { SUPABASE_PUBLISHABLE_KEYS: null },
    code: "internal",
    logged: /SUPABASE_PUBLISHABLE_KEYS is not set/,
  },
  "without-url": { change: { SUPABASE_URL: null }, code: "internal", logged: /SUPABASE_URL is not set/ },
  "with-a-dead-url": {
    change: { SUPABASE_URL: "http://127.0.0.1:1" },
    code: "internal",
    logged: /the ledger cannot be reached/,
  },
  "without-engine-key": {
    change: { HUGGINGFACE_API_KEY: null },
    code: "engine_misconfigured",
    logged: /HUGGINGFACE_API_KEY is not set/,
  },
  "with-blank-engine-key": {
    change: { HUGGINGFACE_API_KEY: "  " },
    code: "engine_misconfigured",
    logged: /HUGGINGFACE_API_KEY is not set/,
  },
  "with-an-engine-key-in-two-lines": {
    change: { HUGGINGFACE_API_KEY: "hf_first\nhf_second" },
    code: "engine_misconfigured",
    logged: /HUGGINGFACE_API_KEY is not set, or cannot be used/,
  },
  "with-wrong-engine-key": {
    change: { HUGGINGFACE_API_KEY: "hf_wrong" },
    code: "engine_misconfigured",
    logged: /Unauthorized: .*answered 401/,
  },
  "with-bad-engines": {
    change: { IMAGE_ENGINES: "dalle:openai/dall-e-3" },
    code: "engine_misconfigured",
    logged: /IMAGE_ENGINES: there is no engine "dalle"/,
  },
  "with-malformed-engines": {
    change: { IMAGE_ENGINES: "huggingface:../../etc" },
    code: "engine_misconfigured",
    logged: /IMAGE_ENGINES: "huggingface:\.\.\/\.\.\/etc" is none of /,
  },
  "with-an-unknown-model": {
    change: { IMAGE_ENGINES: "huggingface:nobody/nothing" },
    code: "engine_misconfigured",
    logged: /Gone: .*is served by nobody/,
  },
  "with-a-model-that-its-provider-lacks": {
    change: { IMAGE_ENGINES: "huggingface/hf-inference:nobody/nothing" },
    code: "engine_misconfigured",
    logged: /Gone: .*answered 404/,
  },
  "with-an-unknown-provider": {
    change: { IMAGE_ENGINES: "huggingface/nobody:easel/sketch-1" },
    code: "engine_misconfigured",
    logged: /IMAGE_ENGINES: there is no engine "huggingface\/nobody"/,
  },
  "with-a-web-ui-that-has-no-address": {
    change: { IMAGE_ENGINES: "webui" },
    code: "engine_misconfigured",
    logged: /WEBUI_URL is not set/,
  },
  "with-a-dead-engine": {
    change: { HUGGINGFACE_BASE_URL: "http://127.0.0.1:1", IMAGE_BUDGET_SECONDS: "10" },
    code: "engine_unavailable",
    logged: /Unreachable/,
  },
};

const others: Record<string, Change> = {
  "with-two-engines": { IMAGE_ENGINES: "huggingface/hf-inference:nobody/nothing, huggingface:easel/sketch-1" },
  "with-a-public-address": { PUBLIC_API_URL: "https://hub.example/" },
};

const changes = {
  ...Object.fromEntries(Object.entries(faults).map(([name, { change }]) => [name, change])),
  ...others,
};

/** One process that is the real function many times over, each time with other variables: the path says which. */
const configured = `
import { instantiate } from "../_shared/generated/pictures.js";
import { handler } from "../_shared/shim.ts";

const handlers = Object.entries(${JSON.stringify(changes)}).map(([name, change]) => {
  const env = Deno.env.toObject();
  for (const [variable, value] of Object.entries(change)) {
    if (value === null) delete env[variable];
    else env[variable] = value;
  }
  return ["/configured/" + name, handler("generate-image", instantiate, { env })];
});
const byPath = Object.fromEntries(handlers);
Deno.serve((request) => byPath[new URL(request.url).pathname](request));
`;

/** And once in earnest: a process that does not have the variable. */
const unset = `
import { instantiate } from "../_shared/generated/pictures.js";
import { serve } from "../_shared/shim.ts";

Deno.env.delete("SUPABASE_SECRET_KEYS");
serve("generate-image", instantiate);
`;

const project = copyProject({ configured, unset });
const hub = new Hub({ projectDir: project.dir });
Deno.test.afterAll(() => project.remove());

for (const [name, { change, code, logged }] of Object.entries(faults)) {
  hub.test(`a function ${name.replaceAll("-", " ")} answers ${code}, holds nothing and tells its owner`, async (bench) => {
    const one = await bench.customer();
    const sessionId = await one.grant();
    const logLength = hub.log.length;
    const answer = await one.generate({ prompt: bench.marker, sessionId }, { name: `configured/${name}` });
    assertError(answer, code);
    // The names and the values of settings are the owner's.
    for (const text of [...Object.keys(change), ...Object.values(change)]) {
      if (text && text.length > 5) assert.ok(!JSON.stringify(answer.body).includes(text), "a setting is told");
    }
    assert.ok(hub.log.slice(logLength).some((line) => logged.test(line)), `the log says ${logged}`);
    assert.equal(await one.credits(sessionId), 3);
    assert.equal((await one.session(sessionId)).status, "ready");
    assert.equal((await bench.engine.requests(bench.marker)).filter((seen) => seen.answer?.status === 200).length, 0);
  });
}

hub.test("what is wrong with the settings is not told to who is not signed in, or sends nonsense", async (bench) => {
  const one = await bench.customer();
  for (const name of ["without-secret-keys", "without-engine-key"]) {
    assertError(await one.generate({}, { name: `configured/${name}` }), "invalid_request");
  }
});

hub.test("a process that was started without the secret keys answers internal, again and again", async (bench) => {
  const one = await bench.customer();
  const sessionId = await one.grant();
  for (let count = 0; count < 3; count++) {
    assertError(await one.generate({ prompt: bench.marker, sessionId }, { name: "unset" }), "internal");
  }
  assert.ok(hub.log.some((line) => line === "[unset] SUPABASE_SECRET_KEYS is not set"));
  assert.deepEqual(await one.rows(), []);
});

hub.test("an engine that does not have the model is passed over for the next of the list", async (bench) => {
  const one = await bench.customer();
  const body = { prompt: bench.marker, sessionId: await one.grant() };
  const answer = await one.generate(body, { name: "configured/with-two-engines" });
  assert.deepEqual([answer.status, answer.body.images?.[0].model], [200, "easel/sketch-1"]);
  const seen = await bench.engine.requests(bench.marker);
  assert.deepEqual(seen.map((request) => [request.path.split("/").at(-1), request.answer?.status]), [
    ["nothing", 404],
    ["sketch-1", 200],
  ]);
});

hub.test("the picture's address is the one that browsers know", async (bench) => {
  const one = await bench.customer();
  const body = { prompt: bench.marker, sessionId: await one.grant() };
  const answer = await one.generate(body, { name: "configured/with-a-public-address" });
  assert.match(answer.body.imageUrl, /^https:\/\/hub\.example\/storage\/v1\/object\/public\/generated-images\//);
  assert.ok(!JSON.stringify(answer.body).includes(engineKey));
});
