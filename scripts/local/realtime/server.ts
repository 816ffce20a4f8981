/**
 * Realtime behind the gateway: takes WebSockets, and passes on to them what the database sends. Owns the list of sockets
 * and that all of them end with the stack. Who holds which key is the gateway's to say.
 */
import type { Caller } from "../lite.ts";
import type { Verdict } from "../tokens.ts";
import { Authorization } from "./authorization.ts";
import { Feed, type StoredMessage } from "./feed.ts";
import { Rooms } from "./rooms.ts";
import { Socket } from "./socket.ts";
import { versionOf } from "./wire.ts";

/** What Realtime needs. */
export interface RealtimeOptions {
  /** The database as role `postgres`: past row level security, and able to become any caller's role. */
  dbUrl: string;
  verify: (token: string) => Promise<Verdict>;
  log: (line: string) => void;
}

/** More than this is a mistake of some page that never hangs up. */
const socketsMax = 1_000;
/** How long the stop waits for clients to say goodbye. */
const farewellMs = 500;

/** Realtime of a running stack. */
export class Realtime {
  #options: RealtimeOptions;
  #rooms = new Rooms();
  #authorization: Authorization;
  #feed: Feed | undefined;
  #sockets = new Map<WebSocket, Socket>();
  #closed = false;

  private constructor(options: RealtimeOptions) {
    this.#options = options;
    this.#authorization = new Authorization(options.dbUrl, options.verify, options.log);
  }

  /** Starts following the database. */
  static async start(options: RealtimeOptions): Promise<Realtime> {
    const realtime = new Realtime(options);
    const deliver = (message: StoredMessage) => realtime.#deliver(message);
    realtime.#feed = await Feed.start({ dbUrl: options.dbUrl, log: options.log, deliver });
    return realtime;
  }

  /** Answers a request for a socket. */
  accept(request: Request, caller: Caller): Response {
    const version = versionOf(new URL(request.url).searchParams.get("vsn"));
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket" || !version) {
      return Response.json({ message: "a WebSocket of version 1.0.0 or 2.0.0 is served here" }, { status: 400 });
    }
    if (this.#closed || this.#sockets.size >= socketsMax) {
      return Response.json({ message: "no more sockets" }, { status: 503 });
    }
    // A client whose machine has gone is found by the server's pings.
    const { socket: line, response } = Deno.upgradeWebSocket(request);
    line.binaryType = "arraybuffer";
    const socket = new Socket({
      line,
      version,
      ofKey: { claims: caller.claims, expiresAt: undefined },
      rooms: this.#rooms,
      authorization: this.#authorization,
      log: this.#options.log,
    });
    this.#sockets.set(line, socket);
    line.onopen = () => this.#closed && line.close(1001, "the local stack stops");
    line.onmessage = ({ data }) => socket.receive(data as string | ArrayBuffer);
    line.onerror = () => socket.close(1011, "the connection failed");
    line.onclose = () => {
      socket.close(1000, "gone");
      this.#sockets.delete(line);
    };
    return response;
  }

  /** Hangs up on everybody, and stops following the database. */
  async close(): Promise<void> {
    this.#closed = true;
    const goodbyes = [...this.#sockets].map(([line, socket]) => {
      const gone = new Promise((resolve) => line.addEventListener("close", resolve));
      socket.close(1001, "the local stack stops");
      return gone;
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, farewellMs)));
    await Promise.race([Promise.all(goodbyes), late]);
    clearTimeout(timer);
    await this.#feed?.close();
    await this.#authorization.close();
  }

  #deliver({ id, topic, event, payload, private: isPrivate }: StoredMessage): void {
    this.#rooms.tell(topic, isPrivate, { type: "broadcast", event, payload, meta: { id } });
  }
}
