/** Looks into files of pictures as far as tests want to know: the format, and the size of a PNG. */
import assert from "node:assert/strict";

/** The format that the first bytes tell. */
export function formatOf(bytes: Uint8Array): "png" | "jpeg" | "unknown" {
  const starts = (...signature: number[]) => signature.every((byte, index) => bytes[index] === byte);
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "png";
  return starts(0xff, 0xd8, 0xff) ? "jpeg" : "unknown";
}

/** Width and height of a PNG, from its first chunk. */
export function pngSize(bytes: Uint8Array): [number, number] {
  assert.equal(formatOf(bytes), "png");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return [view.getUint32(16), view.getUint32(20)];
}

/** Gets a picture as anybody would who was sent its address: with no key and no token. */
export async function download(url: string): Promise<{ bytes: Uint8Array; type: string | null }> {
  const response = await fetch(url);
  assert.equal(response.status, 200, url);
  return { bytes: await response.bytes(), type: response.headers.get("content-type") };
}
