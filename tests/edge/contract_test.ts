/** What a client can rely on when all goes well: the original's contract, every field in and out, and the picture. */
import assert from "node:assert/strict";
import { corsHeaders } from "@supabase/supabase-js/cors";
import { service } from "../../scripts/local/tests/support.ts";
import { Hub } from "./support/hub.ts";
import { download, formatOf, pngSize } from "./support/picture.ts";

const hub = new Hub();

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const isTime = (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text));

hub.test("the original's client works unchanged: it gets imageUrl and creditsRemaining", async (bench) => {
  const customer = await bench.customer();
  const sessionId = await customer.grant();
  const conversation = await customer.client.from("conversations")
    .insert({ user_id: customer.id, session_id: sessionId }).select("id").single();
  assert.equal(conversation.error, null);
  const conversationId = conversation.data!.id;

  // As the original's page did it, to the letter.
  const { data, error } = await customer.client.functions.invoke("generate-image", {
    body: { prompt: `a sunset over the sea ${bench.marker}`, sessionId, conversationId },
  });
  assert.equal(error, null);
  const { imageUrl, creditsRemaining } = data;
  assert.equal(creditsRemaining, 2);
  assert.equal(formatOf((await download(imageUrl)).bytes), "png");
  const [row] = await customer.rows();
  assert.equal(row?.conversation_id, conversationId);
});

hub.test("the original's client reads error, and loading while the model wakes up", async (bench) => {
  const customer = await bench.customer();
  const sessionId = await customer.grant();
  await bench.engine.order(bench.marker, { kind: "cold", estimated_time: 3_000 });
  const { data, error } = await customer.client.functions.invoke("generate-image", {
    body: { prompt: bench.marker, sessionId, conversationId: null },
  });
  assert.equal(data, null);
  const told = await error.context.json();
  assert.equal(told.loading, true);
  assert.match(told.error, /^The engine is waking up\..*not charged/);
  assert.equal(await customer.credits(sessionId), 3);
});

hub.test("an answer has every field that is documented, of its type, and no other", async (bench) => {
  const customer = await bench.customer();
  const sessionId = await customer.grant("flash", 2);
  const prompt = `a forest in snow ${bench.marker}`;
  const { status, headers, body } = await customer.generate({ prompt, sessionId });
  assert.equal(status, 200);
  assert.equal(headers.get("content-type"), "application/json");
  assert.equal(headers.get("cache-control"), "no-store");

  const { requestId, imageUrl, images, resetsAt, expiresAt, generationTimeMs, ...rest } = body;
  assert.deepEqual(rest, { success: true, creditsUsed: 1, creditsRemaining: 7 });
  assert.match(requestId, uuid);
  assert.ok(isTime(resetsAt) && isTime(expiresAt), `${resetsAt} ${expiresAt}`);
  assert.equal(Date.parse(expiresAt) - Date.parse(resetsAt), 3_600_000);
  assert.ok(Number.isInteger(generationTimeMs) && generationTimeMs >= 0);

  assert.equal(images.length, 1);
  const { id, url, seed, createdAt, ...image } = images[0];
  assert.deepEqual(image, {
    prompt,
    negativePrompt: null,
    style: null,
    width: 512,
    height: 512,
    steps: 30,
    cfgScale: 7.5,
    model: "easel/sketch-1",
  });
  assert.equal(url, imageUrl);
  assert.match(id, uuid);
  assert.ok(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32);
  assert.ok(isTime(createdAt));

  const [row] = await customer.rows();
  assert.deepEqual([row?.id, row?.request_id, row?.image_url, Number(row?.seed)], [id, requestId, imageUrl, seed]);
});

hub.test("the defaults are those of the documentation, and the engine is asked for them", async (bench) => {
  const customer = await bench.customer();
  const answer = await customer.generate({ prompt: `  ${bench.marker}\n`, sessionId: await customer.grant() });
  const [seen, ...more] = await bench.engine.requests(bench.marker);
  assert.equal(more.length, 0);
  assert.equal(seen!.path, "/hf-inference/models/easel/sketch-1");
  assert.equal(seen!.headers.authorization, true);
  assert.deepEqual(seen!.body, {
    inputs: bench.marker,
    parameters: {
      width: 512,
      height: 512,
      num_inference_steps: 30,
      guidance_scale: 7.5,
      seed: answer.body.images[0].seed,
    },
  });
});

hub.test("every optional field reaches the engine, the record and the answer", async (bench) => {
  const customer = await bench.customer();
  const sessionId = await customer.grant();
  const requestId = crypto.randomUUID();
  const wanted = {
    negativePrompt: "no people",
    width: 768,
    height: 1024,
    steps: 12,
    cfgScale: 9.25,
    seed: 4_294_967_295,
  };
  const answer = await customer.generate({ prompt: bench.marker, sessionId, requestId, batchCount: 1, ...wanted });
  assert.equal(answer.status, 200);
  assert.equal(answer.body.requestId, requestId);
  const image = answer.body.images[0];
  for (const [field, value] of Object.entries(wanted)) assert.equal(image[field], value, field);
  const [seen] = await bench.engine.requests(bench.marker);
  assert.deepEqual(seen!.body.parameters, {
    negative_prompt: wanted.negativePrompt,
    width: wanted.width,
    height: wanted.height,
    num_inference_steps: wanted.steps,
    guidance_scale: wanted.cfgScale,
    seed: wanted.seed,
  });
  const [row] = await customer.rows();
  assert.deepEqual(
    [row?.negative_prompt, row?.width, row?.height, row?.steps, row?.cfg_scale, row?.seed],
    ["no people", 768, 1024, 12, "9.25", "4294967295"],
  );
  assert.deepEqual(pngSize((await download(image.url)).bytes), [768, 1024]);
});

hub.test("a picture's address works for anybody and gives what the engine drew and Storage holds, byte for byte", async (bench) => {
  const customer = await bench.customer();
  const answer = await customer.generate({
    prompt: bench.marker,
    sessionId: await customer.grant(),
    width: 768,
    height: 512,
  });
  const { bytes, type } = await download(answer.body.imageUrl);
  assert.equal(type, "image/png");
  assert.deepEqual(pngSize(bytes), [768, 512]);
  const [name] = await customer.objects();
  assert.ok(answer.body.imageUrl.endsWith(`/storage/v1/object/public/generated-images/${name}`));
  // The id of the row is told to clients, so it must not be what hides the picture.
  assert.match(name!, new RegExp(`^${customer.id}/[0-9a-f-]{36}\\.png$`));
  assert.ok(!name!.includes(answer.body.images[0].id));
  const held = await service(hub.stack).storage.from("generated-images").download(name!);
  assert.equal(held.error, null);
  assert.deepEqual(await held.data!.bytes(), bytes);
  const [seen] = await bench.engine.requests(bench.marker);
  assert.deepEqual(await bench.engine.draw(seen!), bytes);
});

hub.test("the same seed gives the same picture, another seed another one", async (bench) => {
  const customer = await bench.customer();
  const sessionId = await customer.grant();
  const pictures: Uint8Array[] = [];
  for (const seed of [7, 7, 8]) {
    const answer = await customer.generate({ prompt: bench.marker, sessionId, seed });
    pictures.push((await download(answer.body.imageUrl)).bytes);
  }
  assert.deepEqual(pictures[0], pictures[1]);
  assert.notDeepEqual(pictures[0], pictures[2]);
});

hub.test("a batch of four is four pictures of seeds that count on, around the end of the range", async (bench) => {
  const customer = await bench.customer();
  const sessionId = await customer.grant("flash");
  const body = { prompt: bench.marker, sessionId, seed: 4_294_967_294, batchCount: 4 };
  const answer = await customer.generate(body);
  assert.equal(answer.status, 200);
  assert.deepEqual([answer.body.creditsUsed, answer.body.creditsRemaining], [4, 4]);
  const seeds = answer.body.images.map((image: { seed: number }) => image.seed);
  assert.deepEqual(seeds, [4_294_967_294, 4_294_967_295, 0, 1]);
  assert.equal(answer.body.imageUrl, answer.body.images[0].url);
  const files = await Promise.all(answer.body.images.map((image: { url: string }) => download(image.url)));
  const distinct = new Set(files.map(({ bytes }) => bytes.join()));
  assert.equal(distinct.size, 4);
  const asked = (await bench.engine.requests(bench.marker)).map((seen) => seen.body.parameters.seed as number);
  assert.deepEqual(asked.sort((left, right) => left - right), [0, 1, 4_294_967_294, 4_294_967_295]);
  const rows = await customer.rows();
  assert.deepEqual(
    rows.map((row) => [row.batch_index, Number(row.seed)]),
    seeds.map((seed: number, at: number) => [at, seed]),
  );
});

hub.test("a JPEG is stored and served as one, whatever the engine calls it", async (bench) => {
  const customer = await bench.customer();
  await bench.engine.order(bench.marker, { kind: "mislabelled" });
  const answer = await customer.generate({ prompt: bench.marker, sessionId: await customer.grant() });
  assert.equal(answer.status, 200);
  assert.match(answer.body.imageUrl, /\.jpg$/);
  const { bytes, type } = await download(answer.body.imageUrl);
  assert.deepEqual([formatOf(bytes), type], ["jpeg", "image/jpeg"]);
});

hub.test("a prompt in any script, with emoji and quotes, arrives as it was written", async (bench) => {
  const customer = await bench.customer();
  const sessionId = await customer.grant();
  const prompt = `सूर्यास्त "पहाड़" \\ 👩‍🎨 '; drop table x; -- ${bench.marker}`;
  const answer = await customer.generate({ prompt, sessionId });
  assert.equal(answer.status, 200);
  assert.equal(answer.body.images[0].prompt, prompt);
  assert.equal((await bench.engine.requests(bench.marker))[0]!.prompt, prompt);
  assert.equal((await customer.rows())[0]!.prompt, prompt);
});

hub.test("a browser may send whatever supabase-js sends, and read every answer, errors too", async (bench) => {
  const wanted = corsHeaders["Access-Control-Allow-Headers"] ?? "";
  const preflight = await hub.fetch(hub.functionUrl(), {
    method: "OPTIONS",
    headers: {
      origin: "https://hub.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": wanted,
    },
  });
  assert.ok(preflight.ok, String(preflight.status));
  assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
  assert.match(preflight.headers.get("access-control-allow-methods")!, /\bPOST\b/);
  const allowed = preflight.headers.get("access-control-allow-headers")!.toLowerCase().split(/,\s*/);
  const sent = wanted.toLowerCase().split(/,\s*/);
  assert.ok(sent.length >= 4);
  for (const name of [...sent, "idempotency-key", "prefer"]) assert.ok(allowed.includes(name), name);

  const customer = await bench.customer();
  const sessionId = await customer.grant();
  const origin = { origin: "https://hub.example" };
  const answers = [
    await customer.generate({ prompt: bench.marker, sessionId }, { headers: origin }),
    await customer.generate({ prompt: "" }, { headers: origin }),
    await customer.send("{}", { headers: { ...origin, authorization: "" } }),
  ];
  assert.deepEqual(answers.map(({ status }) => status), [200, 400, 401]);
  for (const { headers } of answers) assert.equal(headers.get("access-control-allow-origin"), "*");
});
