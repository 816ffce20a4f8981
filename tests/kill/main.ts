/**
 * The kill test: `deno run -A tests/kill/main.ts`. Sixteen customers ask for pictures, at once and from the queue, while
 * the stack's processes are killed at random; then the books must be right. Owns the course of it and what is printed.
 * KILL_SECONDS says how long (120), KILL_SEED which chance; when exactly something dies is the machine's to say, so that
 * a seed repeats the choices and not the run.
 */
import postgres from "postgres";
import { until } from "../../scripts/local/process.ts";
import { audit } from "./audit.ts";
import { chance, Customer, pause } from "./client.ts";
import { StackUnderFire, victims } from "./fire.ts";

const customerCount = 16;
const sessionsEach = 20;
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
  const customers: Customer[] = [];
  for (let place = 0; place < customerCount; place++) {
    customers.push(await Customer.open(address, sessionsEach, chance(seed + 1 + place)));
  }

  const endsAt = Date.now() + seconds * 1000;
  const isOver = () => Date.now() >= endsAt;
  const working = Promise.all(customers.map((customer) => customer.work(isOver, () => endsAt + settleMs)));
  const draw = chance(seed);
  while (!isOver()) {
    await pause(800 + draw() * 3_400);
    const victim = victims[Math.floor(draw() * victims.length)]!;
    await fire.kill(victim);
  }
  await fire.standing(address.url);
  await working;
  const isSettled = async () => {
    const [row] = await sql`
      select count(*)::integer as held from public.image_generations where status in ('queued', 'running')`;
    return row?.held === 0;
  };
  const settled = await until(() => isSettled().catch(() => false), settleMs, 500);
  const found = await audit(sql, customers);

  const told = customers.flatMap((customer) => customer.told);
  const ends = Object.entries(Object.groupBy(told, ({ end }) => end)).map(([end, all]) => [end, all!.length]);
  const kills = Object.values(fire.kills).reduce((sum, count) => sum + count, 0);
  console.log(`kills          ${kills}: ${JSON.stringify(fire.kills)}`);
  console.log(`requests       ${told.length}, asked ${told.reduce((sum, { asked }) => sum + asked, 0)} times`);
  console.log(`told           ${JSON.stringify(Object.fromEntries(ends))}`);
  console.log(`rows           ${JSON.stringify(found.rows)}`);
  console.log(`orphans        ${found.orphans} objects without a row, which cost nobody a credit`);
  console.log(`holds left     ${settled ? 0 : "some"}`);
  console.log(`discrepancies  ${found.discrepancies.length}`);
  for (const sentence of found.discrepancies.slice(0, 40)) console.log(`  ${sentence}`);
  // A run in which little happened shows little.
  const happened = kills >= seconds / 10 && (found.rows.completed ?? 0) >= seconds;
  if (!happened) console.log("too little happened for this to mean anything");
  passed = happened && settled && found.discrepancies.length === 0;
} catch (error) {
  console.log(error);
} finally {
  if (!passed) console.log(`the stack's last words:\n${fire.log.slice(-60).join("\n")}`);
  await sql.end({ timeout: 2 });
  await fire.close();
}
Deno.exit(passed ? 0 : 1);
