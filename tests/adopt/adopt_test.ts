/**
 * A hub of the original deployment becomes a hub of today: supabase/adopt and the real `supabase db push`, on a PostgreSQL
 * that is prepared as the stack's. What it looks like then is compared with a hub that was never anything else.
 *
 * Run: deno test -A tests/adopt/
 */
import { deepStrictEqual as same, match } from "node:assert/strict";
import { asha, chats, draws, leftBehind, pictures, plans, sessions, writesNothing } from "./adopted.ts";
import { carryHours, carryMessages, type Hub, Hubs, setAside, succeed } from "./hubs.ts";
import { shapeOf } from "./shape.ts";

const steps = [setAside, carryHours, carryMessages];

/** What the owner of the fixture has besides the hub. */
const owners = /^(function|grant on) (public\.)?(welcome|joined)\(/;

Deno.test("a hub of the original deployment is adopted", async (test) => {
  const hubs = await Hubs.start();
  try {
    const original = await hubs.copy("original_hub");
    await succeed(original.run("tests/adopt/original.sql"));
    const fresh = await hubs.copy("fresh_hub");
    await succeed(fresh.push());
    const hub = await hubs.copy("adopted_hub", original);
    await adopts(test, hub, fresh);
    await test.step("a hub of today, and a project without tables, are told so and stay as they are", async () => {
      const empty = await hubs.copy("empty_project");
      for (const [place, words] of [[fresh, /of today already/], [empty, /None of the original's tables/]] as const) {
        const before = await place.everything();
        match(await succeed(place.run(setAside)), words);
        for (const file of [carryHours, carryMessages]) {
          match(await succeed(place.run(file)), /Nothing was set aside here/);
        }
        same(await place.everything(), before);
      }
    });
  } finally {
    await hubs.stop();
  }
});

async function adopts(test: Deno.TestContext, hub: Hub, fresh: Hub): Promise<void> {
  const before = await hub.rows("public");
  await test.step("what the owner runs tells what it did, and what to look at", async () => {
    const first = await succeed(hub.run(setAside));
    match(first, /NOTICE: .*set aside function use_image_credit\(uuid\)/);
    match(first, /LOOK AT IT: welcome\(\) knows the original's tables/);
    match(first, /LOOK AT IT: chat_messages was published.*add table public\.chat_messages/);
    match(first, /LOOK AT IT: these policies .* "Anybody deletes anything"\n/);
    // Nothing is carried over before its place is there, and nothing of it is left half done.
    match((await hub.run(carryHours)).words, /ERROR: {2}55000/);
    await succeed(hub.push("--include-all"));
    match((await hub.run(carryMessages)).words, /ERROR: {2}55000/);
    const second = await succeed(hub.run(carryHours));
    match(second, /session \S+52 said it ends at/);
    for (const [tail, reason] of [["58", "no such customer"], ["59", "no such plan"], ["57", "bought in the future"]]) {
      match(second, new RegExp(`LOOK AT IT: session \\S+${tail} .* left behind: ${reason}`));
    }
    match(second, /NOTICE: .*plan flash: ₹119\.5 an hour, 4 pictures, 2 videos/);
    match(await succeed(hub.run(carryMessages)), /2 messages/);
  });

  await test.step("its shape is that of a hub that was never anything else", async () => {
    same(await shapeOf(hub.sql, owners), await shapeOf(fresh.sql));
  });

  await test.step("a second time, by psql or by an SQL editor, changes nothing", async () => {
    const before = await hub.everything();
    for (const file of steps) match(await succeed(hub.run(file)), /before\. Nothing to do/);
    for (const file of steps) match((await hub.paste(file)).join(), /before\. Nothing to do/);
    match(await succeed(hub.push()), /up to date/);
    same(await hub.everything(), before);
  });

  await test.step("every row of the original is still there, out of everybody's reach", async () => {
    const rows = (await hub.rows("original")).split("\n").filter((line) =>
      !/^original\.(adoption|left|schema)/.test(line)
    );
    same(rows.join("\n").replaceAll("original.", ""), before.replaceAll("public.", ""));
    const [open] = await hub.sql`
      select bool_or(has_schema_privilege(role, 'original', 'usage')) as schema,
        bool_or(has_table_privilege(role, relation.oid, 'select, insert, update, delete, truncate, references, trigger')) as tables,
        bool_or(not relation.relrowsecurity) as unsecured, count(distinct relation.oid)::int as count
      from pg_class as relation, unnest(array['anon', 'authenticated', 'service_role']) as role
      where relation.relnamespace = 'original'::regnamespace and relation.relkind = 'r'`;
    same({ ...open }, { schema: false, tables: false, unsecured: false, count: 8 });
    const ties = await hub.sql`
      select conname from pg_constraint where contype = 'f' and connamespace = 'original'::regnamespace
      union all select policyname from pg_policies where schemaname = 'original'
      union all select tablename from pg_publication_tables where schemaname = 'original'`;
    same([...ties], []);
  });

  await test.step("plans keep what the owner made of them", () => plans(hub));
  await test.step("sessions run on, and not beyond what was bought", () => sessions(hub));
  await test.step("old pictures are in the history, under their own addresses", () => pictures(hub));
  await test.step("conversations and messages are there", () => chats(hub));
  await test.step("what was not carried over is listed with its reason", () => leftBehind(hub));
  await test.step("the running session makes pictures with the credits that its hour has left", () => draws(hub));
  await test.step("nobody writes what customers of the original wrote", () => writesNothing(hub));
  await test.step("a customer can still be deleted, and takes with him what is his", async () => {
    await hub.sql`delete from auth.users where id = ${asha}`;
    const [left] = await hub.sql`select count(*)::int as count from public.user_sessions where user_id = ${asha}`;
    same(left?.count, 0);
  });
}
