/**
 * The books after the fire: what customers were told, what the ledger says, and what lies in the bucket, held against each
 * other. Owns what counts as a discrepancy, and one sentence for each. Changes nothing.
 */
import postgres from "postgres";
import type { Customer, Told } from "./client.ts";

interface Row {
  id: string;
  user_id: string;
  session_id: string;
  request_id: string;
  status: string;
  object_name: string | null;
  image_url: string | null;
}

/** What an audit found. */
export interface Audit {
  discrepancies: string[];
  /** Rows by status, `expired with a picture` apart. */
  rows: Record<string, number>;
  /** Objects without a row: stored by a worker that was killed before it could record them. They cost nobody a credit. */
  orphans: number;
}

/** Holds everything against everything. */
export async function audit(sql: postgres.Sql, customers: Customer[]): Promise<Audit> {
  const discrepancies: string[] = [];
  const rows = await sql<Row[]>`
    select id, user_id, session_id, request_id, status, object_name, image_url from public.image_generations`;
  const objects = new Set(
    (await sql<{ name: string }[]>`select name from storage.objects where bucket_id = 'generated-images'`)
      .map(({ name }) => name),
  );
  const byRequest = Map.groupBy(rows, (row) => row.request_id);
  for (const customer of customers) {
    for (const told of customer.told) discrepancies.push(...ofRequest(told, byRequest.get(told.requestId) ?? []));
  }

  for (const row of rows) {
    if (row.status === "queued" || row.status === "running") discrepancies.push(`${row.id} still holds a credit`);
    if (row.object_name !== null && !objects.has(row.object_name)) discrepancies.push(`${row.id} has lost its object`);
    if (row.status === "completed" && row.object_name === null) discrepancies.push(`${row.id} has no picture`);
  }
  const known = new Set(rows.map((row) => row.object_name));
  discrepancies.push(...await unreachable(rows), ...await ofSessions(sql));

  const counted: Record<string, number> = {};
  for (const { status, object_name } of rows) {
    const name = status === "expired" && object_name !== null ? "expired with a picture" : status;
    counted[name] = (counted[name] ?? 0) + 1;
  }
  return { discrepancies, rows: counted, orphans: [...objects].filter((name) => !known.has(name)).length };
}

/** What was told of a request, against its rows. */
function ofRequest(told: Told, rows: Row[]): string[] {
  const name = `request ${told.requestId} (${told.mode}, told ${told.end})`;
  const completed = rows.filter((row) => row.status === "completed").length;
  const urls = rows.filter((row) => row.image_url !== null).map((row) => row.image_url).sort();
  const found: string[] = [];
  if (told.end === "unsettled") found.push(`${name}: nobody can say what became of it`);
  if (rows.length > told.batchCount) found.push(`${name}: ${rows.length} rows for ${told.batchCount} pictures`);
  if (told.end === "pictures") {
    if (JSON.stringify(told.urls.toSorted()) !== JSON.stringify(urls)) found.push(`${name}: other pictures than told`);
    if (told.creditsUsed !== completed) found.push(`${name}: told ${told.creditsUsed} credits, charged ${completed}`);
  } else if (told.end !== "unsettled" && urls.length > 0) {
    found.push(`${name}: has ${urls.length} pictures all the same`);
  }
  return found;
}

/** Every picture's address must deliver it. */
async function unreachable(rows: Row[]): Promise<string[]> {
  const found: string[] = [];
  const pictures = rows.filter((row) => row.image_url !== null);
  const next = pictures.values();
  await Promise.all(Array.from({ length: 16 }, async () => {
    for (const row of next) {
      const response = await fetch(row.image_url!);
      const bytes = await response.bytes();
      const isPng = bytes[0] === 0x89 && bytes[1] === 0x50;
      if (!response.ok || !isPng) {
        found.push(`${row.id}: its address answers ${response.status}, ${bytes.length} bytes`);
      }
    }
  }));
  return found;
}

/** Credits, and the counter that the original's readers know, must be what the rows say. */
async function ofSessions(sql: postgres.Sql): Promise<string[]> {
  const sessions = await sql<{ id: string; left: number; used: number; completed: number; counted: number }[]>`
    select session.id,
      (private.balance(session, clock_timestamp()) ->> 'creditsRemaining')::integer as left,
      count(generation.id) filter (
        where generation.status = 'completed'
          and generation.hour_index = greatest(0, floor(extract(epoch from now() - session.started_at) / 3600))
      )::integer as used,
      count(generation.id) filter (where generation.status = 'completed')::integer as completed,
      session.images_generated as counted
    from public.user_sessions as session
    left join public.image_generations as generation on generation.session_id = session.id
    group by session.id`;
  return sessions.flatMap(({ id, left, used, completed, counted }) => [
    ...(left === 15 - used ? [] : [`session ${id}: ${left} credits left after ${used} pictures`]),
    ...(counted === completed ? [] : [`session ${id}: counts ${counted} of ${completed} pictures`]),
  ]);
}
