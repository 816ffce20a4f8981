/**
 * One socket and its channels: takes the client's messages one after the other, answers them, and sees to it that a client
 * that is slow, silent or without measure costs a bounded amount of memory and is then hung up on.
 */
import type { Authorization, Identity } from "./authorization.ts";
import { admit, Channel, type Wish } from "./channel.ts";
import type { Member, Rooms } from "./rooms.ts";
import { decode, encode, type Frame, isRecord, subTopicOf, type Version, wireTopic } from "./wire.ts";

/** What is used of a WebSocket. */
export interface Line {
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(text: string): void;
  close(code: number, reason: string): void;
}

/** What a socket stands on. */
export interface SocketOptions {
  line: Line;
  version: Version;
  /** Whom the key makes of somebody without a token. */
  ofKey: Identity;
  rooms: Rooms;
  authorization: Authorization;
  log: (line: string) => void;
  /** A client that says nothing for so long has gone; supabase-js sends a heartbeat every 25 seconds. */
  silenceMaxMs?: number;
}

const silenceMaxMs = 60_000;
/** What may wait to be sent to a slow client, and what may wait to be done for a hasty one. */
const bufferedMaxBytes = 1 << 20;
const waitingMax = 100;
const messageMaxLength = 1 << 20;
/** The platform's limit for a client. */
const channelsMax = 100;

const open = 1;

/** The server's side of a client's socket. */
export class Socket {
  #options: SocketOptions;
  #channels = new Map<string, Channel>();
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: SocketOptions) {
    this.#options = options;
    this.#heard();
  }

  /** Something came from the client. */
  receive(data: string | ArrayBuffer): void {
    if (this.#closed) return;
    this.#heard();
    const size = typeof data === "string" ? data.length : data.byteLength;
    if (size > messageMaxLength) return this.close(1009, "the message is too large");
    const frame = decode(this.#options.version, data);
    if (!frame) return this.close(1003, "not a message of this protocol");
    // Not in turn: a client must not take a slow database for a dead connection.
    if (frame.topic === "phoenix" && frame.event === "heartbeat") return this.#reply(frame, "ok");
    if (this.#waiting >= waitingMax) return this.close(1008, "too many messages at once");
    this.#waiting += 1;
    this.#turn = this.#turn.then(() => this.#take(frame)).catch((error) => this.#options.log(`realtime: ${error}`))
      .finally(() => (this.#waiting -= 1));
  }

  /** Hangs up, and leaves all rooms. Calling it again changes nothing. */
  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#silence);
    for (const channel of this.#channels.values()) channel.leave();
    this.#channels.clear();
    if (this.#options.line.readyState === open) this.#options.line.close(code, reason);
  }

  #heard(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(
      () => this.close(1001, "no heartbeat"),
      this.#options.silenceMaxMs ?? silenceMaxMs,
    );
  }

  async #take(frame: Frame): Promise<void> {
    if (this.#closed) return;
    const topic = subTopicOf(frame.topic);
    if (topic === undefined) return this.#reply(frame, "error", { reason: "unmatched topic" });
    if (frame.event === "phx_join") return await this.#join(frame, topic);
    const channel = this.#channels.get(topic);
    const isCurrent = channel && (frame.joinRef === null || frame.joinRef === channel.joinRef);
    if (frame.event === "phx_leave") {
      this.#reply(frame, "ok");
      if (isCurrent) this.#end(channel);
      return;
    }
    if (!channel) return this.#reply(frame, "error", { reason: "unmatched topic" });
    if (!isCurrent) return;
    if (frame.event === "access_token") {
      const token = tokenOf(frame.payload);
      if (token !== undefined) await channel.renew(token);
    } else if (frame.event === "broadcast") {
      const told = await channel.broadcast(frame.payload);
      if (told && channel.wish.ack) this.#reply(frame, "ok");
    } else if (frame.event === "presence") {
      this.#reply(frame, "error", { reason: onlyBroadcast });
    }
  }

  async #join(frame: Frame, topic: string): Promise<void> {
    // A client that joins again has forgotten the earlier channel.
    const earlier = this.#channels.get(topic);
    if (earlier) this.#end(earlier);
    const wish = wishOf(frame.payload);
    if (!wish) return this.#reply(frame, "error", { reason: onlyBroadcast });
    if (this.#channels.size >= channelsMax) {
      return this.#reply(frame, "error", { reason: "ChannelRateLimitReached: Too many channels" });
    }
    const { authorization, rooms, ofKey, version } = this.#options;
    const admitted = await admit(authorization, topic, wish, ofKey);
    if (this.#closed) return;
    if ("refused" in admitted) {
      const { code, message } = admitted.refused;
      return this.#reply(frame, "error", { reason: `${code}: ${message}` });
    }
    this.#reply(frame, "ok", { postgres_changes: [] });
    const member: Member = { version, hear: (text) => this.#send(text) };
    const channel: Channel = new Channel({
      topic,
      joinRef: frame.joinRef,
      wish,
      identity: admitted.identity,
      member,
      rooms,
      authorization,
      onEnd: (message) => this.#shutDown(channel, message),
    });
    this.#channels.set(topic, channel);
  }

  /** Tells the client why a channel ends, and ends it. */
  #shutDown(channel: Channel, message: string): void {
    const payload = { extension: "system", status: "error", message, channel: channel.topic };
    this.#push({ joinRef: channel.joinRef, ref: null, topic: wireTopic(channel.topic), event: "system", payload });
    this.#end(channel);
  }

  #end(channel: Channel): void {
    channel.leave();
    if (this.#channels.get(channel.topic) === channel) this.#channels.delete(channel.topic);
    const { joinRef, topic } = channel;
    this.#push({ joinRef, ref: joinRef, topic: wireTopic(topic), event: "phx_close", payload: {} });
  }

  #reply({ joinRef, ref, topic }: Frame, status: "ok" | "error", response: unknown = {}): void {
    this.#push({ joinRef, ref, topic, event: "phx_reply", payload: { status, response } });
  }

  #push(frame: Frame): void {
    this.#send(encode(this.#options.version, frame));
  }

  #send(text: string): void {
    const { line } = this.#options;
    if (this.#closed || line.readyState !== open) return;
    if (line.bufferedAmount > bufferedMaxBytes) return this.close(1008, "too slow to listen");
    line.send(text);
  }
}

const onlyBroadcast = "RealtimeDisabledForConfiguration: the local stack knows Broadcast, neither Presence nor " +
  "Postgres Changes";

/** What a client asks for; nothing where that is more than there is here. */
function wishOf(payload: unknown): Wish | undefined {
  const record = (value: unknown) => isRecord(value) ? value : {};
  const config = record(record(payload).config);
  const broadcast = record(config.broadcast);
  const changes = config.postgres_changes;
  if ((Array.isArray(changes) && changes.length > 0) || record(config.presence).enabled === true) return undefined;
  return {
    isPrivate: config.private === true,
    self: broadcast.self === true,
    ack: broadcast.ack === true,
    token: tokenOf(payload),
  };
}

/** The token of a message. supabase-js sends its key where nobody is signed in, and a key is no token. */
function tokenOf(payload: unknown): string | undefined {
  const token = isRecord(payload) ? payload.access_token : undefined;
  return typeof token === "string" && !token.startsWith("sb_") ? token : undefined;
}
