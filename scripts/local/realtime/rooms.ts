/**
 * Who listens to what: the members of each topic, and the telling of a broadcast to them. A private topic and a public
 * one of the same name are two rooms. Decides nothing about who may enter.
 */
import { type Broadcast, encode, type Frame, type Version, wireTopic } from "./wire.ts";

/** Somebody who listens. */
export interface Member {
  readonly version: Version;
  /** Takes a frame that is written already. */
  hear(text: string): void;
}

/** The rooms of a running stack. */
export class Rooms {
  #rooms = new Map<string, Set<Member>>();

  enter(topic: string, isPrivate: boolean, member: Member): void {
    const name = roomOf(topic, isPrivate);
    const members = this.#rooms.get(name) ?? new Set();
    this.#rooms.set(name, members.add(member));
  }

  leave(topic: string, isPrivate: boolean, member: Member): void {
    const name = roomOf(topic, isPrivate);
    const members = this.#rooms.get(name);
    members?.delete(member);
    if (members?.size === 0) this.#rooms.delete(name);
  }

  /** Tells everybody in a room, but for `except`. */
  tell(topic: string, isPrivate: boolean, broadcast: Broadcast, except?: Member): void {
    const members = this.#rooms.get(roomOf(topic, isPrivate));
    if (!members) return;
    const frame: Frame = { joinRef: null, ref: null, topic: wireTopic(topic), event: "broadcast", payload: broadcast };
    // Written once for each version, however many listen.
    const written = new Map<Version, string>();
    // A member whose socket is found to be stuck leaves while the others are told.
    for (const member of [...members]) {
      if (member === except) continue;
      const text = written.get(member.version) ?? encode(member.version, frame);
      written.set(member.version, text);
      member.hear(text);
    }
  }
}

function roomOf(topic: string, isPrivate: boolean): string {
  return `${isPrivate ? "private" : "public"}:${topic}`;
}
