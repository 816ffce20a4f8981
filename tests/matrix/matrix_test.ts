/**
 * The fault matrix: every fault of every engine, for who waits and in the queue. Each cell is held against
 * consequences.ts: the status and the code, the credit (spent where there is a picture and nowhere else), how often the
 * engine was asked, and when a picture of the queue would have been tried again. At the end the tables are printed.
 *
 * One stack, and one process for each of the two functions: the path says which engine they use, and whether a request
 * has little time or ample: little only where that is what the cell is about, so that a busy machine changes no other.
 * Nothing that a cell finds out about an engine is remembered for the others, and what is put back into the queue is
 * tried at once.
 *
 * Run: deno test --allow-all --no-check tests/matrix (without --quiet, which would keep the tables to itself)
 */
import assert from "node:assert/strict";
import type { Answer, Customer } from "../edge/support/customer.ts";
import { Easel } from "../edge/support/easel.ts";
import { type Bench, engineKey, Hub } from "../edge/support/hub.ts";
import { download, formatOf } from "../edge/support/picture.ts";
import { copyProject } from "../edge/support/project.ts";
import { assertError } from "../edge/support/codes.ts";
import { ampleSeconds, type Consequence, consequences, littleSeconds, statuses } from "./consequences.ts";
import { easelArgs, engines, type MatrixEngine, startEasel } from "./engines.ts";
import { type FaultRow, faultRows } from "./faults.ts";
import { tableOf, type TableRow, type Told } from "./table.ts";

/** Pictures that are made at a time, for who waits and in the queue: so few that the budget is spent on faults alone. */
const atOnce = 10;

/** How long all tries of a picture in the queue may take. */
const settledWithinMs = 180_000;

const ownEasels = [await startEasel("forge"), await startEasel("sdcpp")] as const;
const all = engines(ownEasels[0].url, ownEasels[1].url);

const perEngine = (functionName: string) => `
import { instantiate } from "../_shared/generated/pictures.js";
import { handler } from "../_shared/shim.ts";

const env = Deno.env.toObject();
const base = env.HUGGINGFACE_BASE_URL;
const key = env.HUGGINGFACE_API_KEY;
const settings = { ${all.map(({ name, settings }) => `"${name}": ${settings}`).join(", ")} };
const within = (seconds, own) =>
  handler("${functionName}", instantiate, { env: { ...env, IMAGE_BUDGET_SECONDS: String(seconds), ...own } });
const handlers = Object.fromEntries(
  Object.entries(settings).flatMap(([name, own]) => [
    [name + "/little", within(${littleSeconds}, own)],
    [name + "/ample", within(${ampleSeconds}, own)],
  ]),
);
Deno.serve((request) => handlers[new URL(request.url).pathname.split("/").slice(2, 4).join("/")](request));
`;

const project = copyProject({
  "matrix-sync": perEngine("generate-image"),
  "matrix-worker": perEngine("queue-worker"),
});
const hub = new Hub({
  projectDir: project.dir,
  scheduler: false,
  forgetful: true,
  impatient: true,
  easelArgs,
  functionEnv: { QUEUE_CONCURRENCY: String(atOnce) },
});

const found = new Map(all.map(({ name }) => [name, faultRows.map(({ name: fault }): TableRow => ({ fault }))]));

Deno.test.afterAll(async () => {
  await Promise.all(ownEasels.map((easel) => easel.stop()));
  project.remove();
  const count = (way: "sync" | "queue") => [...found.values()].flat().filter((row) => row[way]).length;
  const told = [...found].map(([name, rows]) => tableOf(name, rows));
  console.log(`\n${told.join("\n")}\n${count("sync")} cells for who waits, ${count("queue")} in the queue`);
});

/** One fault of one engine, with a session of its own to be paid from. */
interface Cell {
  engine: MatrixEngine;
  row: FaultRow;
  easel: Easel;
  prompt: string;
  one: Customer;
  sessionId: string;
}

/** The cells of those engines, each with its fault ordered. */
async function cellsOf(bench: Bench, chosen: MatrixEngine[], one: Customer): Promise<Cell[]> {
  const cells = chosen.flatMap((engine) => faultRows.map((row) => ({ engine, row })));
  return await Promise.all(cells.map(async ({ engine, row }, at) => {
    const easel = engine.url ? new Easel(engine.url, engineKey) : bench.engine;
    const prompt = `${bench.marker} (${at})`;
    await easel.order(prompt, row.fault, row.times ?? null);
    return { engine, row, easel, prompt, one, sessionId: await one.grant() };
  }));
}

const consequencesOf = ({ engine, row }: Cell) => consequences(row.at?.[engine.name] ?? row.usually);

/** That function, told to use the cell's engine, and with as much time as the cell is to have. */
const functionFor = (cell: Cell, name: "matrix-sync" | "matrix-worker") =>
  `${name}/${cell.engine.name}/${consequencesOf(cell).isTimed ? "little" : "ample"}`;

const isAlone = ({ engine, row }: Cell) => row.alone?.includes(engine.name) ?? false;

function write({ engine, row }: Cell, way: "sync" | "queue", told: Told): void {
  found.get(engine.name)!.find(({ fault }) => fault === row.name)![way] = told;
}

/** Does it to each, so many at a time, and collects what is wrong. */
async function each(cells: Cell[], limit: number, check: (cell: Cell) => Promise<void>): Promise<string[]> {
  const wrong: string[] = [];
  const left = [...cells];
  const take = async () => {
    for (let cell = left.shift(); cell; cell = left.shift()) {
      try {
        await check(cell);
      } catch (error) {
        wrong.push(`${cell.engine.name}, ${cell.row.name}: ${(error as Error).message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, take));
  return wrong;
}

/** What holds whichever way was asked: a credit for a picture and none for anything else, and the engine's orders. */
async function checkCell(cell: Cell, expected: Consequence, images: { url: string; model: string }[]): Promise<number> {
  const { one, sessionId, engine, easel, prompt } = cell;
  const rows = await one.rows(sessionId);
  const used = expected.code ? 0 : 1;
  assert.deepEqual(
    rows.map((made) => [made.status, made.failure_code, made.model_used]),
    [expected.code ? ["failed", expected.code, null] : ["completed", null, engine.model]],
  );
  assert.equal(await one.credits(sessionId), 3 - used, "the credit");
  assert.equal((await one.session(sessionId)).images_generated, used);
  assert.equal(images.length, used);
  for (const image of images) {
    assert.equal(image.model, engine.model);
    assert.notEqual(formatOf((await download(image.url)).bytes), "unknown");
  }
  const asked = (await easel.requests(prompt)).filter((seen) => engine.isOrder(seen)).length;
  assert.equal(asked, expected.asked, "orders that reached the engine");
  return asked;
}

/** Puts into the table what came, whether or not it is what should have come. */
async function note(cell: Cell, way: "sync" | "queue", answer: Answer, ms: number, requestId: string): Promise<void> {
  const { status, body } = answer;
  const asked = (await cell.easel.requests(cell.prompt)).filter((seen) => cell.engine.isOrder(seen)).length;
  write(cell, way, {
    status: way === "queue" ? body.status : status,
    code: body.code ?? "",
    asked,
    credits: 3 - await cell.one.credits(cell.sessionId),
    ms,
    waits: await hub.waits(requestId),
  });
}

async function askAndWait(cell: Cell): Promise<void> {
  const { one, prompt, sessionId } = cell;
  const expected: Consequence = consequencesOf(cell).sync;
  const requestId = crypto.randomUUID();
  const started = performance.now();
  const answer = await one.generate({ prompt, sessionId, requestId }, { name: functionFor(cell, "matrix-sync") });
  await note(cell, "sync", answer, performance.now() - started, requestId);
  if (expected.code) assertError(answer, expected.code, { creditsRemaining: 3, ...expected.fields });
  else assert.deepEqual([answer.status, answer.body.creditsRemaining], [200, 2], JSON.stringify(answer.body));
  assert.equal(answer.status, expected.code ? statuses[expected.code] : 200);
  await checkCell(cell, expected, answer.body.images ?? []);
}

/** Queues the cells' pictures, and has the worker of their engine do all that it can about them, one time after the other. */
async function queue(cells: Cell[]): Promise<string[]> {
  const byTime = Object.values(Object.groupBy(cells, (cell) => functionFor(cell, "matrix-worker")));
  const wrong: string[] = [];
  for (const some of byTime) wrong.push(...await queueAtOnce(some!));
  return wrong;
}

async function queueAtOnce(cells: Cell[]): Promise<string[]> {
  const started = performance.now();
  const ids = new Map<Cell, string>();
  // Those that are tried most often come first, so that nothing has to wait for them at the end.
  const inOrder = cells.toSorted((one, other) => consequencesOf(other).queue.asked - consequencesOf(one).queue.asked);
  for (const cell of inOrder) {
    const requestId = crypto.randomUUID();
    const sent = { prompt: cell.prompt, sessionId: cell.sessionId, requestId };
    const taken = await cell.one.enqueue(sent, { name: functionFor(cell, "matrix-sync") });
    assert.equal(taken.status, 202, JSON.stringify(taken.body));
    ids.set(cell, requestId);
  }
  let unsettled = cells.length;
  // A worker ends its shift after half a minute, whatever waits by then; another one follows, as on a platform.
  const work = (async () => {
    while (unsettled > 0) await hub.work(functionFor(cells[0]!, "matrix-worker"));
  })();
  const wrong = await each(cells, cells.length, async (cell) => {
    const requestId = ids.get(cell)!;
    const expected = consequencesOf(cell).queue;
    const answer = await cell.one.settled(requestId, settledWithinMs).finally(() => unsettled--);
    await note(cell, "queue", answer, performance.now() - started, requestId);
    const { status, code, creditsUsed, creditsRemaining, images } = answer.body;
    const used = expected.code ? 0 : 1;
    assert.deepEqual([status, code], [expected.code ? "failed" : "completed", expected.code]);
    assert.deepEqual([creditsUsed, creditsRemaining], [used, 3 - used]);
    assert.deepEqual(await hub.waits(requestId), expected.waits, "seconds to the next tries");
    const [row] = await cell.one.rows(cell.sessionId);
    assert.equal(row!.attempts, expected.waits.length + 1);
    await checkCell(cell, expected, images);
  });
  await work;
  return wrong;
}

/** Nobody here asks too often: a customer of these tests stands for hundreds. */
const unlimited = () =>
  hub.sql`update private.rate_limit set per_minute = 100000, burst = 100000 where scope = 'customer'`;

hub.test("every engine draws when nothing goes wrong, and so do the processes that were just started", async (bench) => {
  const one = await bench.customer();
  for (const { name, model } of all) {
    const sessionId = await one.grant();
    const made = await one.generate({ prompt: bench.marker, sessionId }, { name: `matrix-sync/${name}/ample` });
    assert.deepEqual([made.status, made.body.images?.[0].model], [200, model], JSON.stringify(made.body));
    const body = { prompt: bench.marker, sessionId, requestId: crypto.randomUUID() };
    assert.equal((await one.enqueue(body)).status, 202);
    assert.equal((await hub.work(`matrix-worker/${name}/ample`)).completed, 1);
  }
});

hub.test("every fault of every engine, for who waits", async (bench) => {
  await unlimited();
  const cells = await cellsOf(bench, all, await bench.customer());
  const wrong = await each(cells.filter((cell) => !isAlone(cell)), atOnce, askAndWait);
  const lone = all.map(({ name }) => cells.filter((cell) => cell.engine.name === name && isAlone(cell)));
  wrong.push(...(await Promise.all(lone.map((some) => each(some, 1, askAndWait)))).flat());
  assert.deepEqual(wrong, []);
});

for (const engine of all) {
  hub.test(`every fault of ${engine.name}, in the queue`, async (bench) => {
    await unlimited();
    const cells = await cellsOf(bench, [engine], await bench.customer());
    const wrong = await queue(cells.filter((cell) => !isAlone(cell)));
    for (const cell of cells.filter(isAlone)) wrong.push(...await queue([cell]));
    assert.deepEqual(wrong, []);
  });
}
