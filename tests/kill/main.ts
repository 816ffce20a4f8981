/**
 * The kill test: `deno run -A tests/kill/main.ts`. Sixteen customers ask for pictures, at once and from the queue, while
 * the stack's processes are killed at random, and functions are stopped for longer than a lease lasts, so that their
 * pictures come late. The books are read all the while, and when it is over they must be right. Owns the course of it and
 * what is printed. KILL_SECONDS says how long (120), KILL_SEED which chance; when exactly something dies is the machine's to
 * say, so that a seed repeats the choices and not the run.
 */
import postgres from "postgres";
import { until } from "../../scripts/local/process.ts";
import { audit, replays } from "./audit.ts";
import { BookReader } from "./books.ts";
import { chance, Customer, pause } from "./client.ts";
import { functions, StackUnderFire, victims } from "./fire.ts";

const customerCount = 16;
const sessionsEach = 20;
/** Shorter than it is, so that many leases run out while it lasts; a worker is heard of every five seconds. */
const leaseSeconds = 15;
/** The gateway takes everything with it and seconds to be back, so it is killed seldom; the functions often. */
const weighted = [...victims, ...victims.slice(1), ...functions, ...functions];
/** Every so many times a function is not killed but stopped. */
const freezeEvery = 8;
/** After the fire: a lease, a tick, and time to ask. */
const settleMs = 180_000;

const seconds = Number(Deno.env.get("KILL_SECONDS") ?? 120);
const seed = Number(Deno.env.get("KILL_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);
if (!(seconds > 0) || !Number.isInteger(seed)) {
  console.error("error: KILL_SECONDS and KILL_SEED are numbers");
  Deno.exit(1);
}
console.log(`seed ${seed}, ${seconds} s`);

const { fire, address } = await StackUnderFire.open();
const sql = postgres(address.dbUrl, { max: 2, onnotice: () => {}, connect_timeout: 30 });
let passed = false;
try {
  // How often somebody may ask is another test's; here everybody asks as often as he can.
  await sql`update private.rate_limit set per_minute = 1000000, burst = 1000000`;
  await sql.unsafe(`create or replace function private.lease() returns interval language sql immutable
    set search_path = '' return interval '${leaseSeconds} seconds'`);
  const customers: Customer[] = [];
  for (let place = 0; place < customerCount; place++) {
    customers.push(await Customer.open(address, sql, sessionsEach, chance(seed + 1 + place)));
  }

  const endsAt = Date.now() + seconds * 1000;
  const isOver = () => Date.now() >= endsAt;
  const books = BookReader.open(sql);
  const working = Promise.all(customers.map((customer) => customer.work(isOver, () => endsAt + settleMs)));
  const draw = chance(seed);
  for (let turn = 1; !isOver(); turn++) {
    await pause(800 + draw() * 3_400);
    const pick = <T>(among: readonly T[]) => among[Math.floor(draw() * among.length)]!;
    if (turn % freezeEvery === freezeEvery / 2) await fire.freeze(pick(functions), (leaseSeconds + 2) * 1_000);
    else await fire.kill(pick(weighted));
  }
  await fire.thawed();
  await fire.standing(address.url);
  await working;
  const isSettled = async () => {
    const [row] = await sql`
      select count(*)::integer as held from public.image_generations where status in ('queued', 'running')`;
    return row?.held === 0;
  };
  const settled = await until(() => isSettled().catch(() => false), settleMs, 500);
  const read = await books.close();
  const found = await audit(sql, customers);
  const discrepancies = [...found.discrepancies, ...read.discrepancies, ...await replays(customers)];

  const told = customers.flatMap((customer) => customer.told);
  const ends = Object.entries(Object.groupBy(told, ({ end }) => end)).map(([end, all]) => [end, all!.length]);
  const kills = Object.values(fire.kills).reduce((sum, count) => sum + count, 0);
  console.log(`kills          ${kills}: ${JSON.stringify(fire.kills)}; functions stopped for a while ${fire.freezes}`);
  console.log(`requests       ${told.length}, asked ${told.reduce((sum, { asked }) => sum + asked, 0)} times`);
  console.log(`told           ${JSON.stringify(Object.fromEntries(ends))}`);
  console.log(`rows           ${JSON.stringify(found.rows)}`);
  console.log(`orphans        ${found.orphans} objects of rows that failed or expired, which cost nobody a credit`);
  console.log(`books          read ${read.times} times while it burned`);
  console.log(`holds left     ${settled ? 0 : "some"}`);
  console.log(`discrepancies  ${discrepancies.length}`);
  for (const sentence of discrepancies.slice(0, 40)) console.log(`  ${sentence}`);
  // A run in which little happened shows little.
  const happened = fire.freezes > 0 && kills >= seconds / 12 && (found.rows.completed ?? 0) >= seconds / 8 &&
    read.times >= seconds / 8;
  if (!happened) console.log("too little happened for this to mean anything");
  passed = happened && settled && discrepancies.length === 0;
} catch (error) {
  console.log(error);
} finally {
  if (!passed) console.log(`the stack's last words:\n${fire.log.slice(-60).join("\n")}`);
  await sql.end({ timeout: 2 });
  await fire.close();
}
Deno.exit(passed ? 0 : 1);
