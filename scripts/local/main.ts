/**
 * The command line of the local stack: `deno run -A scripts/local/main.ts`. Reads flags, prints what happens, and turns
 * a signal into an orderly end. Everything else is startStack's.
 */
import { parseArgs } from "node:util";
import { type EngineName, type PaymentsName, type Stack, StackFailure, startStack } from "./stack.ts";

const help = `Starts the hub on this machine: database, API, edge functions and image engine. No Docker.

  --reset           drop database, pictures, users and keys first
  --port N          port of the API on 127.0.0.1 (54321)
  --state-dir D     where everything is kept (supabase/.temp)
  --engine NAME     easel (paints here) or huggingface (needs HUGGINGFACE_API_KEY, and is the default with it)
  --payments NAME   demo (a click pays) or razorpay (a stand-in of it runs here)
  --project-dir D   the folder that holds supabase/ (this repository)
  --easel PATH      the engine's program (target/easel/easel)
  --no-watch        do not start functions anew when their files change
  --help            this text

Ctrl-C stops all of it and keeps the state.`;

async function main(): Promise<number> {
  let flags;
  try {
    flags = parseArgs({
      args: Deno.args,
      options: {
        reset: { type: "boolean" },
        port: { type: "string" },
        "state-dir": { type: "string" },
        engine: { type: "string" },
        payments: { type: "string" },
        "project-dir": { type: "string" },
        easel: { type: "string" },
        "no-watch": { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    return complain(`${(error as Error).message.split(".")[0]}; --help lists the flags`);
  }
  if (flags.help) {
    console.log(help);
    return 0;
  }
  const port = flags.port === undefined ? undefined : Number(flags.port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port < 65536)) {
    return complain(`--port takes a number below 65536, not ${flags.port}`);
  }
  if (flags.engine !== undefined && !["easel", "huggingface"].includes(flags.engine)) {
    return complain(`--engine takes easel or huggingface, not ${flags.engine}`);
  }
  if (flags.payments !== undefined && !["demo", "razorpay"].includes(flags.payments)) {
    return complain(`--payments takes demo or razorpay, not ${flags.payments}`);
  }

  const startedAt = performance.now();
  const log = (line: string) => {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`${seconds.padStart(6)} s  ${line}`);
  };
  // A signal that comes while the stack starts has to wait for the start: only then is it known what to end.
  const asked = Promise.withResolvers<Deno.Signal>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => asked.resolve(signal));
  }
  let stack: Stack;
  try {
    stack = await startStack({
      port,
      stateDir: flags["state-dir"],
      projectDir: flags["project-dir"],
      easelPath: flags.easel,
      reset: flags.reset,
      engine: flags.engine as EngineName | undefined,
      payments: flags.payments as PaymentsName | undefined,
      watch: !flags["no-watch"],
      log,
    });
  } catch (error) {
    if (error instanceof StackFailure) return complain(error.message);
    throw error;
  }
  log("ready");
  console.log(summary(stack));
  await asked.promise;
  log("stopping");
  await stack.stop();
  log("stopped");
  return 0;
}

function summary(stack: Stack): string {
  const engine = stack.engine === "easel" ? "easel: it sketches on this machine" : "Hugging Face, with your key";
  const rows: [string, string][] = [
    ["Web", stack.webUrl],
    ["API", stack.url],
    ["Publishable key", stack.publishableKey],
    ["Secret key", stack.secretKey],
    ["Database", stack.dbUrl],
    ["Engine", `${stack.engineUrl} (${engine})`],
    ["Payments", stack.razorpay ? `${stack.razorpay.url} (a stand-in: no money moves)` : "demo, or your own account"],
    ["Functions", stack.functions.join(", ") || "none"],
    ["For programs", `${stack.stateDir}/local.env`],
  ];
  return `\n${rows.map(([name, value]) => `  ${name.padEnd(16)} ${value}`).join("\n")}\n`;
}

function complain(sentence: string): number {
  console.error(`error: ${sentence}`);
  return 1;
}

Deno.exit(await main());
