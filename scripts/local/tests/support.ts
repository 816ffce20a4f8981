/** What the stack's tests share: where their project lies, how they start stacks and talk to them. */
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isAlive, until } from "../process.ts";
import { type Stack, type StackOptions, startStack } from "../stack.ts";

const here = dirname(fileURLToPath(import.meta.url));

/** A small project of the tests' own. */
export const fixtureDir = join(here, "fixture");

/** Stands in for the engine. */
export const easelPath = join(fixtureDir, "easel.mjs");

/** The stack's command line. */
export const mainModule = join(here, "../main.ts");

/** Starts a stack of the test project on a free port; it leaves nothing behind. */
export function startTestStack(options: StackOptions = {}): Promise<Stack> {
  return startStack({
    port: 0,
    projectDir: fixtureDir,
    engine: "easel",
    easelPath,
    ephemeral: !options.stateDir,
    ...options,
  });
}

/** Runs a test with a folder of its own, which other users can enter, and removes it. */
export async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "stack-test-" });
  await Deno.chmod(folder, 0o711);
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A client with the publishable key, and nobody signed in. */
export function visitor(stack: Stack): SupabaseClient {
  return createClient(stack.url, stack.publishableKey, { auth: { persistSession: false, autoRefreshToken: false } });
}

/** A client that is signed in as a fresh customer. */
export async function customer(stack: Stack): Promise<{ client: SupabaseClient; id: string; token: string }> {
  const client = visitor(stack);
  const email = `${crypto.randomUUID()}@example.test`;
  const { data, error } = await client.auth.signUp({ email, password: "correct horse" });
  if (error || !data.user || !data.session) throw new Error(`sign-up failed: ${error?.message}`);
  return { client, id: data.user.id, token: data.session.access_token };
}

/** A client with the secret key, as a server uses it: in `apikey` alone. */
export function service(stack: Stack): SupabaseClient {
  const keyOnly: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    headers.delete("authorization");
    return fetch(input, { ...init, headers });
  };
  return createClient(stack.url, stack.secretKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: { fetch: keyOnly },
  });
}

/** Waits until none of the processes is there any more; returns those that stayed. */
export async function leftOver(pids: number[], timeoutMs = 10_000): Promise<number[]> {
  await until(() => !pids.some(isAlive), timeoutMs);
  return pids.filter(isAlive);
}

/** Signs a token with any header and claims. */
export async function signToken(
  secret: string,
  claims: Record<string, unknown>,
  header = { alg: "HS256", typ: "JWT" },
) {
  const encode = (bytes: Uint8Array) =>
    btoa(String.fromCharCode(...bytes)).replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_");
  const text = (value: unknown) => encode(new TextEncoder().encode(JSON.stringify(value)));
  const signed = `${text(header)}.${text(claims)}`;
  const key = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  return `${signed}.${encode(new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(signed))))}`;
}
