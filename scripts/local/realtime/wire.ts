/**
 * The wire format of Realtime: Phoenix's frames as supabase-js sends and reads them, in both of its versions. Version
 * 1.0.0 is an object; 2.0.0 is an array, and a broadcast of the client's comes as bytes. Pure; knows no socket.
 */

/** The version that a client asks for in its address. */
export type Version = "1.0.0" | "2.0.0";

/** One message, in either direction. */
export interface Frame {
  /** Which joining of the channel it belongs to; a message to everybody has none. */
  joinRef: string | null;
  /** What a reply refers to. */
  ref: string | null;
  topic: string;
  event: string;
  payload: unknown;
}

/** What a broadcast looks like inside its frame. */
export interface Broadcast {
  type: "broadcast";
  event: string;
  payload: unknown;
  /** Names the row, where the database sent it. */
  meta?: { id: string };
}

/** The channel in front of every topic. */
const prefix = "realtime:";

/** The kind of a binary frame that carries a client's broadcast, and the one encoding that is read here. */
const userBroadcastPush = 3;
const jsonEncoding = 1;

/** The version named in a socket's address; nothing where it is none of the two. */
export function versionOf(text: string | null): Version | undefined {
  // Phoenix takes a missing version for its first.
  if (text === null || text === "1.0.0") return "1.0.0";
  return text === "2.0.0" ? text : undefined;
}

/** The topic as policies and `realtime.send` name it; nothing where the frame is for no channel of ours. */
export function subTopicOf(topic: string): string | undefined {
  return topic.startsWith(prefix) && topic.length > prefix.length ? topic.slice(prefix.length) : undefined;
}

/** The topic as it stands in a frame. */
export function wireTopic(subTopic: string): string {
  return prefix + subTopic;
}

/** Reads a frame; nothing where it is none. */
export function decode(version: Version, data: string | ArrayBuffer): Frame | undefined {
  try {
    if (typeof data !== "string") return version === "2.0.0" ? decodePush(new Uint8Array(data)) : undefined;
    const value: unknown = JSON.parse(data);
    if (version === "2.0.0") return Array.isArray(value) ? checked(...value as [unknown, unknown]) : undefined;
    if (!isRecord(value)) return undefined;
    return checked(value.join_ref, value.ref, value.topic, value.event, value.payload);
  } catch {
    return undefined;
  }
}

/** Writes a frame. */
export function encode(version: Version, { joinRef, ref, topic, event, payload }: Frame): string {
  return JSON.stringify(version === "2.0.0" ? [joinRef, ref, topic, event, payload] : { topic, event, payload, ref });
}

/** Tells an object from everything else that JSON knows. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checked(joinRef: unknown, ref: unknown, topic?: unknown, event?: unknown, payload?: unknown) {
  if (typeof topic !== "string" || typeof event !== "string") return undefined;
  const text = (value: unknown) => typeof value === "string" ? value : null;
  return { joinRef: text(joinRef), ref: text(ref), topic, event, payload };
}

/** Five lengths and an encoding, each a byte, then the texts, then the payload. */
function decodePush(bytes: Uint8Array): Frame | undefined {
  const [kind, ...lengths] = bytes.subarray(0, 6);
  if (kind !== userBroadcastPush || bytes[6] !== jsonEncoding) return undefined;
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let at = 7;
  const texts = lengths.map((length) => {
    if (at + length > bytes.length) throw new RangeError("the frame ends too soon");
    return decoder.decode(bytes.subarray(at, at += length));
  });
  const [joinRef, ref, topic, event] = texts as [string, string, string, string];
  const payload: unknown = JSON.parse(decoder.decode(bytes.subarray(at)));
  const broadcast: Broadcast = { type: "broadcast", event, payload };
  return { joinRef: joinRef || null, ref: ref || null, topic, event: "broadcast", payload: broadcast };
}
