/** Realtime through the real supabase-js: who may listen, what arrives, and what it survives. */
import assert from "node:assert/strict";
import { createClient, type RealtimeChannel, type SupabaseClient } from "@supabase/supabase-js";
import { join } from "node:path";
import postgres from "postgres";
import { until } from "../process.ts";
import type { Stack } from "../stack.ts";
import { customer, signToken, startTestStack, visitor, withFolder } from "./support.ts";

const patienceMs = 15_000;

interface Heard {
  type: string;
  event: string;
  payload: Record<string, unknown>;
  meta?: { id: string };
}

/** A channel, and everything that was said on it. */
interface Listener {
  channel: RealtimeChannel;
  heard: Heard[];
  statuses: string[];
  errors: string[];
  system: { status: string; message: string }[];
}

type ChannelConfig = { private?: boolean; broadcast?: { self?: boolean; ack?: boolean } };

async function listen(client: SupabaseClient, topic: string, config: ChannelConfig = { private: true }) {
  // Without this a client may join before it has asked for its token, and is then taken for a visitor.
  await client.realtime.setAuth();
  const channel = client.channel(topic, { config });
  const listener: Listener = { channel, heard: [], statuses: [], errors: [], system: [] };
  channel
    .on("broadcast", { event: "*" }, (message) => listener.heard.push(message as unknown as Heard))
    .on("system", {}, (message) => listener.system.push(message))
    .subscribe((status, error) => {
      listener.statuses.push(status);
      if (error) listener.errors.push(error.message);
    });
  return listener;
}

async function has(listener: Listener, status: string): Promise<void> {
  assert.ok(await until(() => listener.statuses.includes(status), patienceMs), `${status}: ${listener.statuses}`);
}

async function joined(client: SupabaseClient, topic: string, config?: ChannelConfig): Promise<Listener> {
  const listener = await listen(client, topic, config);
  await has(listener, "SUBSCRIBED");
  assert.deepEqual(listener.statuses, ["SUBSCRIBED"]);
  return listener;
}

async function hears(listener: Listener, event: string): Promise<Heard> {
  const found = () => listener.heard.find((message) => message.event === event);
  assert.ok(await until(() => found() !== undefined, patienceMs), `${event} was not heard`);
  return found()!;
}

async function refused(client: SupabaseClient, topic: string, reason: RegExp): Promise<void> {
  const listener = await listen(client, topic);
  await has(listener, "CHANNEL_ERROR");
  assert.ok(!listener.statuses.includes("SUBSCRIBED"));
  assert.match(listener.errors[0] ?? "", reason);
  await client.removeChannel(listener.channel);
}

/** A client whose token is whatever `token` says; it comes back at once when its socket is cut. */
function clientOf(stack: Stack, token: () => string, realtime = {}): SupabaseClient {
  return createClient(stack.url, stack.publishableKey, {
    accessToken: () => Promise.resolve(token()),
    realtime: { reconnectAfterMs: () => 20, ...realtime },
  });
}

async function hangUp(...clients: SupabaseClient[]): Promise<void> {
  for (const client of clients) await client.removeAllChannels();
}

function database(stack: Stack): postgres.Sql {
  return postgres(stack.dbUrl, { max: 1, onnotice: () => {} });
}

Deno.test("Realtime carries what the database says to those who may hear it", async (t) => {
  const stack = await startTestStack();
  const sql = database(stack);
  try {
    const { client, id, token } = await customer(stack);
    const topic = `customer:${id}`;
    const tell = async (event: string, payload: Record<string, unknown> = {}) =>
      assert.equal((await client.rpc("tell_me", { event, payload })).error, null);

    await t.step("a customer hears his own topic, in every tab and in the order of what happened", async () => {
      const tabs = [clientOf(stack, () => token), clientOf(stack, () => token, { vsn: "1.0.0" })];
      const listeners = [await joined(client, topic)];
      for (const tab of tabs) listeners.push(await joined(tab, topic));
      for (let index = 0; index < 20; index++) await tell(`step ${index}`, { balance: { creditsRemaining: index } });
      for (const listener of listeners) {
        const last = await hears(listener, "step 19");
        assert.deepEqual([last.type, last.payload.balance], ["broadcast", { creditsRemaining: 19 }]);
        assert.equal(last.payload.id, last.meta?.id);
        assert.deepEqual(listener.heard.map(({ event }) => event), Array.from({ length: 20 }, (_, i) => `step ${i}`));
      }
      await hangUp(client, ...tabs);
    });

    await t.step("a message larger than a notification arrives whole", async () => {
      const listener = await joined(client, topic);
      const text = "ü".repeat(50_000);
      await tell("large", { text });
      assert.equal((await hears(listener, "large")).payload.text, text);
      await hangUp(client);
    });

    await t.step("what is rolled back is not heard", async () => {
      const listener = await joined(client, topic);
      await sql.begin(async (inner) => {
        await inner`select realtime.send('{}', 'undone', ${topic}, true)`;
        throw new Error("undo");
      }).catch(() => {});
      await tell("done");
      await hears(listener, "done");
      assert.deepEqual(listener.heard.map(({ event }) => event), ["done"]);
      await hangUp(client);
    });

    await t.step("nobody else hears it: another customer, a visitor, a forged token", async () => {
      const permission = /Unauthorized: You do not have permissions to read from this Channel topic: customer:/;
      const other = await customer(stack);
      const guest = visitor(stack);
      await refused(other.client, topic, permission);
      await refused(guest, topic, permission);
      const claims = { role: "authenticated", sub: id, exp: 4e9 };
      const forgery = await signToken("guessed", claims);
      const forged = clientOf(stack, () => forgery);
      await refused(forged, topic, /JwtSignatureError/);
      const nonsense = clientOf(stack, () => "nonsense");
      await refused(nonsense, topic, /MalformedJWT/);
      await hangUp(other.client, guest, forged, nonsense);
    });

    await t.step("a public channel of the same name is another room", async () => {
      const guest = visitor(stack);
      const listener = await joined(guest, topic, { private: false });
      await tell("for the customer");
      await sql`select realtime.send('{}', 'for everybody', ${topic}, false)`;
      await hears(listener, "for everybody");
      assert.deepEqual(listener.heard.map(({ event }) => event), ["for everybody"]);
      await hangUp(guest);
    });

    await t.step("clients talk to each other on public channels", async () => {
      const [one, two] = [visitor(stack), clientOf(stack, () => token, { vsn: "1.0.0" })];
      const speaker = await joined(one, "square", { broadcast: { ack: true } });
      const listener = await joined(two, "square", { broadcast: { self: true } });
      const say = (from: Listener, event: string) =>
        from.channel.send({ type: "broadcast", event, payload: { text: "नमस्ते" } });
      assert.equal(await say(speaker, "asked"), "ok");
      assert.deepEqual((await hears(listener, "asked")).payload, { text: "नमस्ते" });
      await say(listener, "answered");
      await hears(speaker, "answered");
      await hears(listener, "answered");
      // Who did not ask for it does not hear himself.
      assert.deepEqual(speaker.heard.map(({ event }) => event), ["answered"]);
      await hangUp(one, two);
    });

    await t.step("on a private channel only those speak whom a policy lets", async () => {
      const other = await customer(stack);
      const lobby = await joined(other.client, "lobby");
      const speaker = await joined(client, "lobby", { private: true, broadcast: { ack: true } });
      const say = (event: string) => ({ type: "broadcast" as const, event, payload: {} });
      assert.equal(await speaker.channel.send(say("welcome")), "ok");
      await hears(lobby, "welcome");
      const own = await joined(client, topic, { private: true, broadcast: { self: true } });
      await own.channel.send(say("made up"));
      await tell("real");
      await hears(own, "real");
      assert.deepEqual(own.heard.map(({ event }) => event), ["real"]);
      await hangUp(client, other.client);
    });

    await t.step("what the local stack does not know is refused in words", async () => {
      const channel = client.channel("rows").on("postgres_changes", { event: "*", schema: "public" }, () => {});
      const said = Promise.withResolvers<string>();
      channel.subscribe((_, error) => error && said.resolve(error.message));
      assert.match(await said.promise, /the local stack knows Broadcast/);
      await hangUp(client);
    });

    await t.step("without a key there is no socket", async () => {
      for (const key of ["", "guessed"]) {
        const socket = new WebSocket(`${stack.url.replace("http", "ws")}/realtime/v1/websocket?apikey=${key}`);
        const opened = new Promise<boolean>((resolve) => {
          socket.onopen = () => resolve(true);
          socket.onerror = () => resolve(false);
        });
        assert.equal(await opened, false);
      }
    });

    await t.step("a channel ends with its token, unless a new one comes", async () => {
      const { jwtSecret } = JSON.parse(await Deno.readTextFile(join(stack.stateDir, "stack.json")));
      const lasting = (seconds: number) =>
        signToken(jwtSecret, { role: "authenticated", sub: id, exp: Math.floor(Date.now() / 1000) + seconds });
      let current = await lasting(5);
      const brief = current;
      const [refreshing, idle] = [clientOf(stack, () => current), clientOf(stack, () => brief)];
      const kept = await joined(refreshing, topic);
      const ended = await joined(idle, topic);
      current = await lasting(600);
      await refreshing.realtime.setAuth();
      await has(ended, "CLOSED");
      assert.deepEqual(ended.system.map(({ status }) => status), ["error"]);
      assert.match(ended.system[0]!.message, /^Token has expired \d+ seconds ago$/);
      await tell("still there");
      await hears(kept, "still there");
      assert.deepEqual(kept.statuses, ["SUBSCRIBED"]);
      assert.deepEqual(ended.heard, []);
      await refused(idle, topic, /InvalidJWTToken: Token has expired/);

      // The new token is another person's, who may not hear this.
      current = await signToken(jwtSecret, { role: "authenticated", sub: crypto.randomUUID(), exp: 4e9 });
      await refreshing.realtime.setAuth();
      await has(kept, "CLOSED");
      assert.match(kept.system[0]?.message ?? "", /^You do not have permissions to read/);
      await hangUp(refreshing, idle);
    });

    await t.step("a refreshed session keeps its channel", async () => {
      const listener = await joined(client, topic);
      const before = client.realtime.accessTokenValue;
      // A token that is made in the same second is the same token.
      assert.ok(
        await until(async () => {
          assert.equal((await client.auth.refreshSession()).error, null);
          return client.realtime.accessTokenValue !== before;
        }, patienceMs),
      );
      await tell("refreshed");
      await hears(listener, "refreshed");
      assert.deepEqual([listener.statuses, listener.system], [["SUBSCRIBED"], []]);
      await hangUp(client);
    });

    await t.step("a database that was killed comes back, and messages flow again", async () => {
      const listener = await joined(client, topic);
      const pid = stack.pids().postgres!;
      Deno.kill(pid, "SIGKILL");
      const again = async () => {
        await client.rpc("tell_me", { event: "again", payload: {} });
        return listener.heard.some(({ event }) => event === "again");
      };
      assert.ok(await until(again, 20_000, 100));
      assert.notEqual(stack.pids().postgres, pid);
      assert.deepEqual(listener.statuses, ["SUBSCRIBED"]);
      // The connections that decide who may listen are back as well.
      const tab = clientOf(stack, () => client.realtime.accessTokenValue!);
      await joined(tab, topic);
      await hangUp(client, tab);
    });
  } finally {
    await sql.end({ timeout: 1 });
    await stack.stop();
  }
});

Deno.test("a stop hangs up at once, clients come back to the next start, and old messages are gone", () =>
  withFolder(async (stateDir) => {
    let stack = await startTestStack({ stateDir });
    const port = Number(new URL(stack.url).port);
    const { client, id, token } = await customer(stack);
    const tab = clientOf(stack, () => token);
    const listener = await joined(tab, `customer:${id}`);
    const socket = new WebSocket(
      `${stack.url.replace("http", "ws")}/realtime/v1/websocket?apikey=${stack.publishableKey}&vsn=2.0.0`,
    );
    await new Promise((resolve) => (socket.onopen = resolve));
    const closed = new Promise<CloseEvent>((resolve) => (socket.onclose = resolve));
    let sql = database(stack);
    await sql`
      insert into realtime.messages (topic, extension, event, payload, inserted_at)
      values ('kept', 'broadcast', 'e', '{}', localtimestamp - interval '2 days'),
        ('forgotten', 'broadcast', 'e', '{}', localtimestamp - interval '4 days')
    `;
    await sql.end();
    await stack.stop();
    assert.equal((await closed).code, 1001);

    stack = await startTestStack({ stateDir, port });
    sql = database(stack);
    try {
      await has(listener, "CHANNEL_ERROR");
      const isBack = () => listener.statuses.at(-1) === "SUBSCRIBED";
      assert.ok(await until(isBack, patienceMs), String(listener.statuses));
      assert.equal((await client.rpc("tell_me", { event: "back", payload: {} })).error, null);
      await hears(listener, "back");
      const topics = async () =>
        (await sql`select topic from realtime.messages where topic in ('kept', 'forgotten')`).map((row) => row.topic);
      assert.ok(await until(async () => !(await topics()).includes("forgotten"), patienceMs));
      assert.deepEqual(await topics(), ["kept"]);
    } finally {
      await hangUp(tab);
      await sql.end({ timeout: 1 });
      await stack.stop();
    }
  }));
