/** Debian's Chromium, or another that the machine has: where it is and how tests start it. Knows no page. */
import { type Browser, chromium } from "playwright-core";

const programs = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Starts a browser without a window. Whoever starts it closes it. */
export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: await findBrowser(), args: ["--no-sandbox", "--disable-gpu"] });
}

async function findBrowser(): Promise<string> {
  const named = Deno.env.get("CHROMIUM");
  for (const program of named ? [named] : programs) {
    const found = await new Deno.Command("sh", { args: ["-c", `command -v ${program}`] }).output();
    if (found.success) return new TextDecoder().decode(found.stdout).trim();
  }
  throw new Error(`there is none of ${programs.join(", ")}: run ./scripts/setup --tests`);
}
