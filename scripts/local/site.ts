/**
 * Serves the pages that `cargo xtask build-web` wrote, at `/`, and tells them where their hub is. Owns the headers they
 * are served with, the content security policy first of all; looks at no file outside the site's folder, and writes none.
 */
import { join } from "./paths.ts";

/** What a page is told. */
export interface HubFacts {
  /** The gateway's address, without a path. */
  hubUrl: string;
  publishableKey: string;
  /** The script of the payment provider's checkout. */
  checkoutUrl: string;
}

/** Razorpay's own checkout. */
export const razorpayCheckoutUrl = "https://checkout.razorpay.com/v1/checkout.js";

/** Types of the files that a site consists of; no other file is served. */
const types: Record<string, string> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json; charset=utf-8",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  wasm: "application/wasm",
  woff2: "font/woff2",
};

/** The forms in which a file may lie beside itself, the smaller first. */
const encodings = [["br", "br"], ["gzip", "gz"]] as const;

/** Files of the site's folder itself. */
const rootFiles = ["favicon.svg", "licences.txt"];

/** A name of one part, as the build writes them: it leads nowhere else. */
const assetPath = /^\/assets\/([A-Za-z0-9_-][A-Za-z0-9._-]*)$/;

const shared = { "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" };

/** The pages of a stack. */
export class Site {
  #folder: string;
  #facts: HubFacts;

  constructor(folder: string, facts: HubFacts) {
    this.#folder = folder;
    this.#facts = facts;
  }

  /** Answers a request for a page or a part of it; nothing where the path is not the site's. */
  async answer(request: Request, url: URL): Promise<Response | undefined> {
    const asset = assetPath.exec(url.pathname)?.[1];
    const rootFile = rootFiles.find((name) => url.pathname === `/${name}`);
    if (url.pathname !== "/" && rootFile === undefined && asset === undefined) return undefined;
    if (request.method !== "GET" && request.method !== "HEAD") {
      return new Response(null, { status: 405, headers: { ...shared, allow: "GET, HEAD" } });
    }
    const answer = url.pathname === "/"
      ? await this.#index()
      : rootFile !== undefined
      ? await this.#file(rootFile, request, "max-age=3600")
      : await this.#file(`assets/${asset}`, request, "public, max-age=31536000, immutable");
    return request.method === "HEAD" ? new Response(null, answer) : answer;
  }

  async #index(): Promise<Response> {
    const bytes = await read(join(this.#folder, "index.html"));
    if (!bytes) return plain("No site is built. Run: cargo xtask build-web\n");
    const { hubUrl, publishableKey, checkoutUrl } = this.#facts;
    const values: Record<string, string> = { HUB_URL: hubUrl, HUB_KEY: publishableKey, CHECKOUT_URL: checkoutUrl };
    const html = new TextDecoder().decode(bytes)
      .replace(/\{\{([A-Z_]+)\}\}/g, (token, name: string) => name in values ? escape(values[name] ?? "") : token);
    const body = new TextEncoder().encode(html);
    return new Response(body, {
      headers: {
        ...shared,
        "content-type": "text/html; charset=utf-8",
        "content-length": String(body.byteLength),
        "cache-control": "no-store",
        "content-security-policy": contentSecurityPolicy(this.#facts),
      },
    });
  }

  async #file(name: string, request: Request, caching: string): Promise<Response> {
    const type = types[name.slice(name.lastIndexOf(".") + 1)];
    const path = join(this.#folder, name);
    const accepted = type === undefined ? [] : acceptedEncodings(request.headers.get("accept-encoding") ?? "");
    for (const [encoding, ending] of accepted) {
      const bytes = await read(`${path}.${ending}`);
      if (bytes) return file(bytes, { "content-type": type!, "cache-control": caching, "content-encoding": encoding });
    }
    const bytes = type === undefined ? undefined : await read(path);
    return bytes ? file(bytes, { "content-type": type!, "cache-control": caching }) : plain("There is no such file.\n");
  }
}

/** What a page may load and whom it may ask: what xtask's `build_web/policy.rs` writes for other hosts, held to it by tests. */
export function contentSecurityPolicy({ hubUrl, checkoutUrl }: HubFacts): string {
  const hub = new URL(hubUrl).origin;
  const checkout = new URL(checkoutUrl).origin;
  // Razorpay's own script loads another, which assesses the risk, and frames a page; each has its host.
  const beside = (host: string) => checkout === "https://checkout.razorpay.com" ? ` https://${host}.razorpay.com` : "";
  return [
    "default-src 'none'",
    `script-src 'self' 'wasm-unsafe-eval' ${checkout}${beside("cdn")}`,
    "style-src 'self'",
    "font-src 'self'",
    `img-src 'self' blob: ${hub}`,
    `connect-src 'self' ${hub} ${hub.replace(/^http/, "ws")}`,
    `frame-src ${checkout}${beside("api")}`,
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function file(bytes: Uint8Array<ArrayBuffer>, headers: Record<string, string>): Response {
  return new Response(bytes, {
    headers: { ...shared, ...headers, "content-length": String(bytes.byteLength), "vary": "accept-encoding" },
  });
}

function plain(text: string): Response {
  const headers = { ...shared, "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
  return new Response(text, { status: 404, headers });
}

async function read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.IsADirectory) return undefined;
    throw error;
  }
}

/** The encodings that the client takes, ours in the order of preference. A weight of 0 is a refusal. */
function acceptedEncodings(header: string): (typeof encodings)[number][] {
  const weights = new Map<string, number>();
  for (const part of header.toLowerCase().split(",")) {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim());
    const weight = parameters.find((text) => text.startsWith("q="))?.slice(2);
    weights.set(name, weight === undefined ? 1 : Number(weight) || 0);
  }
  return encodings.filter(([encoding]) => (weights.get(encoding) ?? weights.get("*") ?? 0) > 0);
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
