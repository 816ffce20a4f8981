/** The pages as the gateway serves them, from a site that is made up. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { contentSecurityPolicy, Site } from "../site.ts";
import policies from "./policies.json" with { type: "json" };
import { startTestStack, withFolder } from "./support.ts";

const facts = {
  hubUrl: "http://127.0.0.1:54321",
  publishableKey: 'sb_"><script>&',
  checkoutUrl: "https://checkout.razorpay.com/v1/checkout.js",
};

async function madeUpSite(folder: string): Promise<Site> {
  await Deno.mkdir(join(folder, "assets"));
  const files: Record<string, string> = {
    "index.html": '<meta name="hub-url" content="{{HUB_URL}}"><meta name="hub-key" content="{{HUB_KEY}}">' +
      '<meta name="checkout-url" content="{{CHECKOUT_URL}}">{{OTHER}}',
    "favicon.svg": "<svg/>",
    "licences.txt": "terms",
    "secret.txt": "outside",
    "assets/boot-1a2b.js": "as it is",
    "assets/boot-1a2b.js.br": "brotli",
    "assets/boot-1a2b.js.gz": "gzip",
    "assets/app-1a2b.wasm": "wasm",
    "assets/app-1a2b.wasm.gz": "gzip wasm",
    "assets/main-1a2b.css": "",
    "assets/en-1a2b.json": "{}",
    "assets/type-1a2b.woff2": "font",
    "assets/notes.md": "no part of a site",
  };
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(folder, name), text);
  return new Site(folder, facts);
}

async function get(site: Site, path: string, headers: Record<string, string> = {}, method = "GET") {
  const request = new Request(`http://hub.invalid${path}`, { method, headers });
  const response = await site.answer(request, new URL(request.url));
  if (!response) return undefined;
  const header = (name: string) => response.headers.get(name);
  return { status: response.status, header, text: await response.text() };
}

Deno.test("the page is told where its hub is, and under which policy it lives", () =>
  withFolder(async (folder) => {
    const page = await get(await madeUpSite(folder), "/");
    assert.equal(
      page?.text,
      '<meta name="hub-url" content="http://127.0.0.1:54321">' +
        '<meta name="hub-key" content="sb_&quot;&gt;&lt;script&gt;&amp;">' +
        '<meta name="checkout-url" content="https://checkout.razorpay.com/v1/checkout.js">{{OTHER}}',
    );
    assert.deepEqual(
      ["content-type", "cache-control", "etag", "x-content-type-options", "referrer-policy"].map(page.header),
      ["text/html; charset=utf-8", "no-store", null, "nosniff", "no-referrer"],
    );
    assert.equal(page.header("content-security-policy"), contentSecurityPolicy(facts));
  }));

Deno.test("the policy is the one that the build writes for other hosts", () => {
  // crates/xtask's build_web/policy.rs is held against the same cases.
  for (const { hub, checkout, policy } of policies) {
    const facts = { hubUrl: hub, checkoutUrl: checkout, publishableKey: "" };
    assert.deepEqual(contentSecurityPolicy(facts).split("; "), policy);
  }
});

Deno.test("a file comes in the form that the browser takes, with its type, to be kept for ever", () =>
  withFolder(async (folder) => {
    const site = await madeUpSite(folder);
    const rows: [accepts: string, encoding: string | null, text: string][] = [
      ["gzip, deflate, br, zstd", "br", "brotli"],
      ["gzip, deflate", "gzip", "gzip"],
      ["br;q=0, gzip;q=0.5", "gzip", "gzip"],
      ["*", "br", "brotli"],
      ["*;q=0", null, "as it is"],
      ["BR", "br", "brotli"],
      ["", null, "as it is"],
      ["identity, brx", null, "as it is"],
    ];
    for (const [accepts, encoding, text] of rows) {
      const answer = await get(site, "/assets/boot-1a2b.js", accepts ? { "accept-encoding": accepts } : {});
      assert.deepEqual([answer?.status, answer?.text], [200, text], accepts);
      assert.deepEqual(
        ["content-encoding", "content-type", "content-length", "vary", "cache-control", "x-content-type-options"].map(
          answer!.header,
        ),
        [
          encoding,
          "text/javascript; charset=utf-8",
          String(text.length),
          "accept-encoding",
          "public, max-age=31536000, immutable",
          "nosniff",
        ],
        accepts,
      );
    }
    const types: [path: string, type: string][] = [
      ["/assets/app-1a2b.wasm", "application/wasm"],
      ["/assets/main-1a2b.css", "text/css; charset=utf-8"],
      ["/assets/en-1a2b.json", "application/json; charset=utf-8"],
      ["/assets/type-1a2b.woff2", "font/woff2"],
      ["/favicon.svg", "image/svg+xml"],
      ["/licences.txt", "text/plain; charset=utf-8"],
    ];
    for (const [path, type] of types) {
      const answer = await get(site, path);
      assert.deepEqual([answer?.status, answer?.header("content-type")], [200, type], path);
    }
    // Where there is no brotli, gzip does.
    assert.equal((await get(site, "/assets/app-1a2b.wasm", { "accept-encoding": "br, gzip" }))?.text, "gzip wasm");
    assert.equal((await get(site, "/favicon.svg"))?.header("cache-control"), "max-age=3600");
  }));

Deno.test("HEAD has the headers and no body; other methods are refused", () =>
  withFolder(async (folder) => {
    const site = await madeUpSite(folder);
    for (const path of ["/", "/favicon.svg", "/assets/boot-1a2b.js"]) {
      const [whole, head] = [await get(site, path), await get(site, path, {}, "HEAD")];
      assert.deepEqual([head?.status, head?.text], [200, ""], path);
      for (const name of ["content-type", "content-length", "cache-control"]) {
        assert.equal(head?.header(name), whole?.header(name), `${name} of ${path}`);
      }
      const post = await get(site, path, {}, "POST");
      assert.deepEqual([post?.status, post?.header("allow")], [405, "GET, HEAD"], path);
    }
  }));

Deno.test("nothing but the site's own files is served", () =>
  withFolder(async (folder) => {
    const site = await madeUpSite(folder);
    const paths = [
      "/assets/../secret.txt",
      "/assets/%2e%2e/secret.txt",
      "/assets/..%2fsecret.txt",
      "/assets/..%5csecret.txt",
      "/assets//etc/passwd",
      "/assets/",
      "/assets",
      "/secret.txt",
      "/index.html",
      "/favicon.svg/",
      "/assets/boot-1a2b.js%00.css",
      "/assets/.hidden",
    ];
    for (const path of paths) assert.equal(await get(site, path), undefined, path);
    for (const path of ["/assets/notes.md", "/assets/boot-1a2b.js.br", "/assets/none.js", "/assets/none"]) {
      const answer = await get(site, path);
      assert.deepEqual([answer?.status, answer?.header("cache-control")], [404, "no-store"], path);
    }
  }));

Deno.test("a stack serves the site that it is given, with the checkout of its provider", () =>
  withFolder(async (folder) => {
    await madeUpSite(folder);
    const stack = await startTestStack({ siteDir: folder, payments: "razorpay" });
    try {
      const page = await fetch(stack.webUrl);
      const text = await page.text();
      assert.ok(text.includes(`content="${stack.url}"`));
      assert.ok(text.includes(`content="${stack.publishableKey}"`));
      assert.ok(text.includes(`content="${stack.razorpay!.checkoutScriptUrl}"`));
      assert.ok(!text.includes(stack.secretKey));
      const { origin } = new URL(stack.razorpay!.checkoutScriptUrl);
      assert.ok(page.headers.get("content-security-policy")!.includes(`frame-src ${origin};`));
      const asset = await fetch(`${stack.url}/assets/en-1a2b.json`);
      assert.deepEqual([asset.status, await asset.json()], [200, {}]);
      // Removed while the stack runs, as by a build that failed.
      await Deno.remove(join(folder, "index.html"));
      const missing = await fetch(stack.webUrl);
      assert.equal(missing.status, 404);
      assert.equal(missing.headers.get("content-type"), "text/plain; charset=utf-8");
      assert.match(await missing.text(), /cargo xtask build-web/);
    } finally {
      await stack.stop();
    }
  }));
