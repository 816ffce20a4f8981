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
  storage_key: string;
  object_name: string | null;
  image_url: string | null;
}

/** What an audit found. */
export interface Audit {
  discrepancies: string[];
  /** Rows by status, `expired with a picture` apart. */
  rows: Record<string, number>;
  /**
   * Objects that no row has: stored by a worker that was killed before it could record or remove them, for a row that then
   * failed or expired. Nobody could have removed them, and they cost nobody a credit. Any other such object is a discrepancy.
   */
  orphans: number;
}

/** Holds everything against everything. */
export async function audit(sql: postgres.Sql, customers: Customer[]): Promise<Audit> {
  const discrepancies: string[] = [];
  const rows = await sql<Row[]>`
    select id, user_id, session_id, request_id, status, storage_key, object_name, image_url
    from public.image_generations`;
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
  const orphans = [...objects].filter((name) => !known.has(name));
  const ended = new Set(
    rows.filter(({ status }) => status === "failed" || status === "expired").map((row) =>
      `${row.user_id}/${row.storage_key}`
    ),
  );
  for (const name of orphans) {
    if (!ended.has(name.slice(0, name.lastIndexOf(".")))) discrepancies.push(`${name} belongs to nothing that failed`);
  }
  if (known.size - (known.has(null) ? 1 : 0) !== rows.filter((row) => row.object_name !== null).length) {
    discrepancies.push("an object is recorded twice");
  }
  discrepancies.push(...await unreachable(rows), ...await ofSessions(sql));

  const counted: Record<string, number> = {};
  for (const { status, object_name } of rows) {
    const name = status === "expired" && object_name !== null ? "expired with a picture" : status;
    counted[name] = (counted[name] ?? 0) + 1;
  }
  return { discrepancies, rows: counted, orphans: orphans.length };
}

/** What was told of a request, against its rows. */
function ofRequest(told: Told, rows: Row[]): string[] {
  const name = `request ${told.requestId} (${told.mode}, told ${told.end})`;
  const completed = rows.filter((row) => row.status === "completed").length;
  const found: string[] = [];
  if (told.end === "unsettled") found.push(`${name}: nobody can say what became of it`);
  if (rows.length > told.batchCount) found.push(`${name}: ${rows.length} rows for ${told.batchCount} pictures`);
  if (told.end === "pictures") {
    const untold = rows.filter((row) => row.image_url !== null && !told.urls.includes(row.image_url));
    const kept = rows.filter((row) => row.image_url !== null && told.urls.includes(row.image_url));
    // One that came after its lease may have been given since; none that was told may be gone.
    if (kept.length !== told.urls.length || untold.some(({ status }) => status !== "expired")) {
      found.push(`${name}: other pictures than told`);
    }
    if (told.creditsUsed !== completed) found.push(`${name}: told ${told.creditsUsed} credits, charged ${completed}`);
  } else if (told.end !== "unsettled" && completed > 0) {
    // A picture that came after its lease may still be given; it is not charged.
    found.push(`${name}: was charged ${completed} credits all the same`);
  }
  return found;
}

/** Whoever asks again for pictures that he has is told of them once more, by processes that never saw the request. */
export async function replays(customers: Customer[]): Promise<string[]> {
  const found: string[] = [];
  await Promise.all(customers.map(async (customer) => {
    for (const told of customer.told.filter(({ end }) => end === "pictures").slice(0, 5)) {
      const { status, body } = await customer.ask(told, "POST");
      const urls: string[] = (body.images ?? []).map((image: { url: string }) => image.url);
      if (status === 200 && body.creditsUsed === told.creditsUsed && told.urls.every((url) => urls.includes(url))) {
        continue;
      }
      found.push(`request ${told.requestId}: asked again, it answers ${status} ${body.code ?? urls.length}`);
    }
  }));
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
