/**
 * Rows on their way from PostgREST to the pages: which columns a picture has, what each is called there, and what an answer
 * of a query is. Owns the mapping of rows; turns times into milliseconds, so that Rust reads plain values. Must not: query
 * anything by itself, or know who is signed in.
 */

/** What a function or a query answered. Status 0: nobody answered. */
export interface Answer {
  status: number;
  body: unknown;
}

// deno-lint-ignore no-explicit-any -- rows as PostgREST sends them; each is mapped field by field below
export type Row = any;

/** What supabase-js makes of an answer. */
interface Result {
  data: Row;
  error: { code?: string; message: string } | null;
  count?: number | null;
  status: number;
}

/** The columns that `picture` reads. */
export const pictureColumns =
  "id,request_id,conversation_id,session_id,batch_index,batch_count,hour_index,status,prompt,negative_prompt," +
  "width,height,steps,cfg_scale,seed,image_url,object_name,model_used,failure_code,wait_code,not_before,created_at," +
  "settled_at,deleted_at";

/** Milliseconds since 1970 of a time as it is sent; 0 for none. */
export const time = (text: string | null): number => text === null ? 0 : Date.parse(text);

/** A picture, as the pages call its parts. */
export function picture(row: Row) {
  return {
    id: row.id,
    requestId: row.request_id,
    conversationId: row.conversation_id ?? "",
    sessionId: row.session_id,
    batchIndex: row.batch_index,
    batchCount: row.batch_count,
    status: row.status,
    prompt: row.prompt,
    negativePrompt: row.negative_prompt ?? "",
    width: row.width,
    height: row.height,
    steps: row.steps,
    cfgScaleTenths: Math.round(row.cfg_scale * 10),
    seed: row.seed,
    url: row.image_url ?? "",
    objectName: row.object_name ?? "",
    model: row.model_used ?? "",
    hourIndex: row.hour_index,
    failureCode: row.failure_code ?? "",
    waitCode: row.wait_code ?? "",
    notBefore: time(row.not_before),
    createdAt: time(row.created_at),
    settledAt: time(row.settled_at),
    deleted: row.deleted_at !== null,
    createdAtText: row.created_at,
  };
}

/** What is left of a session, as the pages call its parts. */
export function balance(row: Row) {
  return {
    planId: row.planId,
    status: row.status,
    creditsPerHour: row.creditsPerHour,
    creditsRemaining: row.creditsRemaining,
    creditsHeld: row.creditsHeld,
    resetsAt: time(row.resetsAt),
    expiresAt: time(row.expiresAt),
  };
}

/** Many rows, each mapped. */
export async function rows(
  query: PromiseLike<Result>,
  map: (row: Row) => unknown,
): Promise<Answer> {
  const { data, error, status } = await query;
  return error ? { status, body: error } : { status, body: (data as Row[]).map(map) };
}

/** One row, mapped; null for none. */
export async function one(
  query: PromiseLike<Result>,
  map: (row: Row) => unknown,
): Promise<Answer> {
  const { data, error, status } = await query;
  return error ? { status, body: error } : { status, body: data === null ? null : map(data) };
}

/** How many rows there are. */
export async function counted(query: PromiseLike<Result>): Promise<Answer> {
  const { count, error, status } = await query;
  return error ? { status, body: error } : { status, body: count ?? 0 };
}

/** Whether something was written. 23505: it is there already, which is what was wanted. */
export async function written(query: PromiseLike<Result>): Promise<Answer> {
  const { data, error, status } = await query;
  return error && error.code !== "23505" ? { status, body: error } : { status: error ? 200 : status, body: data };
}
