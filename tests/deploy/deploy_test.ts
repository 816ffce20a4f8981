/**
 * What an owner does: the real CLI deploys the functions, with every flag that works without Docker, to a stand-in of
 * Supabase's API. What arrives there is the functions and nothing else; and those files alone, run under the Deno that the
 * hosted runtime is built on and under today's, sell a customer an hour and make his pictures against the local stack: one while he waits,
 * and one that waits in the queue.
 *
 * Needs `cargo xtask build` and easel. Run: deno test -A tests/deploy/
 */
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { root } from "../../scripts/local/paths.ts";
import { type Stack, startStack } from "../../scripts/local/stack.ts";
import { withFolder } from "../../scripts/local/tests/support.ts";
import { Deployer, plantedSecret } from "./cli.ts";
import { denos, type Deployed, run, unpack } from "./deployed.ts";
import { startRecorder, type Upload } from "./recorder.ts";

const project = "abcdefghijklmnopqrst";
const token = `sbp_${"0123456789".repeat(4)}`;
const name = "generate-image";
const workerName = "queue-worker";
/** Every function, with the module that it starts. */
const modules: Record<string, string> = {
  [name]: "pictures",
  [workerName]: "pictures",
  "buy-session": "payments",
  "confirm-payment": "payments",
  "payment-webhook": "payments",
  "payment-worker": "payments",
  "refund-session": "payments",
  "start-session": "payments",
};
const names = Object.keys(modules).sort();

/** The function, the shim, and what `cargo xtask build` made of the Rust. */
const uploadedPaths = (slug: string) => [
  `supabase/functions/_shared/generated/${modules[slug]}.js`,
  "supabase/functions/_shared/shim.ts",
  `supabase/functions/${slug}/index.ts`,
];

/** Without Docker it is the platform that bundles, and it takes no more than this. */
const bundleBytesMax = 5_000_000;

const flagSets = [
  [name, "--use-api"],
  [name],
  [name, "--no-verify-jwt"],
  [name, "--use-api", "--no-verify-jwt"],
  [name, "--use-api", "--jobs", "2"],
  [name, "--use-api", "--prune"],
  [name, "--use-docker"],
  [workerName, "--use-api"],
  [workerName],
  [name, workerName, "--use-api"],
  ["--use-api"],
  [],
];

/** Deploys with each set of flags in turn and gives every upload to `check`. */
async function deployWith(
  sets: string[][],
  folder: string,
  check: (upload: Upload, output: string, flags: string[]) => void | Promise<void>,
): Promise<void> {
  const recorder = startRecorder(project, token);
  try {
    const deployer = await Deployer.prepare(folder, project, token);
    for (const flags of sets) {
      const { code, output } = await deployer.deploy(recorder.url, ...flags);
      strictEqual(code, 0, `deploy ${flags.join(" ")}:\n${output}`);
      const named = names.filter((slug) => flags.includes(slug));
      const uploads = recorder.takeUploads();
      deepStrictEqual(
        uploads.map(({ slug }) => slug).sort(),
        named.length > 0 ? named : names,
        `deploy ${flags.join(" ")} uploads what is asked for, once:\n${output}`,
      );
      for (const upload of uploads) await check(upload, output, flags);
    }
    deepStrictEqual(recorder.unexpected, []);
  } finally {
    await recorder.stop();
  }
}

Deno.test("every way to deploy without Docker uploads the functions whole, and nothing else", async () => {
  await withFolder(async (folder) => {
    await deployWith(flagSets, folder, async ({ slug, metadata, files }, output, flags) => {
      const deploy = `deploy ${flags.join(" ")}: ${slug}`;
      deepStrictEqual([...files.keys()].sort(), uploadedPaths(slug), deploy);
      let size = 0;
      for (const [path, content] of files) {
        size += content.byteLength;
        deepStrictEqual(content, await Deno.readFile(join(root, path)), `${deploy} changed ${path}`);
        ok(!new TextDecoder().decode(content).includes(plantedSecret), `${deploy} uploads a secret in ${path}`);
      }
      ok(size < bundleBytesMax, `${deploy} uploads ${size} bytes`);
      strictEqual(metadata.name, slug);
      strictEqual(metadata.verify_jwt, false, deploy);
      strictEqual(metadata.entrypoint_path, `supabase/functions/${slug}/index.ts`, deploy);
      strictEqual(metadata.import_map_path, "", deploy);
      deepStrictEqual(metadata.static_patterns, [], deploy);
      ok(!output.includes(plantedSecret) && !output.includes(token), `${deploy} prints a secret`);
    });
  });
});

Deno.test("what was uploaded makes pictures under the hosted runtime's Deno and under today's", async (test) => {
  await withFolder(async (folder) => {
    const uploads = new Map<string, Upload>();
    await deployWith([["--use-api"]], folder, (uploaded) => void uploads.set(uploaded.slug, uploaded));
    // The stack's own worker is never woken: whatever waits is left to the one that was uploaded.
    const stack = await startStack({ port: 0, ephemeral: true, engine: "easel", scheduler: false });
    try {
      const programs = await denos();
      strictEqual(programs[0]?.version, "2.1.4", "what the hosted runtime is built on");
      for (const deno of programs) {
        await test.step(`Deno ${deno.version}`, async () => {
          const scratch = join(folder, deno.version);
          await Deno.mkdir(scratch);
          const deployed = await Promise.all(
            names.map(async (slug) => {
              const own = join(scratch, slug);
              await Deno.mkdir(own);
              const upload = uploads.get(slug) as Upload;
              const unpacked = join(own, "uploaded");
              await unpack(upload, unpacked);
              return await run({
                deno,
                folder: unpacked,
                entrypoint: upload.metadata.entrypoint_path as string,
                env: platformEnv(stack),
                reaches: [new URL(stack.url).host, new URL(stack.engineUrl).host],
                scratch: own,
              });
            }),
          );
          try {
            const urls = Object.fromEntries(names.map((slug, index) => [slug, (deployed[index] as Deployed).url]));
            for (const url of Object.values(urls)) await refusesStrangers(url, { apikey: stack.publishableKey });
            await makesPictures(stack, urls);
            for (const { lines } of deployed) {
              deepStrictEqual(lines.filter((line) => !line.startsWith("Listening on ")), []);
            }
          } finally {
            await Promise.all(deployed.map((each) => each.stop()));
          }
        });
      }
    } finally {
      await stack.stop();
    }
  });
});

/** What a function sees on the platform, and the secrets that the owner has set. */
function platformEnv(stack: Stack): Record<string, string> {
  return {
    SUPABASE_URL: stack.url,
    SUPABASE_DB_URL: stack.dbUrl,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: stack.publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: stack.secretKey }),
    SUPABASE_JWKS: JSON.stringify({ keys: [] }),
    // Still there on the platform; a project whose legacy keys are switched off must work all the same.
    SUPABASE_ANON_KEY: "legacy-and-switched-off",
    SUPABASE_SERVICE_ROLE_KEY: "legacy-and-switched-off",
    SB_REGION: "ap-south-1",
    SB_EXECUTION_ID: crypto.randomUUID(),
    DENO_DEPLOYMENT_ID: `${project}_${crypto.randomUUID()}_1`,
    HUGGINGFACE_API_KEY: "hf_deployed",
    HUGGINGFACE_BASE_URL: stack.engineUrl,
    HUGGINGFACE_HUB_URL: stack.engineUrl,
    IMAGE_ENGINES: "huggingface:easel/sketch-1",
    PAYMENT_PROVIDER: "demo",
  };
}

async function refusesStrangers(url: string, keys: Record<string, string>): Promise<void> {
  const preflight = await fetch(url, { method: "OPTIONS" });
  strictEqual(preflight.status, 204);
  strictEqual(preflight.headers.get("access-control-allow-origin"), "*");
  await preflight.body?.cancel();
  const headers = { "content-type": "application/json", ...keys };
  const stranger = await fetch(url, { method: "POST", headers, body: "{}" });
  strictEqual(stranger.status, 401);
  strictEqual((await stranger.json()).code, "unauthorized");
}

/** A client whose project is the stack, and whose functions are those at `urls`. */
function clientOf(stack: Stack, urls: Record<string, string>): SupabaseClient {
  const functions = `${stack.url}/functions/v1/`;
  const redirected: typeof fetch = (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const path = url.slice(functions.length);
    return url.startsWith(functions) ? fetch(`${urls[path.split(/[/?]/)[0]!]}/${path}`, init) : fetch(input, init);
  };
  return createClient(stack.url, stack.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: { fetch: redirected },
  });
}

/** Buys an hour of the cheapest plan, in the demo; the session's id. */
async function buyHour(client: SupabaseClient): Promise<string> {
  const bought = await client.functions.invoke("buy-session", { body: { planId: "flash-lite", hours: 1 } });
  strictEqual(bought.error, null);
  const { purchaseId } = bought.data;
  const paid = await client.functions.invoke("confirm-payment", { body: { purchaseId } });
  strictEqual(paid.error, null);
  strictEqual(paid.data.status, "paid");
  return paid.data.sessionId;
}

/** One picture while its customer waits, and one that waits in the queue until the worker is woken. */
async function makesPictures(stack: Stack, urls: Record<string, string>): Promise<void> {
  const client = clientOf(stack, urls);
  const { data: { user } } = await client.auth.signUp({
    email: `${crypto.randomUUID()}@example.test`,
    password: "correct horse",
  });
  ok(user);
  const sessionId = await buyHour(client);

  const prompt = "a beautiful sunset over mountains";
  const { data, error } = await client.functions.invoke(name, { body: { prompt, sessionId } });
  strictEqual(error, null);
  strictEqual(data.success, true);
  strictEqual(data.creditsRemaining, 2);

  const picture = await fetch(data.imageUrl);
  strictEqual(picture.status, 200);
  strictEqual(picture.headers.get("content-type"), "image/png");
  const bytes = await picture.bytes();
  const head = new DataView(bytes.buffer);
  strictEqual(head.getBigUint64(0), 0x89504e470d0a1a0an, "the signature of PNG");
  deepStrictEqual([head.getUint32(16), head.getUint32(20)], [512, 512], "width and height");
  ok(bytes.byteLength > 20_000, `a picture of ${bytes.byteLength} bytes`);

  const later = { prompt: "a lake at night", sessionId, requestId: crypto.randomUUID() };
  const taken = await client.functions.invoke(name, { body: later, headers: { Prefer: "respond-async" } });
  deepStrictEqual([taken.error, taken.response?.status, taken.data.status], [null, 202, "queued"]);
  const woken = await fetch(urls[workerName]!, { method: "POST", headers: { apikey: stack.secretKey }, body: "{}" });
  deepStrictEqual([woken.status, await woken.json()], [200, { completed: 1, requeued: 0, failed: 0 }]);
  const told = await client.functions.invoke(`${name}?requestId=${later.requestId}`, { method: "GET" });
  deepStrictEqual([told.error, told.data.status, told.data.creditsRemaining], [null, "completed", 1]);

  const { data: rows } = await client.from("image_generations").select("prompt, status, image_url, model_used")
    .order("created_at");
  const made = { status: "completed", model_used: "easel/sketch-1" };
  deepStrictEqual(rows, [
    { prompt, image_url: data.imageUrl, ...made },
    { prompt: later.prompt, image_url: told.data.imageUrl, ...made },
  ]);
}
