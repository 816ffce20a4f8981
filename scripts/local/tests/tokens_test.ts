/** The gateway's verdict on every kind of bearer token. */
import assert from "node:assert/strict";
import { tokenVerifier } from "../tokens.ts";
import { signToken } from "./support.ts";

const secret = "a secret of the test";
const now = Math.floor(Date.now() / 1000);

Deno.test("a token is taken only when it is whole, signed with the secret by HS256, and in its time", async () => {
  const verify = await tokenVerifier(secret);
  const good = await signToken(secret, { role: "authenticated", sub: "s", iat: now, exp: now + 60 });
  const [header = "", payload = "", signature = ""] = good.split(".");
  const none = btoa('{"alg":"none"}').replace(/=+$/, "");
  const rows: [name: string, token: string, verdict: string][] = [
    ["good", good, "taken"],
    ["expired within the tolerated skew", await signToken(secret, { exp: now - 20 }), "taken"],
    ["without times", await signToken(secret, { role: "anon" }), "taken"],
    ["empty", "", "PGRST301 Empty JWT is sent in Authorization header"],
    ["garbage", "garbage", "PGRST301 Expected 3 parts in JWT; got 1"],
    ["two parts", `${header}.${payload}`, "PGRST301 Expected 3 parts in JWT; got 2"],
    ["four parts", `${good}.x`, "PGRST301 Expected 3 parts in JWT; got 4"],
    ["not base64", "a!.b.c", "PGRST301 No suitable key or wrong key type"],
    [
      "forged signature",
      await signToken("another secret", { role: "service_role" }),
      "PGRST301 No suitable key or wrong key type",
    ],
    ["cut signature", `${header}.${payload}.${signature.slice(0, -2)}`, "PGRST301 No suitable key or wrong key type"],
    ["no signature", `${header}.${payload}.`, "PGRST301 No suitable key or wrong key type"],
    ["algorithm none", `${none}.${payload}.`, "PGRST301 No suitable key or wrong key type"],
    ["algorithm none, signed", `${none}.${payload}.${signature}`, "PGRST301 No suitable key or wrong key type"],
    [
      "another algorithm named",
      await signToken(secret, {}, { alg: "ES256", typ: "JWT" }),
      "PGRST301 No suitable key or wrong key type",
    ],
    [
      "claims of another token",
      `${header}.${btoa('{"role":"service_role"}').replace(/=+$/, "")}.${signature}`,
      "PGRST301 No suitable key or wrong key type",
    ],
    ["expired", await signToken(secret, { exp: now - 60 }), "PGRST303 JWT expired"],
    ["issued in the future", await signToken(secret, { iat: now + 600 }), "PGRST303 JWT issued at future"],
    ["not yet valid", await signToken(secret, { nbf: now + 600 }), "PGRST303 JWT not yet valid"],
    [
      "an expiry that is no number",
      await signToken(secret, { exp: "soon" }),
      "PGRST303 The JWT 'exp' claim must be a number",
    ],
  ];
  for (const [name, token, expected] of rows) {
    const verdict = await verify(token);
    const said = "claims" in verdict ? "taken" : `${verdict.refusal.code} ${verdict.refusal.message}`;
    assert.equal(said, expected, name);
  }
});
