/**
 * What the stack remembers between two starts, in `stack.json` of the state folder: keys, secrets and ports, made once
 * and kept. Owns that file, the lock that keeps two stacks off one folder, and `local.env`; it reads no database.
 */
import { generateApiKey } from "@supabase/lite";
import { StackFailure } from "./failure.ts";
import { dirname, join } from "./paths.ts";
import { freePort } from "./ports.ts";

/** The contents of `stack.json`. */
export interface State {
  publishableKey: string;
  secretKey: string;
  /** Signs the customers' tokens (HS256). */
  jwtSecret: string;
  /** Passwords of the database's roles that can log in. */
  passwords: Record<
    "supabase_admin" | "postgres" | "authenticator" | "supabase_auth_admin" | "supabase_storage_admin",
    string
  >;
  postgresPort: number;
  enginePort: number;
  /** Where PostgreSQL's data lies. Not always below the state folder: see postgres_home.ts. */
  postgresData?: string;
}

/** The state folder of one stack, locked for as long as the stack runs. */
export class StateFolder {
  readonly path: string;
  #lock: Deno.FsFile;
  #state: State;

  private constructor(path: string, lock: Deno.FsFile, state: State) {
    this.path = path;
    this.#lock = lock;
    this.#state = state;
  }

  /**
   * Opens the folder, makes it and its secrets when they are missing, and locks it. `forgiving` takes a damaged
   * `stack.json` for a missing one: right only before a reset.
   */
  static async open(path: string, options: { forgiving?: boolean } = {}): Promise<StateFolder> {
    await Deno.mkdir(path, { recursive: true });
    const lock = await Deno.open(join(path, "stack.lock"), { create: true, read: true, write: true });
    if (!(await lock.tryLock(true))) {
      lock.close();
      throw new StackFailure(`a stack is running on ${path} already: stop it, or start with --state-dir`);
    }
    try {
      const saved = await readState(path, options.forgiving ?? false);
      const folder = new StateFolder(path, lock, saved ?? (await newState()));
      if (!saved) await folder.save({});
      return folder;
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  get state(): Readonly<State> {
    return this.#state;
  }

  /** Changes and writes the state. */
  async save(change: Partial<State>): Promise<void> {
    this.#state = { ...this.#state, ...change };
    await writeWhole(join(this.path, "stack.json"), JSON.stringify(this.#state, null, 2) + "\n");
  }

  /** Forgets keys and secrets and makes new ones. */
  async renew(): Promise<void> {
    this.#state = await newState();
    await this.save({});
  }

  /** Writes `local.env`, the sign to others that the stack is ready. */
  async writeEnv(values: Record<string, string>): Promise<void> {
    const text = Object.entries(values).map(([name, value]) => `${name}=${value}\n`).join("");
    await writeWhole(join(this.path, "local.env"), text);
  }

  /** Removes `local.env`. */
  async removeEnv(): Promise<void> {
    await removeIfThere(join(this.path, "local.env"));
  }

  /** Lets the next stack in. */
  close(): void {
    this.#lock.close();
  }
}

/** Removes a file or folder that may not be there. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Writes a file so that a reader sees all of it or nothing, and so that only its owner can read it. */
async function writeWhole(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${Deno.pid}`;
  await Deno.writeTextFile(draft, text, { mode: 0o600 });
  await Deno.rename(draft, path);
}

async function readState(path: string, forgiving: boolean): Promise<State | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(join(path, "stack.json"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as State;
  } catch {
    if (forgiving) return undefined;
    throw new StackFailure(`${join(path, "stack.json")} is damaged: start with --reset`);
  }
}

async function newState(): Promise<State> {
  return {
    publishableKey: (await generateApiKey("publishable")).key,
    secretKey: (await generateApiKey("secret")).key,
    jwtSecret: randomHex(),
    passwords: {
      supabase_admin: randomHex(),
      // The password that the Supabase CLI gives the same role on every developer's machine.
      postgres: "postgres",
      authenticator: randomHex(),
      supabase_auth_admin: randomHex(),
      supabase_storage_admin: randomHex(),
    },
    postgresPort: freePort(),
    enginePort: freePort(),
  };
}

function randomHex(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
