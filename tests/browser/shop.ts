/**
 * Serves the page in shop/ on this machine, under a policy as strict as a shop's can be. Owns the server and the policy;
 * the page is a customer's, and has no key but the publishable one.
 */
import { join, root } from "../../scripts/local/paths.ts";
import type { Stack } from "../../scripts/local/stack.ts";

const files: Record<string, [path: string, type: string]> = {
  "/": ["tests/browser/shop/index.html", "text/html; charset=utf-8"],
  "/shop.js": ["tests/browser/shop/shop.js", "text/javascript"],
  "/supabase.js": ["node_modules/@supabase/supabase-js/dist/umd/supabase.js", "text/javascript"],
};

/** A page that sells a hub's hours. */
export interface Shop {
  /** The page's address, with what it has to know of the hub. */
  url: string;
  stop(): Promise<void>;
}

/** Opens a shop for that stack, whose provider is the stand-in. */
export function openShop(stack: Stack): Shop {
  const checkoutUrl = stack.razorpay!.checkoutScriptUrl;
  const { origin } = new URL(checkoutUrl);
  const policy = [
    "default-src 'none'",
    `script-src 'self' ${origin}`,
    `frame-src ${origin}`,
    `connect-src ${stack.url}`,
    "style-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const [path, type] = files[new URL(request.url).pathname] ?? [];
    if (!path) return new Response(null, { status: 404 });
    const headers = { "content-type": type!, "content-security-policy": policy };
    return new Response(await Deno.readFile(join(root, path)), { headers });
  });
  const hub = new URLSearchParams({ hubUrl: stack.url, publishableKey: stack.publishableKey, checkoutUrl });
  return { url: `http://127.0.0.1:${server.addr.port}/#${hub}`, stop: () => server.shutdown() };
}
