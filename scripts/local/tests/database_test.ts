/** What role `postgres` may and may not do, against what it may on the platform. */
import assert from "node:assert/strict";
import postgres from "postgres";
import { startTestStack } from "./support.ts";

/** Runs statements in a transaction that is undone; answers "done", or the SQLSTATE of the refusal. */
async function outcome(sql: postgres.Sql, statement: string): Promise<string> {
  let said = "done";
  try {
    await sql.begin(async (transaction) => {
      await transaction.unsafe(statement).simple();
      throw new Error("undo");
    });
  } catch (error) {
    if (error instanceof postgres.PostgresError) said = error.code;
  }
  return said;
}

Deno.test("role postgres has the rights that it has on the platform, and no more", async (t) => {
  const stack = await startTestStack();
  const sql = postgres(stack.dbUrl, { max: 2, onnotice: () => {} });
  try {
    const rows: [statement: string, expected: string][] = [
      ['create policy "p" on storage.objects for select to anon using (true)', "done"],
      ['drop policy "Owners see their pictures" on storage.objects', "done"],
      ['create policy "p" on auth.users for select to anon using (true)', "done"],
      ['create policy "p" on realtime.messages for select to authenticated using (true)', "done"],
      ["insert into storage.buckets (id, name) values ('b', 'b')", "done"],
      ["create table t (u uuid references auth.users (id) on delete cascade)", "done"],
      ["create table t (o uuid references storage.objects (id))", "done"],
      [
        "create trigger t after insert on auth.users for each row execute function suppress_redundant_updates_trigger()",
        "done",
      ],
      ["select id, email from auth.users", "done"],
      ["create extension if not exists pgcrypto with schema extensions", "done"],
      ["select extensions.gen_random_uuid(), extensions.digest('a', 'sha256')", "done"],
      ["select digest('a', 'sha256')", "done"],
      ["create schema private; create function private.f() returns int language sql as 'select 1'", "done"],
      ["create role extra nologin", "done"],
      ["set local role authenticated; select auth.uid()", "done"],
      ["set local role service_role", "done"],
      ["alter table storage.objects enable row level security", "42501"],
      ["alter table storage.objects disable row level security", "42501"],
      ["alter table auth.users add column x int", "42501"],
      ["create index on storage.objects (owner_id)", "42501"],
      ["create table storage.t (a int)", "42501"],
      ["create function auth.f() returns int language sql as 'select 1'", "42501"],
      ["drop table storage.objects", "42501"],
      ["create or replace function auth.uid() returns uuid language sql as 'select null::uuid'", "42501"],
      ["delete from storage.objects", "42501"],
      ["set local storage.allow_delete_query = 'true'; delete from storage.objects", "done"],
      ["set local role supabase_storage_admin", "42501"],
      ["set local role supabase_admin", "42501"],
      ["grant supabase_auth_admin to postgres", "42501"],
      ["alter role postgres superuser", "42501"],
      ["copy (select 1) to '/tmp/out'", "42501"],
    ];
    for (const [statement, expected] of rows) {
      await t.step(`${expected}: ${statement}`, async () => {
        assert.equal(await outcome(sql, statement), expected);
      });
    }
    await t.step("a policy statement lends nothing beyond itself, whether it works or fails", async () => {
      const then = "alter table storage.objects disable row level security";
      assert.equal(await outcome(sql, `create policy "p" on storage.objects using (true); ${then}`), "42501");
      assert.equal(await outcome(sql, 'create policy "p" on storage.nowhere using (true)'), "42P01");
      const [{ member } = {}] = await sql`select pg_has_role('postgres', 'supabase_storage_admin', 'member') as member`;
      assert.equal(member, false);
    });
    await t.step("what is created in public is open to nobody through the Data API", async () => {
      const said = await sql.begin(async (transaction) => {
        await transaction.unsafe(
          "create table fresh (id serial); create function fresh_f() returns int language sql as 'select 1'",
        ).simple();
        const rows = await transaction`
          select role, privilege, has_table_privilege(role, 'public.fresh', privilege) as held
          from unnest(array['anon', 'authenticated', 'service_role']) as role,
            unnest(array['select', 'insert', 'update', 'delete']) as privilege
        `;
        const [sequence] =
          await transaction`select has_sequence_privilege('service_role', 'fresh_id_seq', 'usage') as held`;
        const [builtin] = await transaction`select has_function_privilege('anon', 'fresh_f()', 'execute') as held`;
        return { held: rows.filter((row) => row.held), sequence: sequence?.held, builtin: builtin?.held };
      });
      // PostgreSQL's own default, execute for everybody, is in force on the platform as well.
      assert.deepEqual(said, { held: [], sequence: false, builtin: true });
    });
    await t.step("nothing that the services do adds grants", async () => {
      const [{ held } = {}] = await sql`select has_table_privilege('anon', 'public.note', 'select') as held`;
      assert.equal(held, false);
    });
    await t.step("the seed came in once, after the migrations", async () => {
      const counters = await sql`select id, n from public.counter order by id`;
      assert.deepEqual([...counters], [{ id: 1, n: 0 }, { id: 2, n: 42 }]);
    });
  } finally {
    await sql.end();
    await stack.stop();
  }
});
