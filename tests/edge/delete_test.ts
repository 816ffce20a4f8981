/**
 * Deleting pictures, as a page does it: through supabase-js, with the worker of the queue removing what is due. Until then
 * everything can be had back; afterwards the object is gone from Storage, nothing answers with its address, and no credit
 * has moved. Time is passed for a picture by setting back when it was deleted.
 */
import assert from "node:assert/strict";
import postgres from "postgres";
import type { Customer } from "./support/customer.ts";
import { Hub } from "./support/hub.ts";

const hub = new Hub({ scheduler: false });

interface Picture {
  id: string;
  url: string;
}

/** Pictures of one request of a customer, and what asking for them again would send. */
async function made(one: Customer, prompt: string, batchCount: number) {
  const request = { prompt, sessionId: await one.grant(), requestId: crypto.randomUUID(), batchCount };
  const answer = await one.generate(request);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const pictures: Picture[] = answer.body.images;
  return { request, pictures, ids: pictures.map(({ id }) => id) };
}

/** Calls one of the two functions that a page calls. */
async function call(one: Customer, name: "delete_pictures" | "restore_pictures", ids: string[]) {
  const { data, error } = await one.client.rpc(name, { ids });
  assert.equal(error, null);
  return { ...data, ids: data.ids.sort() };
}

/** Lets so many seconds pass for pictures that are deleted, and for the worker that removes them. */
const pass = (ids: string[], seconds: number) =>
  hub.sql`update public.image_generations set
    deleted_at = case when removing_at is null then deleted_at - ${seconds} * interval '1 second' else deleted_at end,
    removing_at = removing_at - ${seconds} * interval '1 second' where id = any(${ids})`;

/** Whether there is a picture at an address, past every cache. */
async function isThere({ url }: Picture): Promise<boolean> {
  const response = await fetch(`${url}?${crypto.randomUUID()}`);
  await response.body?.cancel();
  return response.ok;
}

/** What the history of a customer shows. */
async function history(one: Customer): Promise<string[]> {
  const { data, error } = await one.client.from("image_generations").select("id")
    .not("object_name", "is", null).is("deleted_at", null);
  assert.equal(error, null);
  return data!.map(({ id }) => id).sort();
}

const idle = { completed: 0, requeued: 0, failed: 0 };

hub.test("a deleted picture is out of sight at once, still there for a while, and can be had back", async (bench) => {
  const one = await bench.customer();
  const { pictures, ids } = await made(one, bench.marker, 2);
  const deleted = await call(one, "delete_pictures", [ids[0]!]);
  assert.deepEqual([deleted.outcome, deleted.ids], ["deleted", [ids[0]]]);
  const left = Date.parse(deleted.restorableUntil) - Date.now();
  assert.ok(left > 0 && left <= 21_000, deleted.restorableUntil);
  assert.deepEqual(await history(one), [ids[1]]);
  assert.deepEqual(await hub.work(), idle, "within that while nothing is removed");
  assert.ok(await isThere(pictures[0]!));
  assert.deepEqual(await call(one, "restore_pictures", [ids[0]!]), { outcome: "restored", ids: [ids[0]] });
  assert.deepEqual(await history(one), ids.toSorted());
  await pass(ids, 60);
  assert.deepEqual(await hub.work(), idle, "what was had back stays");
  assert.ok(await isThere(pictures[0]!));
});

hub.test("afterwards the object is gone, nothing answers with its address, and no credit has moved", async (bench) => {
  const one = await bench.customer();
  const { request, pictures, ids } = await made(one, bench.marker, 2);
  const [gone, kept] = [pictures[0]!, pictures[1]!];
  await call(one, "delete_pictures", [gone.id]);
  await pass(ids, 21);
  assert.deepEqual(await hub.work(), { ...idle, removed: 1 });
  assert.deepEqual([await isThere(gone), await isThere(kept)], [false, true]);
  assert.deepEqual(await call(one, "restore_pictures", [gone.id]), { outcome: "too_late", ids: [] });
  assert.deepEqual(await hub.work(), idle, "once");
  const again = await one.generate(request);
  assert.deepEqual([again.status, again.body.creditsUsed, again.body.creditsRemaining], [200, 2, 1]);
  assert.deepEqual(again.body.images.map(({ id }: Picture) => id), [kept.id]);
  const told = (await one.status(request.requestId)).body;
  assert.deepEqual([told.status, told.imageUrl, told.creditsUsed], ["completed", kept.url, 2]);
  await call(one, "delete_pictures", [kept.id]);
  await pass([kept.id], 21);
  assert.deepEqual(await hub.work(), { ...idle, removed: 1 });
  const empty = await one.generate(request);
  assert.deepEqual([empty.status, empty.body.imageUrl, empty.body.images], [200, null, []]);
  assert.equal(await one.credits(request.sessionId), 1);
  assert.deepEqual(await one.objects(), []);
});

hub.test("nobody deletes or brings back what is another's", async (bench) => {
  const [one, stranger] = [await bench.customer(), await bench.customer()];
  const { ids } = await made(one, bench.marker, 2);
  assert.deepEqual((await call(stranger, "delete_pictures", ids)).ids, []);
  assert.deepEqual(await history(one), ids.toSorted());
  await call(one, "delete_pictures", [ids[0]!]);
  assert.deepEqual(await call(stranger, "restore_pictures", ids), { outcome: "too_late", ids: [] });
  assert.deepEqual(await history(one), [ids[1]]);
  for (const name of ["claim_removals", "record_removals"]) {
    const { error } = await one.client.rpc(name, name === "claim_removals" ? {} : { ids });
    assert.equal(error?.code, "42501", name);
  }
});

hub.test("what Storage does not remove stays due, and two workers at once remove each picture once", async (bench) => {
  const one = await bench.customer();
  const { ids } = await made(one, bench.marker, 3);
  await call(one, "delete_pictures", ids);
  await pass(ids, 21);
  const admin = postgres(hub.stack.adminDbUrl, { max: 1, onnotice: () => {} });
  const name = `keep_${bench.marker}`;
  await admin.unsafe(`
    create function public.${name}() returns trigger language plpgsql as $$ begin
      if starts_with(old.name, '${one.id}/') then raise exception 'kept by a test'; end if;
      return old;
    end $$;
    create trigger ${name} before delete on storage.objects for each row execute function public.${name}()`);
  try {
    assert.deepEqual(await hub.work(), idle, "the shift goes on without");
  } finally {
    await admin.unsafe(`drop function public.${name} cascade`);
    await admin.end();
  }
  assert.equal((await one.objects()).length, 3);
  assert.deepEqual(await hub.work(), idle, "the next worker leaves them to the one that may be at it");
  assert.equal((await call(one, "restore_pictures", ids)).outcome, "too_late", "as does their customer");
  await pass(ids, 61);
  const shifts = await Promise.all([hub.work(), hub.work(), hub.work()]);
  assert.equal(shifts.reduce((sum, { removed = 0 }) => sum + removed, 0), 3);
  assert.deepEqual(await one.objects(), []);
  assert.ok((await one.rows()).every(({ status, removed_at }) => status === "completed" && removed_at !== null));
});
