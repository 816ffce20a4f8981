/**
 * What stands at the stack's one port, as the platform's API gateway does: finds the service of a path, recognises keys
 * and tokens, refuses what the platform refuses. Holds no state and touches no database.
 */
import type { Config } from "./config.ts";
import { allOrigins, exposing, preflight } from "./cross_origin.ts";
import { type Functions, refuse } from "./functions.ts";
import type { Caller, LiteServices } from "./lite.ts";
import { asDownload } from "./object_download.ts";
import type { Realtime } from "./realtime/server.ts";
import type { Site } from "./site.ts";
import type { TokenRefusal, Verdict } from "./tokens.ts";

/** What the gateway leads to. */
export interface Backends {
  publishableKey: string;
  secretKey: string;
  config: Config;
  lite: LiteServices;
  functions: Functions;
  verify: (token: string) => Promise<Verdict>;
  realtime: Realtime;
  site: Site;
}

/** Answers a request that came from somewhere. */
export type Handler = (request: Request, from: Deno.ServeHandlerInfo<Deno.NetAddr>) => Promise<Response>;

const browserAgent = /^\s*Mozilla\s*\/\s*5\s*\.\s*0/i;

/** Makes the handler of all requests. */
export function gateway(backends: Backends): Handler {
  const { lite, functions, config, verify } = backends;

  function keyTypeOf(key: string | null): Caller["keyType"] | undefined {
    if (key === null) return undefined;
    if (sameText(key, backends.publishableKey)) return "publishable";
    return sameText(key, backends.secretKey) ? "secret" : undefined;
  }

  /** The kind of the key that a request has to bring, or the answer to one that does not. */
  function requiredKey(key: string | null): Caller["keyType"] | Response {
    if (key === null) {
      return refuseKey(
        "UNAUTHORIZED_MISSING_API_KEY",
        "No API key found in request",
        "No `apikey` request header or url param was found.",
      );
    }
    return keyTypeOf(key) ??
      refuseKey("UNAUTHORIZED_INVALID_API_KEY", "Invalid API key", "Double check your Supabase `apikey`");
  }

  async function rest(request: Request, url: URL): Promise<Response> {
    const key = apiKey(request, url);
    const keyType = requiredKey(key);
    if (keyType instanceof Response) return keyType;
    const token = bearer(request);
    // supabase-js repeats the key as a bearer token; anything else in that place has to be a token.
    if (token === null || token === key) return lite.rest(request, { keyType, claims: keyClaims(keyType) });
    const verdict = await verify(token);
    if ("refusal" in verdict) return refuseToken(verdict.refusal);
    return lite.rest(request, { keyType, claims: verdict.claims });
  }

  function realtime(request: Request, url: URL): Response {
    const keyType = requiredKey(apiKey(request, url));
    if (keyType instanceof Response) return keyType;
    if (url.pathname === "/realtime/v1/websocket") {
      return backends.realtime.accept(request, { keyType, claims: keyClaims(keyType) });
    }
    return refuse(501, "NOT_IMPLEMENTED", "The local stack's Realtime is reached by WebSocket only");
  }

  async function storage(request: Request, url: URL): Promise<Response> {
    const single = /^\/storage\/v1\/object\/([^/]+)\/(.+)$/.exec(url.pathname);
    if (request.method === "DELETE" && single) return await deleteOne(request, url, single[1] ?? "", single[2] ?? "");
    const key = apiKey(request, url);
    const keyType = keyTypeOf(key);
    const token = bearer(request);
    if (token !== null && token !== key) {
      const verdict = await verify(token);
      // Storage refuses a bad token in its own words, and serves public objects all the same.
      if ("refusal" in verdict) return lite.storage(request);
      return lite.storage(request, { keyType: keyType ?? "publishable", claims: verdict.claims });
    }
    return keyType ? lite.storage(request, { keyType, claims: keyClaims(keyType) }) : lite.storage(request);
  }

  /** Lite knows only the deletion of many. */
  async function deleteOne(request: Request, url: URL, bucket: string, path: string): Promise<Response> {
    const many = new URL(`/storage/v1/object/${bucket}${url.search}`, url);
    const headers = new Headers(request.headers);
    headers.set("content-type", "application/json");
    headers.delete("content-length");
    const body = JSON.stringify({ prefixes: [decodeURIComponent(path)] });
    const answer = await storage(new Request(many, { method: "DELETE", headers, body }), many);
    if (!answer.ok) return answer;
    const deleted = (await answer.json()) as unknown[];
    if (deleted.length > 0) return Response.json({ message: "Successfully deleted" }, { headers: allOrigins });
    const missing = { statusCode: "404", error: "not_found", message: "Object not found", code: "NoSuchKey" };
    return Response.json(missing, { status: 400, headers: allOrigins });
  }

  async function callFunction(request: Request, url: URL, address: string): Promise<Response> {
    const path = url.pathname.slice("/functions/v1/".length) + url.search;
    const name = /^[A-Za-z][A-Za-z0-9_-]*/.exec(path)?.[0] ?? "";
    if (request.method !== "OPTIONS" && config.function(name).verifyJwt && functions.names.includes(name)) {
      const presented = bearer(request) ?? apiKey(request, url);
      if (presented === null) {
        return refuse(401, "UNAUTHORIZED_NO_AUTH_HEADER", "Missing authorization header");
      }
      // For compatibility the platform lets keys pass for tokens, in either header.
      if (!keyTypeOf(presented) && "refusal" in (await verify(presented))) {
        return refuse(401, "UNAUTHORIZED_INVALID_JWT_FORMAT", "Invalid JWT");
      }
    }
    return functions.fetch(request, name, path, address);
  }

  return async function handle(request, { remoteAddr }) {
    const url = new URL(request.url);
    const service = /^\/(auth|rest|storage|functions|realtime)\/v1(?=\/|$)/.exec(url.pathname)?.[1];
    if (request.method !== "OPTIONS" && service !== undefined) {
      const agent = request.headers.get("user-agent") ?? "";
      if (keyTypeOf(apiKey(request, url)) === "secret" && browserAgent.test(agent)) {
        return refuseKey("UNAUTHORIZED_INVALID_API_KEY_TYPE", "Forbidden use of secret API key in browser");
      }
    }
    switch (service) {
      case "auth":
        return request.method === "OPTIONS" ? preflight(request) : exposing("auth", await lite.auth(request));
      case "rest":
        return request.method === "OPTIONS" ? preflight(request) : exposing("rest", await rest(request, url));
      case "storage":
        return request.method === "OPTIONS" ? preflight(request) : asDownload(url, await storage(request, url));
      case "functions":
        return await callFunction(request, url, remoteAddr.hostname);
      case "realtime":
        return realtime(request, url);
      default:
        return await backends.site.answer(request, url) ??
          Response.json({ message: "no Route matched with those values" }, { status: 404 });
    }
  };
}

function keyClaims(keyType: Caller["keyType"]): Caller["claims"] {
  return { role: keyType === "secret" ? "service_role" : "anon" };
}

function apiKey(request: Request, url: URL): string | null {
  return request.headers.get("apikey") ?? url.searchParams.get("apikey");
}

/** The bearer token, or null when there is no such header. PostgREST takes the scheme in any case. */
function bearer(request: Request): string | null {
  const header = request.headers.get("authorization");
  return header === null ? null : /^bearer\s*(.*)$/i.exec(header)?.[1]?.trim() ?? null;
}

function refuseKey(code: string, message: string, hint?: string): Response {
  return Response.json({ message, hint }, {
    status: 401,
    headers: { ...allOrigins, "sb-error-code": code },
  });
}

function refuseToken({ code, message, details }: TokenRefusal): Response {
  return Response.json({ code, details, hint: null, message }, {
    status: 401,
    headers: {
      ...allOrigins,
      "www-authenticate": `Bearer error="invalid_token", error_description="${message}"`,
      "proxy-status": `PostgREST; error=${code}`,
    },
  });
}

/** Compares without telling by its duration how much of a guess was right. */
function sameText(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < left.length; index++) {
    difference |= left.charCodeAt(index) ^ right.charCodeAt(index % right.length);
  }
  return difference === 0;
}
