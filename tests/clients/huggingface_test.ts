/**
 * Hugging Face's own JavaScript client against easel: what our function speaks to is their protocol and not just ours.
 * The client looks up and calls the real hosts; its `fetch` is led to easel, and anything else it asked for fails.
 */
import assert from "node:assert/strict";
import {
  InferenceClient,
  InferenceClientHubApiError,
  InferenceClientProviderApiError,
  textToImage,
} from "@huggingface/inference";
import { engineKey, Hub } from "../edge/support/hub.ts";
import { download } from "../edge/support/picture.ts";

const hub = new Hub({ easelArgs: ["--model", "easel/sketch-2", "--model", "easel/sketch-3"] });

/** Hosts that the client knows by heart, and what it asked of them. */
function redirected() {
  const asked: string[] = [];
  const redirect: typeof fetch = (input, init) => {
    const url = new URL(String(input));
    assert.ok(["https://router.huggingface.co", "https://huggingface.co"].includes(url.origin), url.origin);
    asked.push(`${init?.method ?? "GET"} ${url.href}`);
    return fetch(hub.stack.engineUrl + url.pathname + url.search, init);
  };
  return { asked, options: { fetch: redirect, retry_on_error: false } };
}

const parameters = {
  negative_prompt: "people",
  width: 768,
  height: 512,
  num_inference_steps: 20,
  guidance_scale: 8,
  seed: 4711,
};

hub.test("it looks the model up, gets a picture, and the picture is the one that our function stores", async (bench) => {
  const { asked, options } = redirected();
  const image = await new InferenceClient(engineKey, options).textToImage({
    provider: "hf-inference",
    model: "easel/sketch-1",
    inputs: `mountains at night ${bench.marker}`,
    parameters,
  }, { outputType: "blob" });
  assert.equal(image.type, "image/png");
  assert.deepEqual(asked, [
    "GET https://huggingface.co/api/models/easel/sketch-1?expand[]=inferenceProviderMapping",
    "POST https://router.huggingface.co/hf-inference/models/easel/sketch-1",
  ]);

  const one = await bench.customer();
  const answer = await one.generate({
    prompt: `mountains at night ${bench.marker}`,
    sessionId: await one.grant(),
    negativePrompt: "people",
    width: 768,
    height: 512,
    steps: 20,
    cfgScale: 8,
    seed: 4711,
  });
  assert.deepEqual(await image.bytes(), (await download(answer.body.imageUrl)).bytes);
  // Both said the same thing in the same words.
  const [theirs, ours] = await bench.engine.requests(bench.marker);
  assert.deepEqual(ours!.body, theirs!.body);
  assert.deepEqual([ours!.path, ours!.method], [theirs!.path, theirs!.method]);
});

hub.test("it chooses easel's provider by itself", async (bench) => {
  const { asked, options } = redirected();
  const image = await textToImage(
    { accessToken: engineKey, provider: "auto", model: "easel/sketch-2", inputs: bench.marker },
    { ...options, outputType: "blob" },
  );
  assert.ok(image.size > 1_000);
  assert.equal(asked.at(-1), "POST https://router.huggingface.co/hf-inference/models/easel/sketch-2");
});

hub.test("it takes easel for an endpoint of one's own", async (bench) => {
  const endpointUrl = `${hub.stack.engineUrl}/hf-inference/models/easel/sketch-1`;
  const client = new InferenceClient(engineKey, { endpointUrl, retry_on_error: false });
  const image = await client.textToImage({ inputs: bench.marker, parameters: { seed: 1 } }, { outputType: "blob" });
  assert.ok(image.size > 1_000);
  assert.equal((await bench.engine.requests(bench.marker)).length, 1);
});

hub.test("it reads a picture in JSON", async (bench) => {
  const { options } = redirected();
  const ask = () =>
    textToImage({
      accessToken: engineKey,
      provider: "hf-inference",
      model: "easel/sketch-1",
      inputs: bench.marker,
      parameters: { seed: 5 },
    }, { ...options, outputType: "blob" });
  const plain = await (await ask()).bytes();
  await bench.engine.order(bench.marker, { kind: "json_b64" });
  assert.deepEqual(await (await ask()).bytes(), plain);
});

hub.test("it takes easel's errors for what they are, and each is one request", async (bench) => {
  const rows: [number, RegExp, { accessToken?: string; status?: number; cold?: true }][] = [
    [401, /Invalid username or password/, { accessToken: "hf_somebody_else" }],
    [404, /Model not found/, { status: 404 }],
    [410, /deprecated and no longer supported/, { status: 410 }],
    [429, /rate limit/, { status: 429 }],
    [503, /currently loading/, { cold: true }],
  ];
  for (const [status, words, { accessToken = engineKey, ...fault }] of rows) {
    const { asked, options } = redirected();
    const inputs = `${bench.marker} ${status}`;
    if (fault.cold) await bench.engine.order(inputs, { kind: "cold", estimated_time: 20 }, null);
    else if (fault.status) await bench.engine.order(inputs, { kind: "status", status }, null);
    const failed = await textToImage(
      { accessToken, provider: "hf-inference", model: "easel/sketch-3", inputs },
      options,
    ).catch((error) => error);
    assert.ok(failed instanceof InferenceClientProviderApiError, String(failed));
    assert.equal(failed.httpResponse.status, status);
    assert.match(failed.message, words);
    assert.match(failed.httpResponse.requestId, /^easel-/);
    assert.equal(asked.filter((line) => line.startsWith("POST")).length, 1);
  }
});

hub.test("it hears from the lookup that a model does not exist", async () => {
  const { asked, options } = redirected();
  const failed = await textToImage(
    { accessToken: engineKey, provider: "hf-inference", model: "nobody/nothing", inputs: "x" },
    options,
  ).catch((error) => error);
  assert.ok(failed instanceof InferenceClientHubApiError, String(failed));
  assert.equal(failed.httpResponse.status, 404);
  assert.equal(asked.length, 1);
});
