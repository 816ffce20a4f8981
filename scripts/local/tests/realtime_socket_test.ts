/** What a single socket of Realtime takes from a client that misbehaves, on a line that is made up. */
import assert from "node:assert/strict";
import { Authorization } from "../realtime/authorization.ts";
import { Rooms } from "../realtime/rooms.ts";
import { type Line, Socket } from "../realtime/socket.ts";
import { decode } from "../realtime/wire.ts";

class MadeUpLine implements Line {
  readyState = 1;
  bufferedAmount = 0;
  sent: string[] = [];
  closed = Promise.withResolvers<number>();

  send(text: string): void {
    this.sent.push(text);
  }

  close(code: number): void {
    this.readyState = 2;
    this.closed.resolve(code);
  }

  /** The events that were sent, with the status of replies. */
  get events(): string[] {
    return this.sent.map((text) => {
      const { event, payload } = decode("2.0.0", text)!;
      return event === "phx_reply" ? (payload as { status: string }).status : event;
    });
  }
}

// Nothing here is private, so that nobody asks the database.
const authorization = new Authorization("postgresql://nowhere.invalid", () => assert.fail(), () => {});

function connect(silenceMaxMs?: number) {
  const [line, rooms] = [new MadeUpLine(), new Rooms()];
  const ofKey = { claims: { role: "anon" }, expiresAt: undefined };
  const log = (text: string) => assert.fail(text);
  const socket = new Socket({ line, version: "2.0.0", ofKey, rooms, authorization, log, silenceMaxMs });
  const say = (...frame: unknown[]) => socket.receive(JSON.stringify(frame));
  const join = async (topic: string, ref = "1") => {
    const before = line.sent.length;
    say(ref, ref, `realtime:${topic}`, "phx_join", { config: {} });
    while (line.sent.length === before) await Promise.resolve();
  };
  return { line, rooms, socket, say, join };
}

const news = { type: "broadcast", event: "news", payload: {} } as const;

Deno.test("a client that falls silent is hung up on", async () => {
  const { line } = connect(10);
  assert.equal(await line.closed.promise, 1001);
});

Deno.test("a heartbeat is answered, and a message that is none ends the socket", async () => {
  for (const nonsense of ["", "{", "{}", "[]", '["1","1",7,"phx_join",{}]', new ArrayBuffer(0), new ArrayBuffer(9)]) {
    const { line, socket, say } = connect();
    say(null, "7", "phoenix", "heartbeat", {});
    assert.deepEqual(line.sent, ['[null,"7","phoenix","phx_reply",{"status":"ok","response":{}}]']);
    socket.receive(nonsense);
    assert.equal(await line.closed.promise, 1003, String(nonsense));
  }
});

Deno.test("a client that does not read is hung up on, and leaves its rooms", async () => {
  const { line, rooms, join } = connect();
  await join("square");
  rooms.tell("square", false, news);
  assert.deepEqual(line.events, ["ok", "broadcast"]);
  line.bufferedAmount = 2 << 20;
  rooms.tell("square", false, news);
  assert.equal(await line.closed.promise, 1008);
  line.bufferedAmount = 0;
  rooms.tell("square", false, news);
  assert.equal(line.sent.length, 2);
});

Deno.test("a client that asks without measure is hung up on", async () => {
  const hasty = connect();
  for (let index = 0; index < 200; index++) hasty.say("1", "1", "realtime:square", "phx_join", { config: {} });
  assert.equal(await hasty.line.closed.promise, 1008);
  const large = connect();
  large.socket.receive("x".repeat(2 << 20));
  assert.equal(await large.line.closed.promise, 1009);
  const many = connect();
  for (let index = 0; index < 101; index++) await many.join(`room ${index}`);
  many.socket.close(1000, "");
  assert.deepEqual(many.line.events.slice(-2), ["ok", "error"]);
});

Deno.test("joining anew takes the earlier channel's place, and leaving is answered", async () => {
  const { line, rooms, say, join, socket } = connect();
  await join("square", "1");
  await join("square", "2");
  while (line.sent.length < 3) await Promise.resolve();
  assert.deepEqual(line.events, ["ok", "phx_close", "ok"]);
  rooms.tell("square", false, news);
  assert.deepEqual(line.events.slice(3), ["broadcast"]);
  // A message of the earlier joining is out of date.
  say("1", "9", "realtime:square", "phx_leave", {});
  say("2", "10", "realtime:square", "phx_leave", {});
  say("2", "11", "realtime:square", "broadcast", news);
  while (line.sent.length < 8) await Promise.resolve();
  assert.deepEqual(line.events.slice(4), ["ok", "ok", "phx_close", "error"]);
  rooms.tell("square", false, news);
  assert.equal(line.sent.length, 8);
  socket.close(1000, "");
});
