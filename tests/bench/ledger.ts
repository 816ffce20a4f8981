/**
 * Reserve and complete at a small and at a large table, called in the database itself, so that nothing in front of it
 * hides what the table's size costs. Owns two databases, their rows, and calling both in turns.
 */
import postgres from "postgres";
import { median, percentile } from "./figures.ts";
import type { Sizes } from "./sizes.ts";
import { startStackProcess } from "./stand.ts";

/** What was measured: milliseconds of one reserve and one complete together. */
export interface LedgerFigures {
  rows: Record<Side, number>;
  p50: Record<Side, number>;
  p99: Record<Side, number>;
  rounds: { p50: Record<Side, number>; p99: Record<Side, number> }[];
  /** Large to small, the median over the rounds. */
  ratios: Record<"p50" | "p99", number>;
}

const sides = ["small", "large"] as const;
type Side = (typeof sides)[number];

/** Pictures that a session of the filling has, and that a measured session is used for; the plan has 15. */
const picturesPerSession = 12;
const sessionsPerCustomer = 10;

/** Fills both tables and measures, pair by pair in turns. */
export async function measureLedger(sizes: Sizes, log: (line: string) => void): Promise<LedgerFigures> {
  const rows: Record<Side, number> = { small: sizes.rowsSmall, large: sizes.rows };
  const opened: { stop(): Promise<void> }[] = [];
  try {
    const tables: Record<string, Table> = {};
    for (const side of sides) {
      log(`reserve and complete: filling a table with ${rows[side].toLocaleString("en")} pictures`);
      const table = await Table.open(rows[side], sizes.ledgerRounds * sizes.ledgerPairs + warmUpPairs);
      opened.push(table);
      tables[side] = table;
    }
    const { small, large } = tables as Record<Side, Table>;
    for (let pair = 0; pair < warmUpPairs; pair++) for (const table of [small, large]) await table.pair();
    log(`reserve and complete: ${sizes.ledgerRounds} rounds of ${sizes.ledgerPairs} pairs`);
    const samples: Record<Side, number[][]> = { small: [], large: [] };
    for (let round = 0; round < sizes.ledgerRounds; round++) {
      const [ofSmall, ofLarge]: [number[], number[]] = [[], []];
      for (let pair = 0; pair < sizes.ledgerPairs; pair++) {
        ofSmall.push(await small.pair());
        ofLarge.push(await large.pair());
      }
      samples.small.push(ofSmall);
      samples.large.push(ofLarge);
    }
    return summary(rows, samples);
  } finally {
    await Promise.all(opened.map((table) => table.stop()));
  }
}

/** The first calls on a connection make plans; they are not counted. */
const warmUpPairs = 30;

function summary(rows: Record<Side, number>, samples: Record<Side, number[][]>): LedgerFigures {
  const each = (share: number, of: (side: Side) => number[]) => ({
    small: percentile(of("small"), share),
    large: percentile(of("large"), share),
  });
  const rounds = samples.small.map((_, round) => ({
    p50: each(0.5, (side) => samples[side][round] ?? []),
    p99: each(0.99, (side) => samples[side][round] ?? []),
  }));
  const ratio = (of: "p50" | "p99") => median(rounds.map((round) => round[of].large / round[of].small));
  return {
    rows,
    p50: each(0.5, (side) => samples[side].flat()),
    p99: each(0.99, (side) => samples[side].flat()),
    rounds,
    ratios: { p50: ratio("p50"), p99: ratio("p99") },
  };
}

/** One database whose table of generations has been filled. */
class Table {
  #sessions: { id: string; user: string }[] = [];
  #used = 0;

  private constructor(readonly stop: () => Promise<void>, readonly sql: postgres.Sql) {}

  static async open(rows: number, pairs: number): Promise<Table> {
    const stack = await startStackProcess();
    const sql = postgres(stack.adminDbUrl, { max: 1, onnotice: () => {} });
    const table = new Table(async () => {
      await sql.end();
      await stack.stop();
    }, sql);
    try {
      await sql`update private.rate_limit set per_minute = 1000000, burst = 1000000`;
      await fill(sql, rows);
      table.#sessions = await measuredSessions(sql, Math.ceil(pairs / picturesPerSession));
      await sql`vacuum (analyze) public.user_sessions, public.image_generations`;
      return table;
    } catch (error) {
      await table.stop();
      throw error;
    }
  }

  /** Reserves as the customer and completes with the secret key, each in a transaction as PostgREST makes it. */
  async pair(): Promise<number> {
    const session = this.#sessions[Math.floor(this.#used++ / picturesPerSession)];
    if (!session) throw new Error("no session is left");
    const request = crypto.randomUUID();
    const claims = JSON.stringify({ sub: session.user, role: "authenticated" });
    const reserve = `begin; set local role authenticated; set local "request.jwt.claims" = '${claims}'; ` +
      `select public.reserve_generation('${session.id}', '${request}', 'a beautiful sunset over mountains') as answer; commit`;
    const startedAt = performance.now();
    const reserved = answerOf(await this.sql.unsafe(reserve).simple(), "reserved");
    const made = performance.now() - startedAt;

    const [{ id, storageKey }] = reserved.generations as [{ id: string; storageKey: string }];
    const objectName = `${session.user}/${storageKey}.png`;
    const pictures = [{ id, objectName, imageUrl: `http://hub/${objectName}`, model: "sketch", generationTimeMs: 1 }];
    const complete = `begin; set local role service_role; ` +
      `select public.complete_generation('${session.user}', '${request}', '${
        JSON.stringify(pictures)
      }') as answer; commit`;
    const completeAt = performance.now();
    answerOf(await this.sql.unsafe(complete).simple(), "completed");
    return made + performance.now() - completeAt;
  }
}

function answerOf(results: unknown, outcome: string): Record<string, unknown> {
  for (const rows of results as { answer?: Record<string, unknown> }[][]) {
    const answer = rows[0]?.answer;
    if (answer?.outcome === outcome) return answer;
  }
  throw new Error(`the ledger does not answer ${outcome}: ${JSON.stringify(results).slice(0, 300)}`);
}

/** Rows as a hub has them: customers with sessions with pictures, all of the past but the last hour's. */
async function fill(sql: postgres.Sql, rows: number): Promise<void> {
  const sessions = Math.ceil(rows / picturesPerSession);
  // The rows are consistent by the way they are made; checking a million of them against each other takes minutes.
  await sql`set session_replication_role = replica`;
  await sql`insert into auth.users (id, aud, role, email)
    select gen_random_uuid(), 'authenticated', 'authenticated', 'filled-' || place || '@example.test'
    from generate_series(1, ${Math.ceil(sessions / sessionsPerCustomer)}::integer) as place`;
  await sql`insert into public.user_sessions (user_id, plan_id, model_name, hours_purchased, price_paid, status,
      started_at, started_by, expires_at, images_generated, created_at)
    select owner.id, 'pro', 'gemini-2.5-pro', 4, 800, 'ended', begun.at, 'customer', begun.at + interval '4 hours',
      ${picturesPerSession}::integer, begun.at
    from (select id, row_number() over () as place from auth.users where email like 'filled-%') as owner
    cross join generate_series(1, ${sessionsPerCustomer}::integer) as number
    cross join lateral (select now() - (number + owner.place % 300) * interval '1 day' as at) as begun
    limit ${sessions}::integer`;
  await sql`insert into public.image_generations (user_id, session_id, request_id, request_digest, hour_index, status,
      prompt, width, height, steps, cfg_scale, seed, storage_key, object_name, image_url, model_used,
      generation_time_ms, created_at, settled_at)
    select session.user_id, session.id, gen_random_uuid(), encode(sha256(number::text::bytea), 'hex'), 0, 'completed',
      'a beautiful sunset over mountains', 512, 512, 30, 7.5, number, key.value,
      session.user_id || '/' || key.value || '.png', 'http://hub/' || session.user_id || '/' || key.value || '.png',
      'sketch', 3000, session.started_at, session.started_at
    from public.user_sessions as session
    cross join generate_series(1, ${picturesPerSession}::integer) as number
    cross join lateral (select md5(session.id::text || number)::uuid as value) as key
    limit ${rows}::integer`;
  await sql`set session_replication_role = origin`;
}

/** Sessions that run now, of customers all over the table. */
async function measuredSessions(sql: postgres.Sql, count: number): Promise<{ id: string; user: string }[]> {
  const rows = await sql`
    insert into public.user_sessions
      (user_id, plan_id, model_name, hours_purchased, price_paid, status, started_at, started_by, expires_at)
    select owner.id, 'pro', 'gemini-2.5-pro', 4, 800, 'active', now(), 'customer', now() + interval '4 hours'
    from generate_series(1, ${count}::integer) as number
    join (select id, row_number() over (order by id) - 1 as place, count(*) over () as all from auth.users) as owner
      on owner.place = number * 7919 % owner.all
    returning id, user_id as user`;
  return rows as unknown as { id: string; user: string }[];
}
