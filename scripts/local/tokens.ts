/**
 * Verifies bearer tokens as PostgREST 16 does, with its words for each way in which one can be bad. The gateway does
 * this once for every service behind it. Owns no key: it is given the secret.
 */

/** What a good token says. */
export type Claims = Record<string, unknown> & { role?: string; sub?: string };

/** Why a token is refused, as PostgREST says it. */
export interface TokenRefusal {
  code: "PGRST301" | "PGRST303";
  message: string;
  details: string | null;
}

/** Either the claims, or why there are none. */
export type Verdict = { claims: Claims } | { refusal: TokenRefusal };

/** Clocks of two machines may differ by this much. */
const skewSeconds = 30;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Makes a verifier for tokens signed with HS256 and `secret`. */
export async function tokenVerifier(secret: string): Promise<(token: string) => Promise<Verdict>> {
  const bytes = new TextEncoder().encode(secret);
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);

  return async function verify(token) {
    if (token === "") return refuse("PGRST301", "Empty JWT is sent in Authorization header");
    const parts = token.split(".");
    if (parts.length !== 3) return refuse("PGRST301", `Expected 3 parts in JWT; got ${parts.length}`);
    const [header, payload, signature] = parts.map(decodeBase64Url) as [Bytes, Bytes, Bytes];
    const unusable = refuse(
      "PGRST301",
      "No suitable key or wrong key type",
      "None of the keys was able to decode the JWT",
    );
    if (!header || !payload || !signature) return unusable;
    // The header only names the one algorithm that is taken; nothing else in it is believed.
    if (parseObject(header)?.alg !== "HS256") return unusable;
    const signed = new TextEncoder().encode(`${parts[0]}.${parts[1]}`);
    if (!(await crypto.subtle.verify("HMAC", key, signature, signed))) return unusable;
    const claims = parseObject(payload);
    if (!claims) return refuse("PGRST303", "Parsing claims failed");
    return checkClaims(claims, Date.now() / 1000);
  };
}

function checkClaims(claims: Claims, now: number): Verdict {
  for (const name of ["exp", "nbf", "iat"]) {
    if (claims[name] !== undefined && typeof claims[name] !== "number") {
      return refuse("PGRST303", `The JWT '${name}' claim must be a number`);
    }
  }
  const { exp, nbf, iat } = claims as { exp?: number; nbf?: number; iat?: number };
  if (exp !== undefined && now - skewSeconds >= exp) return refuse("PGRST303", "JWT expired");
  if (nbf !== undefined && now + skewSeconds < nbf) return refuse("PGRST303", "JWT not yet valid");
  if (iat !== undefined && now + skewSeconds < iat) return refuse("PGRST303", "JWT issued at future");
  return { claims };
}

function refuse(code: TokenRefusal["code"], message: string, details: string | null = null): Verdict {
  return { refusal: { code, message, details } };
}

type Bytes = Uint8Array<ArrayBuffer> | undefined;

function decodeBase64Url(text: string): Bytes {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined;
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function parseObject(bytes: Uint8Array): Claims | undefined {
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Claims : undefined;
  } catch {
    return undefined;
  }
}
