/** Tokens as somebody might forge them. It signs anything with any secret; what is believed is the stack's to say. */

const encode = (bytes: Uint8Array) => bytes.toBase64({ alphabet: "base64url", omitPadding: true });
const encodeJson = (value: unknown) => encode(new TextEncoder().encode(JSON.stringify(value)));

/** A JWT with those claims; without a secret it has an empty signature. */
export async function token(
  claims: Record<string, unknown>,
  secret: string | undefined,
  header: Record<string, unknown> = { alg: "HS256", typ: "JWT" },
): Promise<string> {
  const signed = `${encodeJson(header)}.${encodeJson(claims)}`;
  if (secret === undefined) return `${signed}.`;
  const bytes = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes.encode(secret), algorithm, false, ["sign"]);
  return `${signed}.${encode(new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes.encode(signed))))}`;
}
