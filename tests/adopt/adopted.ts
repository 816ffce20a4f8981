/**
 * What there is in the hub that tests/adopt/original.sql was, once it is adopted: one function for each kind of row, and
 * one for what its customers can do. Whatever these do to the hub they undo.
 */
import { deepStrictEqual as same } from "node:assert/strict";
import type { Hub } from "./hubs.ts";

const id = (tail: string) => `00000000-0000-4000-8000-${tail.padStart(12, "0")}`;

/** The two customers who have an account. */
export const [asha, ravi] = [id("a1"), id("b2")];

export async function plans(hub: Hub): Promise<void> {
  const rows = await hub.sql`select * from public.session_config order by price_per_hour_paise`;
  const plan = (plan_id: string, display_name: string, model_name: string, ...numbers: number[]) => {
    const [token_limit_per_hour, price_per_hour_paise, image_credits_per_hour, video_credits_per_hour] = numbers;
    const limits = { token_limit_per_hour, price_per_hour_paise, image_credits_per_hour, video_credits_per_hour };
    return { plan_id, display_name, model_name, ...limits };
  };
  same(rows.map((row) => ({ ...row })), [
    plan("student", "Student", "gemini-2.5-flash", 5000, 3000, 2, 0),
    plan("flash-lite", "Flash Lite", "gemini-2.0-flash-lite", 20000, 5000, 3, 0),
    plan("flash", "Flash", "gemini-2.5-flash", 60000, 11950, 4, 2),
  ]);
}

export async function sessions(hub: Hub): Promise<void> {
  const rows = await hub.sql`
    select substr(now.id::text, 35) as id, now.plan_id as plan, now.hours_purchased as hours, now.price_paid::text as price,
      now.tokens_used as tokens, now.images_generated as pictures, now.videos_generated as videos, now.status,
      now.started_by = 'customer' and now.started_at = now.created_at and now.created_at = old.created_at as begun,
      case when now.expires_at = old.expires_at then 'as it said'
        when now.expires_at = now.started_at + now.hours_purchased * interval '1 hour' then 'with its hours' end as ends
    from public.user_sessions as now join original.user_sessions as old using (id) order by 1`;
  const session = (
    id: string,
    plan: string,
    hours: number,
    price: string,
    pictures: number,
    status: string,
    ends: string,
  ) => ({
    ...{ id, plan, hours, price, pictures, videos: 0, status, begun: true, ends },
  });
  same(rows.map(({ tokens: _, ...row }) => ({ ...row })), [
    session("51", "flash", 2, "239.00", 3, "active", "as it said"),
    session("52", "flash-lite", 1, "50.00", 0, "active", "with its hours"),
    session("53", "student", 1, "0.00", 0, "active", "with its hours"),
    session("54", "flash", 1, "119.50", 4, "ended", "as it said"),
    session("55", "flash", 4, "0.00", 1, "ended", "as it said"),
    session("56", "flash", 1, "99999999.99", 1, "ended", "with its hours"),
    session("5b", "student", 1, "30.00", 0, "active", "as it said"),
    session("5d", "flash", 1, "1.00", 0, "ended", "with its hours"),
  ]);
  same(rows.map(({ tokens }) => tokens), [120, 0, 0, 5, 0, 2147483647, 0, 0]);
}

export async function pictures(hub: Hub): Promise<void> {
  const seen = await hub.asCustomer(asha, async (sql) =>
    await sql`
      select regexp_replace(id::text, '^.*-0*', '') as id, status, hour_index as hour,
        char_length(prompt) as letters, negative_prompt as negative, width, height, steps, seed::text, conversation_id as chat
      from public.image_generations order by 1`);
  const drawn = { height: 512, negative: null, chat: null, steps: 30, width: 512, seed: "0" };
  const atOnce = (n: number, status: string) => ({
    id: `8c${n}`,
    status,
    hour: 0,
    letters: 7,
    ...drawn,
  });
  same(seen.map((row) => ({ ...row })), [
    {
      ...drawn,
      id: "81",
      status: "completed",
      hour: 0,
      letters: 9,
      negative: "blurred\uFFFD",
      width: 768,
      steps: 20,
      seed: "42",
      chat: id("61"),
    },
    { ...drawn, id: "82", status: "completed", hour: 0, letters: 2000, steps: 50 },
    { ...drawn, id: "84", status: "completed", hour: 0, letters: 4 },
    { ...drawn, id: "85", status: "completed", hour: 32767, letters: 11, width: 4096, seed: "4294967295" },
    // Four in an hour that has four; the fifth is given, and costs nothing.
    ...[1, 2, 3, 4].map((n) => atOnce(n, "completed")),
    atOnce(5, "expired"),
    { ...drawn, id: "8e", status: "completed", hour: 1, letters: 10, width: 1, steps: 10, seed: "1" },
  ]);
  const [kept] = await hub.sql`
    select bool_and(now.image_url = old.image_url) as addresses,
      bool_and(now.created_at = least(old.created_at, now.created_at) and now.settled_at = now.created_at) as times,
      bool_and(exists (select from storage.objects where bucket_id = 'generated-images' and name = object_name)) as objects
    from public.image_generations as now join original.image_generations as old using (id)`;
  same({ ...kept }, { addresses: true, times: true, objects: true });
  const [books] = await hub.sql`
    select count(*)::int as wrong from public.user_sessions as session where images_generated <> (
      select count(*) from public.image_generations where session_id = session.id and status = 'completed')`;
  same(books?.wrong, 0, "I10");
  same(await hub.sql`select 1 from public.video_generations`.then((rows) => rows.length), 0);
  // What the original made may lie where the clock put it; nothing else may, and nothing of it without its picture.
  const url = "https://hub.example/x.png";
  const lies = (digest: string, name: string) =>
    hub.code(hub.sql.begin(async (sql) => {
      await sql`
        insert into public.image_generations (user_id, session_id, request_id, request_digest, hour_index, status, prompt,
          width, height, steps, cfg_scale, seed, object_name, image_url, model_used, settled_at)
        values (${asha}, ${
        id("51")
      }, gen_random_uuid(), ${digest}, 0, 'completed', 'x', 1, 1, 30, 7, 1, ${name}, ${url}, 'x', now())`;
      await sql`select 1 / 0`;
    }));
  same(await lies("original", `${asha}/1.png`), "22012");
  same(await lies("original", `${ravi}/1.png`), "23514");
  same(await lies("original", `${asha}/1.exe`), "23514");
  same(await lies("0123", `${asha}/1.png`), "23514");
}

export async function chats(hub: Hub): Promise<void> {
  const conversations = await hub.sql`
    select substr(id::text, 35) as id, user_id, session_id as session, char_length(title) as letters from public.conversations order by id`;
  same(conversations.map((row) => ({ ...row })), [
    { id: "61", user_id: asha, session: id("51"), letters: 7 },
    { id: "62", user_id: ravi, session: null, letters: 16 },
    { id: "63", user_id: asha, session: null, letters: 200 },
  ]);
  const said = await hub.asCustomer(asha, async (sql) =>
    await sql`
    select role, content from public.chat_messages where conversation_id = ${id("61")} order by id`);
  same(said.map(({ role, content }) => `${role}: ${content}`), ["user: hello", "assistant: hello, Asha"]);
}

export async function leftBehind(hub: Hub): Promise<void> {
  const rows = await hub.sql`
    select table_name || ' ' || regexp_replace(row_id, '^0.*(..)$', '\\1') || ': ' || reason as line
    from original.left_behind order by table_name, row_id`;
  same(rows.map(({ line }) => line), [
    "chat_messages 73: nobody who speaks here",
    "chat_messages 74: empty, or too long",
    "chat_messages 75: no such conversation",
    "chat_messages 76: no such conversation",
    "conversations 64: no such customer",
    "image_generations 83: a picture made later lies at its address",
    "image_generations 86: no picture by its name",
    "image_generations 87: nothing lies at its address",
    "image_generations 88: its address is not in the folder of its customer",
    "image_generations 89: no such session of its customer",
    "image_generations 8a: no prompt",
    "image_generations 8b: no such session of its customer",
    "image_generations 8d: its address is not in the folder of its customer",
    "session_config Flash: another plan has this name",
    "session_config free: no price",
    "user_sessions 57: bought in the future",
    "user_sessions 58: no such customer",
    "user_sessions 59: no such plan",
    "user_sessions 5a: no time at which it was bought",
    "user_sessions 5c: no time at which it was bought",
  ]);
}

/** Asks for pictures as a customer, at a moment; whatever comes of it is undone. */
async function ask(hub: Hub, customer: string, session: string, after: string, batches: number[]): Promise<unknown[]> {
  const undone = new Error("undone");
  const answers: unknown[] = [];
  await hub.sql.begin(async (sql) => {
    await sql.unsafe(
      `create or replace function private.clock() returns timestamptz language sql volatile set search_path = '' ` +
        `return clock_timestamp() + interval '${after}'`,
    );
    const claims = JSON.stringify({ sub: customer, role: "authenticated" });
    await sql`select set_config('role', 'authenticated', true), set_config('request.jwt.claims', ${claims}, true)`;
    for (const batch of batches) {
      const [row] = await sql`
        select public.reserve_generation(${
        id(session)
      }, gen_random_uuid(), 'a sunset', batch_count => ${batch}) as answer`;
      answers.push([row?.answer.outcome, row?.answer.balance?.creditsRemaining]);
    }
    throw undone;
  }).catch((error) => {
    if (error !== undone) throw error;
  });
  return answers;
}

export async function draws(hub: Hub): Promise<void> {
  // Three of the first hour's four are drawn; the second hour has its four; then it is over.
  same(await ask(hub, asha, "51", "0", [1, 1]), [["reserved", 0], ["credits_exhausted", 0]]);
  same(await ask(hub, asha, "51", "2 minutes", [4, 1]), [["reserved", 0], ["credits_exhausted", 0]]);
  same(await ask(hub, asha, "51", "60 minutes", [1]), [["reserved", 3]]);
  same(await ask(hub, asha, "51", "61 minutes", [1]), [["session_expired", undefined]]);
  same(await ask(hub, ravi, "52", "0", [3, 1]), [["reserved", 0], ["credits_exhausted", 0]]);
  same(await ask(hub, ravi, "52", "51 minutes", [1]), [["session_expired", undefined]]);
  same(await ask(hub, ravi, "53", "0", [1]), [["reserved", 1]]);
  same(await ask(hub, asha, "5b", "34 minutes", [1]), [["reserved", 1]]);
  for (const [customer, session] of [[asha, "54"], [asha, "55"], [asha, "56"], [ravi, "5d"]] as const) {
    same(await ask(hub, customer, session, "0", [1]), [["session_expired", undefined]], session);
  }
  for (const session of ["57", "58", "59", "5a", "5c", "51"]) {
    same(await ask(hub, ravi, session, "0", [1]), [["session_not_found", undefined]], session);
  }
}

export async function writesNothing(hub: Hub): Promise<void> {
  const attempts = [
    "update public.user_sessions set images_generated = 0",
    "update public.user_sessions set expires_at = expires_at + interval '1 day'",
    "insert into public.user_sessions (user_id, plan_id, model_name, hours_purchased, price_paid) select auth.uid(), 'flash', 'x', 1, 0",
    "delete from public.image_generations",
    "update public.session_config set price_per_hour_paise = 1",
    "insert into storage.objects (bucket_id, name) select 'generated-images', auth.uid() || '/9.png'",
    "select * from original.user_sessions",
    "select original.use_image_credit(gen_random_uuid())",
    "select private.clock()",
  ];
  for (const attempt of attempts) {
    same(await hub.code(hub.asCustomer(asha, (sql) => sql.unsafe(attempt))), "42501", attempt);
  }
  same(await hub.code(hub.asCustomer(asha, (sql) => sql`select public.use_image_credit(${id("51")})`)), "42883");
}
