/**
 * The image engine that the functions are pointed at: easel, run here as a child, or Hugging Face, which is not run at
 * all. Owns which of the two it is and what the functions are told about it.
 */
import { StackFailure } from "./failure.ts";
import { Keeper } from "./keeper.ts";
import { freePort, isFree } from "./ports.ts";
import { startChild } from "./process.ts";
import type { StateFolder } from "./state.ts";

/** The engines that the stack can be started with. */
export type EngineName = "easel" | "huggingface";

/** The engine of a running stack. */
export interface Engine {
  name: EngineName;
  url: string;
  /** What the functions get in their environment. */
  env: Record<string, string>;
  /** Its process, where the stack runs it. */
  pid(): number | undefined;
  stop(): Promise<void>;
}

/** Uses Hugging Face, with the key of this process's environment. */
export function useHuggingFace(env: Record<string, string>): Engine {
  const key = env.HUGGINGFACE_API_KEY ?? Deno.env.get("HUGGINGFACE_API_KEY");
  if (!key) throw new StackFailure("engine huggingface needs HUGGINGFACE_API_KEY, here or in supabase/functions/.env");
  const url = env.HUGGINGFACE_BASE_URL ?? Deno.env.get("HUGGINGFACE_BASE_URL") ?? "https://router.huggingface.co";
  return { name: "huggingface", url, env: { HUGGINGFACE_API_KEY: key }, pid: () => undefined, stop: async () => {} };
}

/** Starts easel and waits until it listens. */
export async function startEasel(options: {
  path: string;
  args: string[];
  folder: StateFolder;
  log: (line: string) => void;
}): Promise<Engine> {
  const { path, args, folder, log } = options;
  try {
    await Deno.lstat(path);
  } catch {
    throw new StackFailure(`the engine easel is not built (${path}): run cargo build --profile easel -p easel`);
  }
  if (!isFree(folder.state.enginePort)) await folder.save({ enginePort: freePort() });
  const port = folder.state.enginePort;
  const lastLines: string[] = [];
  const keeper = new Keeper({
    name: "easel",
    log,
    start() {
      const ready = Promise.withResolvers<void>();
      const child = startChild({
        command: [path, "--listen", `127.0.0.1:${port}`, "--control", ...args],
        env: { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin" },
        deathSignal: "KILL",
        onLine(line) {
          if (line.startsWith("easel listening on ")) ready.resolve();
          else log(`[easel] ${line}`);
          lastLines.push(line);
          if (lastLines.length > 5) lastLines.shift();
        },
      });
      return Promise.resolve({ child, ready: ready.promise });
    },
  });
  if (!(await keeper.ready(10_000))) {
    await keeper.stop();
    throw new StackFailure(`easel does not start: ${lastLines.at(-1) ?? "it said nothing"}`);
  }
  const url = `http://127.0.0.1:${port}`;
  return {
    name: "easel",
    url,
    env: {
      // easel takes any key; a function that was given none would refuse to start work.
      HUGGINGFACE_API_KEY: "hf_easel",
      HUGGINGFACE_BASE_URL: url,
      HUGGINGFACE_HUB_URL: url,
      IMAGE_ENGINES: "huggingface:easel/sketch-1",
    },
    pid: () => keeper.pid,
    stop: () => keeper.stop(),
  };
}
