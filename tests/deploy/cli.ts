/**
 * Runs the real `supabase functions deploy` on a copy of the project. Owns the copy and the environment of the CLI: it
 * sees no login of this machine, no Docker, and no server but the test's.
 */
import { join } from "node:path";
import { root, supabaseCli } from "../../scripts/local/paths.ts";

/** What must never be uploaded; the copy has it where owners keep such things. */
export const plantedSecret = "hf_planted_by_the_test";

/** How a deploy ended. */
export interface Outcome {
  code: number;
  output: string;
}

/** Deploys from a folder to one project. */
export class Deployer {
  private constructor(readonly folder: string, readonly project: string, readonly token: string) {}

  /** Copies the project into `folder`, with secrets and packages lying about as on an owner's machine. */
  static async prepare(folder: string, project: string, token: string): Promise<Deployer> {
    const checkout = join(folder, "checkout");
    await copyTree(join(root, "supabase"), join(checkout, "supabase"));
    for (const name of ["deno.json", "package.json"]) await Deno.copyFile(join(root, name), join(checkout, name));
    const functions = join(checkout, "supabase/functions");
    const secret = `HUGGINGFACE_API_KEY=${plantedSecret}\n`;
    for (const path of [".env", "generate-image/.env", "_shared/.env.local"]) {
      await Deno.writeTextFile(join(functions, path), secret);
    }
    await Deno.mkdir(join(functions, "node_modules/left-over"), { recursive: true });
    await Deno.writeTextFile(join(functions, "node_modules/left-over/index.js"), "export {};\n");
    return new Deployer(folder, project, token);
  }

  /** The project's copy. */
  get checkout(): string {
    return join(this.folder, "checkout");
  }

  /** Runs `supabase functions deploy` with these arguments, against the API at that address. */
  async deploy(apiUrl: string, ...args: string[]): Promise<Outcome> {
    const profile = join(this.folder, "profile.yaml");
    await Deno.writeTextFile(
      profile,
      `name: recorder\napi_url: ${apiUrl}\ndashboard_url: ${apiUrl}\nproject_host: localhost\n`,
    );
    const home = join(this.folder, "home");
    await Deno.mkdir(home, { recursive: true });
    const { code, stdout, stderr } = await new Deno.Command(supabaseCli, {
      args: ["functions", "deploy", ...args, "--yes", `--remote=${this.project}`, "--profile", profile],
      cwd: this.checkout,
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
        HOME: home,
        SUPABASE_ACCESS_TOKEN: this.token,
        DO_NOT_TRACK: "1",
        NO_COLOR: "1",
        // Where there is a Docker, it is not to be found: its way of bundling fetches images.
        DOCKER_HOST: `unix://${join(this.folder, "no-docker.sock")}`,
      },
      signal: AbortSignal.timeout(60_000),
    }).output();
    const text = new TextDecoder();
    return { code, output: text.decode(stdout) + text.decode(stderr) };
  }
}

/** Copies a folder; what the CLI and the local stack keep for themselves stays. */
async function copyTree(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    if (entry.name === ".temp") continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory) await copyTree(source, target);
    else await Deno.copyFile(source, target);
  }
}
