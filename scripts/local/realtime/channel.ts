/**
 * One channel of one socket: a topic that somebody has joined, with what his token allows him there and until when. Owns
 * that a channel ends when its token does. Knows nothing of frames' versions and of other channels.
 */
import { type Authorization, expired, type Identity, type Refused } from "./authorization.ts";
import type { Member, Rooms } from "./rooms.ts";
import { type Broadcast, isRecord } from "./wire.ts";

/** What a client asks for when it joins. */
export interface Wish {
  isPrivate: boolean;
  /** To hear one's own broadcasts. */
  self: boolean;
  /** To have each broadcast answered. */
  ack: boolean;
  token: string | undefined;
}

/** What a channel stands on. */
export interface ChannelOptions {
  topic: string;
  /** Which joining it is; a message that names another is out of date. */
  joinRef: string | null;
  wish: Wish;
  identity: Identity;
  member: Member;
  rooms: Rooms;
  authorization: Authorization;
  /** The channel ends by itself, and why. */
  onEnd: (message: string) => void;
}

/** A timer cannot wait longer; a token that lives longer is looked at again. */
const lookAgainMs = 60 * 60 * 1000;

/** A joined channel. */
export class Channel {
  readonly topic: string;
  readonly joinRef: string | null;
  readonly wish: Wish;
  #options: ChannelOptions;
  #identity: Identity;
  #token: string | undefined;
  #mayWrite: boolean | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #left = false;

  /** Enters the room. The caller has made sure that it may. */
  constructor(options: ChannelOptions) {
    this.topic = options.topic;
    this.joinRef = options.joinRef;
    this.wish = options.wish;
    this.#options = options;
    this.#identity = options.identity;
    this.#token = options.wish.token;
    options.rooms.enter(this.topic, this.wish.isPrivate, options.member);
    this.#watchExpiry();
  }

  /** Leaves the room. Calling it again changes nothing. */
  leave(): void {
    this.#left = true;
    clearTimeout(this.#timer);
    this.#options.rooms.leave(this.topic, this.wish.isPrivate, this.#options.member);
  }

  /** A new token has come. The channel goes on with it, or ends. */
  async renew(token: string): Promise<void> {
    if (token === this.#token) return;
    const { authorization, onEnd } = this.#options;
    const admitted = await admit(authorization, this.topic, { ...this.wish, token }, this.#identity);
    if (this.#left) return;
    if ("refused" in admitted) return onEnd(admitted.refused.message);
    this.#identity = admitted.identity;
    this.#token = token;
    this.#mayWrite = undefined;
    this.#watchExpiry();
  }

  /** Tells the others what the client says; false where the policies forbid it or it says nothing. */
  async broadcast(payload: unknown): Promise<boolean> {
    if (!isRecord(payload) || typeof payload.event !== "string") return false;
    const { authorization, rooms, member } = this.#options;
    if (this.wish.isPrivate) this.#mayWrite ??= await authorization.mayWrite(this.topic, this.#identity.claims);
    if (this.#left || this.#mayWrite === false) return false;
    const broadcast: Broadcast = { type: "broadcast", event: payload.event, payload: payload.payload };
    rooms.tell(this.topic, this.wish.isPrivate, broadcast, this.wish.self ? undefined : member);
    return true;
  }

  #watchExpiry(): void {
    clearTimeout(this.#timer);
    const { expiresAt } = this.#identity;
    if (expiresAt === undefined) return;
    const leftMs = Math.max(0, expiresAt - Date.now());
    this.#timer = setTimeout(() => {
      if (Date.now() < expiresAt) this.#watchExpiry();
      else this.#options.onEnd(expired(expiresAt).message);
    }, Math.min(leftMs, lookAgainMs));
  }
}

/** Whether somebody may join a topic; without a token of his own he is whom his key makes him. */
export async function admit(
  authorization: Authorization,
  topic: string,
  { token, isPrivate }: Pick<Wish, "token" | "isPrivate">,
  ofKey: Identity,
): Promise<{ identity: Identity } | { refused: Refused }> {
  const known = token === undefined ? { identity: ofKey } : await authorization.identify(token);
  if ("refused" in known || !isPrivate) return known;
  const refused = await authorization.refusesReading(topic, known.identity.claims);
  return refused ? { refused } : known;
}
