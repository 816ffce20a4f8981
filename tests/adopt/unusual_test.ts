/**
 * Hubs that are not quite the original: what nobody knows how to carry over is refused before anything is changed, and
 * what is only unusual is adopted all the same.
 *
 * Run: deno test -A tests/adopt/
 */
import { deepStrictEqual as same, match } from "node:assert/strict";
import { carryHours, carryMessages, type Hub, Hubs, setAside, succeed } from "./hubs.ts";

/** Hubs of which nobody knows how to carry them over: SQLSTATE, what it says, and how the hub came to be so. */
const unknown: [code: string, words: RegExp, sql: string][] = [
  [
    "42703",
    /user_sessions\.hours_purchased/,
    "alter table public.user_sessions rename hours_purchased to hours",
  ],
  [
    "42804",
    /user_sessions\.user_id is text/,
    'drop policy "Users manage own sessions" on public.user_sessions; alter table public.user_sessions alter user_id type text',
  ],
  [
    "42804",
    /session_config\.price_per_hour is text/,
    "alter table public.session_config alter price_per_hour type text",
  ],
  ["42P16", /image_generations/, "alter table public.image_generations drop constraint image_generations_pkey"],
  [
    "42809",
    /video_generations/,
    "drop table public.video_generations; create view public.video_generations as select 1 as id",
  ],
  ["22023", /flash_lite 5000/, "update public.session_config set price_per_hour = price_per_hour * 100"],
  ["2BP01", /view spending/, "create view public.spending as select sum(price_paid) from public.user_sessions"],
  [
    "2BP01",
    /constraint \w+ on table receipt/,
    "create table public.receipt (session_id uuid references public.user_sessions)",
  ],
  [
    "2BP01",
    /policy \w+ on table receipt/,
    "create table public.receipt (id uuid); create policy p on public.receipt using (exists (select from public.user_sessions))",
  ],
  [
    "2BP01",
    /policy .* on table storage\.objects/,
    'create policy "Only while it runs" on storage.objects for insert with check (exists (select from public.user_sessions))',
  ],
  ["42P06", /"original"/, "create schema original"],
];

Deno.test("hubs that are not quite the original", async (test) => {
  const hubs = await Hubs.start();
  try {
    const original = await hubs.copy("original_hub");
    await succeed(original.run("tests/adopt/original.sql"));
    await refuses(test, hubs, original);
    await histories(test, hubs, original);
  } finally {
    await hubs.stop();
  }
});

async function refuses(test: Deno.TestContext, hubs: Hubs, original: Hub): Promise<void> {
  for (const [place, [code, words, sql]] of unknown.entries()) {
    await test.step(`${code}: ${sql}`, async () => {
      const hub = await hubs.copy(`unknown_${place}`, original);
      await hub.sql.unsafe(sql).simple();
      const before = await hub.everything();
      const { ok: succeeded, words: said } = await hub.run(setAside);
      same(succeeded, false, said);
      match(said, new RegExp(`ERROR: {2}${code}: .*${words.source}`));
      same(await hub.everything(), before);
      await hub.sql.end();
    });
  }
}

async function histories(test: Deno.TestContext, hubs: Hubs, original: Hub): Promise<void> {
  await test.step("a history of older migrations is named, and the hub's own are not passed over for it", async () => {
    const hub = await hubs.copy("with_history", original);
    await hub.sql.unsafe(`create schema supabase_migrations;
      create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text);
      insert into supabase_migrations.schema_migrations values ('20250901000000', '{}', 'profiles'),
        ('20260204000000', '{}', 'add_generation_features')`).simple();
    const said = await hub.paste(setAside);
    match(said.join("\n"), /supabase migration repair --status reverted 20250901000000\n/);
    match((await hub.push("--include-all")).words, /Remote migration versions not found/);
    await succeed(hub.cli("migration", "repair", "--status", "reverted", "20250901000000"));
    await succeed(hub.push("--include-all"));
    // Nobody is told of what is carried over, as some later migration may want to tell of what is new.
    const tables = ["user_sessions", "conversations", "chat_messages", "image_generations"];
    await hub.sql.unsafe(
      "create function public.loud() returns trigger language plpgsql as $$ begin raise 'loud'; end $$;" +
        tables.map((table) =>
          `create trigger loud before insert or update on public.${table} for each row execute function public.loud();`
        ).join(""),
    ).simple();
    for (const file of [carryHours, carryMessages]) await hub.paste(file);
    const [row] = await hub.sql`
      select (select count(*)::int from public.image_generations) as pictures,
        (select count(*)::int from pg_trigger where tgname = 'loud' and tgenabled = 'O') as loud`;
    same({ ...row }, { pictures: 10, loud: 4 });
  });
  await test.step("a hub that never made pictures is adopted as well", async () => {
    const hub = await hubs.copy("without_pictures", original);
    await hub.sql.unsafe(`drop table public.image_generations, public.video_generations, public.chat_messages,
      public.conversations; alter table public.session_config drop image_credits_per_hour, drop video_credits_per_hour,
      drop model_name, drop price_per_hour; alter table public.user_sessions drop images_generated, drop videos_generated,
      drop expires_at, drop price_paid`).simple();
    await succeed(hub.run(setAside));
    await succeed(hub.push());
    // A plan without a price is none, and whoever runs a session of it is named.
    match(await succeed(hub.run(carryHours)), /LOOK AT IT: session \S+53 .* left behind: no such plan/);
    await succeed(hub.run(carryMessages));
    const running = await hub.sql`select substr(id::text, 35) as id from public.user_sessions where status = 'active'`;
    same(running.map(({ id }) => id).sort(), ["51", "52"]);
  });
}
