/** The services behind the gateway, through the real supabase-js where it can say it and by plain requests where not. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Stack } from "../stack.ts";
import { customer, service, signToken, startTestStack, visitor } from "./support.ts";

const json = { "content-type": "application/json" };

async function answer(response: Response): Promise<{ status: number; body: Record<string, unknown> }> {
  return { status: response.status, body: await response.json() };
}

function rpc(stack: Stack, name: string, headers: Record<string, string>, body: unknown = {}): Promise<Response> {
  return fetch(`${stack.url}/rest/v1/rpc/${name}`, {
    method: "POST",
    headers: { ...json, ...headers },
    body: JSON.stringify(body),
  });
}

Deno.test("Auth, Data API, Storage and functions answer as the platform's do", async (t) => {
  const stack = await startTestStack();
  try {
    const { client, id, token } = await customer(stack);
    const publishable = { apikey: stack.publishableKey };
    const secret = { apikey: stack.secretKey };

    await t.step("a sign-up is confirmed at once, and signing in works", async () => {
      const email = `${crypto.randomUUID()}@example.test`;
      const made = await visitor(stack).auth.signUp({ email, password: "correct horse" });
      assert.ok(made.data.session?.access_token);
      const wrong = await visitor(stack).auth.signInWithPassword({ email, password: "wrong" });
      assert.equal(wrong.error?.code, "invalid_credentials");
      const right = await visitor(stack).auth.signInWithPassword({ email, password: "correct horse" });
      assert.equal(right.data.user?.id, made.data.user?.id);
      const seen = await client.auth.getUser();
      assert.equal(seen.data.user?.id, id);
    });

    await t.step("the database knows who calls: visitor, customer, server", async () => {
      const asked = async (response: Promise<Response>) => {
        const { role, uid, timeout } = (await answer(await response)).body;
        return { role, uid, timeout };
      };
      assert.deepEqual(await asked(rpc(stack, "whoami", publishable)), { role: "anon", uid: null, timeout: "3s" });
      assert.deepEqual(await asked(rpc(stack, "whoami", { ...publishable, authorization: `Bearer ${token}` })), {
        role: "authenticated",
        uid: id,
        timeout: "8s",
      });
      assert.deepEqual(await asked(rpc(stack, "whoami", secret)), { role: "service_role", uid: null, timeout: "8s" });
      // A customer's token wins over a secret key: row level security is in force.
      assert.deepEqual(await asked(rpc(stack, "whoami", { ...secret, authorization: `Bearer ${token}` })), {
        role: "authenticated",
        uid: id,
        timeout: "8s",
      });
      // supabase-js sends the key in both places.
      assert.deepEqual(await asked(rpc(stack, "whoami", { ...secret, authorization: `Bearer ${stack.secretKey}` })), {
        role: "service_role",
        uid: null,
        timeout: "8s",
      });
    });

    await t.step("row level security holds between customers", async () => {
      const other = await customer(stack);
      const made = await client.from("note").insert({ owner_id: id, body: "mine" }).select().single();
      assert.equal(made.data?.body, "mine");
      assert.deepEqual((await other.client.from("note").select("body")).data, []);
      const foreign = await other.client.from("note").insert({ owner_id: id, body: "theirs" });
      assert.deepEqual([foreign.status, foreign.error?.code], [403, "42501"]);
      assert.deepEqual([(await visitor(stack).from("note").select()).status], [401]);
      assert.deepEqual((await service(stack).from("note").select("body")).data, [{ body: "mine" }]);
      assert.deepEqual([(await service(stack).from("counter").select()).status], [403]);
    });

    await t.step("a function of the database is open to whom it was granted", async () => {
      const payload = { list: [1, "two", null], nested: { yes: true } };
      const served = await service(stack).rpc("for_service", { payload });
      assert.deepEqual(served.data, payload);
      assert.deepEqual([(await client.rpc("for_service", { payload })).status], [403]);
      assert.deepEqual([(await visitor(stack).rpc("for_service", { payload })).status], [401]);
      assert.deepEqual([(await client.rpc("no_such_function")).error?.code], ["PGRST202"]);
      assert.deepEqual((await client.rpc("two_rows")).data, [{ a: 1, b: "one" }, { a: 2, b: "two" }]);
      assert.equal((await client.rpc("nothing")).status, 204);
    });

    await t.step("what a function raises arrives whole", async () => {
      const rows: [state: string, status: number][] = [["PT429", 429], ["PT402", 402], ["P0001", 400], ["23514", 400], [
        "40001",
        500,
      ], ["42501", 403]];
      for (const [state, status] of rows) {
        const { error, status: got } = await client.rpc("refuse", { state, note: "words" });
        assert.deepEqual(
          [got, error?.code, error?.message, error?.details, error?.hint],
          [status, state, "words", "the detail", "the hint"],
        );
      }
    });

    await t.step("50 calls at once each have a transaction of their own", async () => {
      const calls = await Promise.all(Array.from({ length: 50 }, () => client.rpc("count_up")));
      assert.deepEqual(
        calls.map((call) => call.data).sort((a, b) => a - b),
        Array.from({ length: 50 }, (_, index) => index + 1),
      );
      const mixed = await Promise.all(Array.from({ length: 100 }, async (_, index) => {
        const headers: Record<string, string> = [secret, publishable, {
          ...publishable,
          authorization: `Bearer ${token}`,
        }][index % 3]!;
        return (await answer(await rpc(stack, "whoami", headers))).body.role;
      }));
      mixed.forEach((role, index) => assert.equal(role, ["service_role", "anon", "authenticated"][index % 3]));
    });

    await t.step("a bad token is refused by PostgREST's words, even beside a good key", async () => {
      const forged = await signToken("guessed", { role: "service_role", exp: 4e9 });
      const rows: [token: string, code: string, message: string][] = [
        ["garbage", "PGRST301", "Expected 3 parts in JWT; got 1"],
        ["sb_secret_guessed", "PGRST301", "Expected 3 parts in JWT; got 1"],
        [forged, "PGRST301", "No suitable key or wrong key type"],
        ["", "PGRST301", "Empty JWT is sent in Authorization header"],
      ];
      for (const key of [publishable, secret]) {
        for (const [bad, code, message] of rows) {
          const { status, body } = await answer(await rpc(stack, "whoami", { ...key, authorization: `Bearer ${bad}` }));
          assert.deepEqual([status, body.code, body.message], [401, code, message], bad);
        }
      }
    });

    await t.step("keys are checked", async () => {
      assert.equal((await rpc(stack, "whoami", {})).headers.get("sb-error-code"), "UNAUTHORIZED_MISSING_API_KEY");
      assert.equal(
        (await rpc(stack, "whoami", { apikey: "x" })).headers.get("sb-error-code"),
        "UNAUTHORIZED_INVALID_API_KEY",
      );
      assert.equal((await rpc(stack, "whoami", { authorization: `Bearer ${token}` })).status, 401);
      assert.equal((await fetch(`${stack.url}/auth/v1/settings`)).status, 401);
      const agent = { "user-agent": "Mozilla/5.0 (X11; Linux x86_64)" };
      for (const path of ["rest/v1/note", "storage/v1/bucket", "auth/v1/settings", "functions/v1/hello"]) {
        const response = await fetch(`${stack.url}/${path}`, { headers: { ...secret, ...agent } });
        assert.deepEqual([response.status, response.headers.get("sb-error-code")], [
          401,
          "UNAUTHORIZED_INVALID_API_KEY_TYPE",
        ], path);
        await response.body?.cancel();
      }
      assert.equal((await rpc(stack, "whoami", { ...publishable, ...agent })).status, 200);
    });

    await t.step("the secret key stores pictures, customers cannot, everybody can fetch them", async () => {
      const picture = new Uint8Array(300_000).map((_, index) => index * 7);
      const path = `${id}/${crypto.randomUUID()}.png`;
      const target = `${stack.url}/storage/v1/object/pictures/${path}`;
      const headers = { "content-type": "image/png", "cache-control": "max-age=60" };
      const upload = (extra: Record<string, string>, to = target, type = "image/png") =>
        fetch(to, { method: "POST", headers: { ...headers, ...extra, "content-type": type }, body: picture });

      for (const caller of [publishable, { ...publishable, authorization: `Bearer ${token}` }]) {
        const { status, body } = await answer(await upload(caller));
        assert.deepEqual([status, body.statusCode, body.error], [400, "403", "Unauthorized"]);
      }
      assert.equal((await answer(await upload({ ...publishable, authorization: "Bearer garbage" }))).status, 401);
      const stored = await answer(await upload(secret));
      assert.deepEqual([stored.status, stored.body.Key], [200, `pictures/${path}`]);
      assert.equal((await answer(await upload(secret))).body.statusCode, "409");
      assert.equal((await answer(await upload(secret, `${target}.gif`, "image/gif"))).body.statusCode, "415");
      const large = await fetch(`${target}.large`, {
        method: "POST",
        headers: { ...secret, ...headers },
        body: new Uint8Array(2_000_000),
      });
      assert.equal((await answer(large)).body.statusCode, "413");

      const { publicUrl } = client.storage.from("pictures").getPublicUrl(path).data;
      const fetched = await fetch(publicUrl);
      assert.deepEqual([fetched.headers.get("content-type"), fetched.headers.get("cache-control")], [
        "image/png",
        "max-age=60",
      ]);
      // Compared as a whole: a difference shown byte by byte takes minutes.
      assert.ok(Buffer.from(await fetched.arrayBuffer()).equals(picture), "what comes back is what was stored");

      assert.equal((await client.storage.from("pictures").list(id)).data?.length, 1);
      assert.deepEqual((await visitor(stack).storage.from("pictures").list(id)).data, []);
      assert.deepEqual((await client.storage.from("pictures").remove([path])).data, []);
      assert.equal(
        (await answer(await fetch(target, { method: "DELETE", headers: secret }))).body.message,
        "Successfully deleted",
      );
      assert.equal((await answer(await fetch(target, { method: "DELETE", headers: secret }))).body.statusCode, "404");
      assert.equal((await answer(await fetch(publicUrl))).status, 400);
    });

    await t.step("a change of the schema is served without a restart", async () => {
      const { default: postgres } = await import("postgres");
      const sql = postgres(stack.dbUrl, { max: 1, onnotice: () => {} });
      await sql.unsafe(
        "create function public.brand_new() returns int language sql as 'select 7'; grant execute on function public.brand_new() to anon",
      ).simple();
      await sql.end();
      const deadline = Date.now() + 5_000;
      let said: unknown;
      do said = (await visitor(stack).rpc("brand_new")).data; while (said !== 7 && Date.now() < deadline);
      assert.equal(said, 7);
    });

    await t.step("a function sees the platform's variables, and nothing of this machine's", async () => {
      const response = await client.functions.invoke("hello", { body: { a: 1 } });
      const { env, headers, runtime, canReadElsewhere, path } = response.data;
      assert.equal(path, "/hello");
      assert.equal(headers.authorization, `Bearer ${token}`);
      assert.equal(headers.apikey, stack.publishableKey);
      assert.deepEqual([runtime, canReadElsewhere], ["object", false]);
      assert.equal(env.SUPABASE_URL, stack.url);
      assert.deepEqual(JSON.parse(env.SUPABASE_SECRET_KEYS), { default: stack.secretKey });
      assert.deepEqual(JSON.parse(env.SUPABASE_PUBLISHABLE_KEYS), { default: stack.publishableKey });
      assert.deepEqual(JSON.parse(env.SUPABASE_JWKS), { keys: [] });
      assert.equal(env.SUPABASE_DB_URL, stack.dbUrl);
      assert.deepEqual([env.IMAGE_ENGINES, env.HUGGINGFACE_BASE_URL], ["huggingface:easel/sketch-1", stack.engineUrl]);
      for (const name of ["HOME", "PWD", "USER", "HOSTNAME"]) assert.equal(env[name], undefined, name);
    });

    await t.step("a body goes through a function as it comes", async () => {
      const body = new TransformStream<Uint8Array, Uint8Array>();
      const writer = body.writable.getWriter();
      writer.write(new TextEncoder().encode("first"));
      const response = await fetch(`${stack.url}/functions/v1/hello/stream`, { method: "POST", body: body.readable });
      const reader = response.body!.getReader();
      assert.equal(new TextDecoder().decode((await reader.read()).value), "first");
      writer.write(new TextEncoder().encode("second"));
      assert.equal(new TextDecoder().decode((await reader.read()).value), "second");
      await writer.close();
      assert.equal((await reader.read()).done, true);
    });

    await t.step("functions are found, guarded and left out as config.toml says", async () => {
      const call = async (name: string, init?: RequestInit) => {
        const response = await fetch(`${stack.url}/functions/v1/${name}`, init);
        await response.body?.cancel();
        return response.status;
      };
      assert.equal(await call("nowhere"), 404);
      assert.equal(await call("off"), 404);
      assert.equal(await call("hello"), 200);
      assert.equal(await call("guarded"), 401);
      assert.equal(await call("guarded", { headers: { authorization: "Bearer garbage" } }), 401);
      assert.equal(await call("guarded", { headers: { authorization: `Bearer ${token}` } }), 200);
      assert.equal(await call("guarded", { headers: publishable }), 200);
      assert.equal(await call("guarded", { method: "OPTIONS" }), 200);
      assert.equal(
        await fetch(`${stack.url}/functions/v1/hello`, { method: "OPTIONS" }).then(async (response) => {
          await response.body?.cancel();
          return response.headers.get("access-control-allow-headers");
        }),
        "x-made-up",
      );
    });

    await t.step("a page from elsewhere may ask every service and read what the platform lets it read", async () => {
      const asked = "apikey,authorization,content-type,x-client-info,prefer";
      const paths: [method: string, path: string][] = [
        ["POST", "rest/v1/rpc/whoami"],
        ["POST", "rest/v1/rpc/not_there_yet"],
        ["PATCH", "rest/v1/note?id=eq.1"],
        ["POST", "auth/v1/token?grant_type=password"],
        ["POST", "storage/v1/object/list/pictures"],
        ["DELETE", "storage/v1/object/pictures"],
      ];
      for (const [method, path] of paths) {
        const response = await fetch(`${stack.url}/${path}`, {
          method: "OPTIONS",
          headers: {
            origin: "https://hub.example",
            "access-control-request-method": method,
            "access-control-request-headers": asked,
          },
        });
        await response.body?.cancel();
        const header = (name: string) => response.headers.get(`access-control-allow-${name}`);
        assert.ok(response.ok, path);
        assert.deepEqual([header("origin"), header("headers")], ["*", asked], path);
        assert.ok(header("methods")?.split(", ").includes(method), path);
      }
      const rows = await fetch(`${stack.url}/rest/v1/note?select=body`, {
        headers: {
          ...publishable,
          authorization: `Bearer ${token}`,
          origin: "https://hub.example",
          prefer: "count=exact",
        },
      });
      await rows.body?.cancel();
      assert.match(rows.headers.get("content-range") ?? "", /\/1$/);
      assert.equal(rows.headers.get("access-control-allow-origin"), "*");
      assert.match(rows.headers.get("access-control-expose-headers") ?? "", /content-range/i);
    });

    await t.step("a public object is saved under the name that its address asks for", async () => {
      const path = `${id}/${crypto.randomUUID()}.png`;
      const put = await service(stack).storage.from("pictures").upload(path, new Uint8Array([1, 2, 3]), {
        contentType: "image/png",
      });
      assert.equal(put.error, null);
      const headersOf = async (download?: string | true) => {
        const { publicUrl } = client.storage.from("pictures").getPublicUrl(path, { download }).data;
        const response = await fetch(publicUrl, { headers: { origin: "https://hub.example" } });
        assert.deepEqual(new Uint8Array(await response.arrayBuffer()), new Uint8Array([1, 2, 3]));
        const header = (name: string) => response.headers.get(name);
        assert.deepEqual([header("content-type"), header("access-control-allow-origin")], ["image/png", "*"]);
        return header("content-disposition");
      };
      assert.equal(await headersOf(), null);
      assert.equal(await headersOf(true), "attachment;");
      const name = "%E0%A4%B8%E0%A5%82%E0%A4%B0%E0%A4%9C%20%221%22.png";
      assert.equal(await headersOf('सूरज "1".png'), `attachment; filename=${name}; filename*=UTF-8\'\'${name};`);
      const missing = await fetch(`${stack.url}/storage/v1/object/public/pictures/none.png?download=a.png`);
      await missing.body?.cancel();
      assert.deepEqual([missing.status, missing.headers.get("content-disposition")], [400, null]);
    });

    await t.step("a session is refreshed with its token, once, and ends with the sign-out", async () => {
      const { client: own } = await customer(stack);
      const first = (await own.auth.getSession()).data.session!;
      const { data, error } = await own.auth.refreshSession();
      assert.equal(error, null);
      assert.notEqual(data.session!.refresh_token, first.refresh_token);
      assert.equal((await own.from("note").select("body")).error, null);
      assert.equal((await own.auth.signOut()).error, null);
      assert.equal((await own.auth.getSession()).data.session, null);
      const late = await visitor(stack).auth.refreshSession({ refresh_token: data.session!.refresh_token });
      assert.ok(late.error);
      assert.equal(late.data.session, null);
    });

    await t.step("Realtime wants a key and a WebSocket, and what is not there is said to be not there", async () => {
      const realtime = `${stack.url}/realtime/v1`;
      assert.equal((await answer(await fetch(`${realtime}/websocket`))).status, 401);
      assert.equal((await answer(await fetch(`${realtime}/websocket?apikey=guessed`))).status, 401);
      const query = `apikey=${stack.publishableKey}&vsn=2.0.0`;
      assert.equal((await answer(await fetch(`${realtime}/websocket?${query}`))).status, 400);
      const sent = await fetch(`${realtime}/api/broadcast`, { method: "POST", headers: publishable, body: "{}" });
      assert.equal((await answer(sent)).status, 501);
      assert.equal((await answer(await fetch(`${stack.url}/anything`))).status, 404);
    });
  } finally {
    await stack.stop();
  }
});
