/**
 * One picture, the way a customer gets it: signs up, buys an hour, asks through supabase-js, downloads the file.
 * Owns the command line of ./scripts/try. Must not reach around the hub: what it does, any client can do.
 */
import { createClient, FunctionsHttpError } from "@supabase/supabase-js";
import { parseArgs } from "node:util";
import { join, root } from "./paths.ts";

const help = `Makes one picture on the hub that ./scripts/dev runs.

  ./scripts/try "a beautiful sunset over mountains"

  --plan ID         flash-lite (default), flash or pro
  --size N          512 (default), 768 or 1024
  --seed N          draws the same picture again
  --count N         1 (default) to 4 pictures
  --negative TEXT   what to leave out
  --out DIR         where the files go (supabase/.temp/pictures)
  --state-dir D     the state of another stack than supabase/.temp`;

/** What of the answers of buy-session and confirm-payment is used. */
interface Purchase {
  purchaseId: string;
  amountPaise: number;
  demo: boolean;
}
interface Paid {
  sessionId: string;
}

/** What of the function's answer is shown. */
interface Answer {
  imageUrl: string;
  images: { url: string; seed: number; model: string }[];
  creditsRemaining: number;
}

async function main(): Promise<number> {
  const { values: flags, positionals } = parseArgs({
    args: Deno.args,
    allowPositionals: true,
    options: {
      plan: { type: "string", default: "flash-lite" },
      size: { type: "string", default: "512" },
      seed: { type: "string" },
      count: { type: "string", default: "1" },
      negative: { type: "string" },
      out: { type: "string", default: join(root, "supabase/.temp/pictures") },
      "state-dir": { type: "string", default: join(root, "supabase/.temp") },
      help: { type: "boolean", short: "h" },
    },
  });
  const prompt = positionals.join(" ").trim();
  if (flags.help || prompt === "") {
    console.log(help);
    return flags.help ? 0 : 1;
  }

  const env = readEnv(join(flags["state-dir"], "local.env"));
  if (!env) return complain("the hub is not running. Start it in another terminal: ./scripts/dev");
  const options = { auth: { persistSession: false, autoRefreshToken: false } };
  const customer = createClient(env.SUPABASE_URL!, env.SUPABASE_PUBLISHABLE_KEY!, options);

  const email = `try-${crypto.randomUUID()}@example.com`;
  const { data: signedUp, error: signUpError } = await customer.auth.signUp({ email, password: crypto.randomUUID() });
  if (signUpError || !signedUp.user) return complain(`signing up failed: ${signUpError?.message}`);
  const order = { planId: flags.plan, hours: 1, requestId: crypto.randomUUID() };
  const bought = await customer.functions.invoke<Purchase>("buy-session", { body: order });
  if (bought.error || !bought.data) return complain(await sentence(bought.error));
  if (!bought.data.demo) return complain("this hub takes real money: buy an hour on its page instead");
  const { purchaseId, amountPaise } = bought.data;
  const paid = await customer.functions.invoke<Paid>("confirm-payment", { body: { purchaseId } });
  if (paid.error || !paid.data) return complain(await sentence(paid.error));

  const size = Number(flags.size);
  const startedAt = performance.now();
  const { data, error } = await customer.functions.invoke<Answer>("generate-image", {
    body: {
      prompt,
      sessionId: paid.data.sessionId,
      requestId: crypto.randomUUID(),
      width: size,
      height: size,
      batchCount: Number(flags.count),
      seed: flags.seed === undefined ? undefined : Number(flags.seed),
      negativePrompt: flags.negative,
    },
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(2);
  if (error || !data) return complain(await sentence(error));

  await Deno.mkdir(flags.out, { recursive: true });
  for (const image of data.images) {
    const file = await fetch(image.url);
    if (!file.ok) return complain(`${image.url} answers ${file.status}`);
    const extension = new URL(image.url).pathname.split(".").pop();
    const path = join(flags.out, `${slug(prompt)}_${image.seed}.${extension}`);
    await Deno.writeFile(path, new Uint8Array(await file.arrayBuffer()));
    console.log(`Picture  ${path}`);
    console.log(`URL      ${image.url}`);
    console.log(`Drawn    by ${image.model}, seed ${image.seed}`);
  }
  console.log(`Price    ₹${amountPaise / 100} for an hour of ${flags.plan}, in the demo: no money moved`);
  console.log(`Time     ${seconds} s`);
  console.log(`Credits  ${data.creditsRemaining} left in this hour`);
  return 0;
}

function readEnv(path: string): Record<string, string> | undefined {
  try {
    const lines = Deno.readTextFileSync(path).split("\n").filter((line) => line.includes("="));
    return Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
  } catch {
    return undefined;
  }
}

/** The function's own sentence where there is one. */
async function sentence(error: unknown): Promise<string> {
  if (error instanceof FunctionsHttpError) {
    const body = await (error.context as Response).json().catch(() => ({}));
    if (typeof body.error === "string") return body.error;
  }
  return error instanceof Error ? `${error.message}. Is ./scripts/dev still running?` : "no answer";
}

function slug(text: string): string {
  const words = text.normalize("NFC").toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return words.join("-").slice(0, 60) || "picture";
}

function complain(what: string): number {
  console.error(`error: ${what}`);
  return 1;
}

Deno.exit(await main());
