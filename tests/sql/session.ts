/**
 * One psql that stays open, so that a test can hold a transaction in it while another waits.
 *
 * Owns: the pipe to psql, and the question whether one session waits for another. It never sleeps: it asks the server
 * until the answer is there or the deadline is past.
 */
import { type Database, psqlEnvironment } from "./database.ts";

/** How long a session may take to answer, or to be seen waiting, before the test is called a failure. */
const DEADLINE_MS = 20_000;
const END = "--end-of-answer--";

export class Session {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  #unread = "";
  #errors = "";
  /** The server's number of this session. */
  pid = 0;

  private constructor(database: Database) {
    this.#child = new Deno.Command("psql", {
      args: ["-X", "-A", "-t", "-q"],
      env: psqlEnvironment(database),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#output = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#child.stderr.pipeThrough(new TextDecoderStream())
      .pipeTo(new WritableStream({ write: (text) => void (this.#errors += text) }));
  }

  static async open(database: Database): Promise<Session> {
    const session = new Session(database);
    session.pid = Number(await session.run("select pg_backend_pid();"));
    return session;
  }

  /** Sends SQL and waits for its answer: the rows, one a line. Throws with psql's words if there is no answer. */
  async run(sql: string): Promise<string> {
    return await this.start(sql);
  }

  /** Sends SQL; the promise is its answer. Only one may be under way. */
  start(sql: string): Promise<string> {
    const answer = this.#answer();
    // An unhandled failure would end the whole run; whoever awaits the answer still gets it.
    answer.catch(() => {});
    this.#input.write(new TextEncoder().encode(`${sql}\n\\echo ${END}\n`));
    return answer;
  }

  /** Answers as JSON what a function answered. */
  async json(sql: string): Promise<Record<string, unknown>> {
    return parse(await this.run(sql));
  }

  /** Returns when the other session is waiting for a lock that this one holds. */
  async untilBlocks(other: Session, witness: Session): Promise<void> {
    const deadline = Date.now() + DEADLINE_MS;
    while (Date.now() < deadline) {
      if (await witness.run(`select ${this.pid} = any (pg_blocking_pids(${other.pid}));`) === "t") return;
    }
    throw new Error("the second session was never seen waiting for the first");
  }

  async close(): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#child.status;
  }

  async #answer(): Promise<string> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer in time; ${this.#errors}`)), DEADLINE_MS * 2);
    });
    try {
      while (!this.#unread.includes(`${END}\n`)) {
        const { value, done } = await Promise.race([this.#output.read(), deadline]);
        if (done) throw new Error(`psql ended: ${this.#errors}`);
        this.#unread += value;
      }
    } finally {
      clearTimeout(timer);
    }
    const [answer = "", ...rest] = this.#unread.split(`${END}\n`);
    this.#unread = rest.join(`${END}\n`);
    if (answer === "" && this.#errors !== "") throw new Error(this.#errors.trim());
    return answer.trim();
  }
}

/** The last line of an answer, as the JSON object that it must be. */
export function parse(answer: string): Record<string, unknown> {
  return JSON.parse(answer.split("\n").pop() ?? "");
}
