/** Passing time for pictures that wait: what a test does instead of sleeping. Knows the queue's columns, no page. */
import assert from "node:assert/strict";
import { until } from "../../../scripts/local/process.ts";
import type { Hub } from "../../edge/support/hub.ts";

/** Lets what was put back into the queue be tried at once, as often as it is put back, until nothing waits of that prompt. */
export async function passWaits(hub: Hub, marker: string): Promise<void> {
  const isOver = async () => {
    await hub.forgetFaults();
    await hub.sql`
      update public.image_generations set not_before = now() - interval '1 second'
      where status = 'queued' and not_before > now() and prompt like ${`%${marker}%`}`;
    await hub.work();
    const rows = await hub.sql<{ status: string }[]>`
      select status from public.image_generations where prompt like ${`%${marker}%`}`;
    return rows.length > 0 && rows.every(({ status }) => status !== "queued" && status !== "running");
  };
  assert.ok(await until(isOver, 180_000, 100), "what waits is tried until it is over");
}
