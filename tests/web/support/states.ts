/**
 * The states that every page can be in, each with the way there. A state is reached by what a customer does, or by what
 * happens to him; none is made up. Owns the list; judges nothing. What is pressed is found without words, since the states
 * are seen in every language.
 */
import type { Customer } from "../../edge/support/customer.ts";
import type { Studio, StudioBench, VisitOptions } from "./studio.ts";
import type { Visitor } from "./visitor.ts";

/** The way to a state; whoever is there then. */
type Way = (studio: Studio, bench: StudioBench, locale: string) => Promise<Visitor>;

/** A customer with a session, where he is told to be. */
async function customerIn(
  bench: StudioBench,
  locale: string,
  plan: string | null = "flash",
  options: VisitOptions = {},
) {
  const customer = await bench.customer();
  const sessionId = plan === null ? "" : await customer.grant(plan, 2);
  const visitor = await bench.signedIn(customer, { locale, ...options });
  return { customer, sessionId, visitor };
}

/** Sends a prompt by the keyboard. */
async function ask({ page }: Visitor, prompt: string): Promise<void> {
  await page.locator(".send:not([aria-disabled])").waitFor();
  await page.locator("#prompt").fill(prompt);
  await page.locator("#prompt").press("Enter");
}

const there = (visitor: Visitor) => visitor.page.locator("figure[data-state=there]").first().waitFor();
const failed = (visitor: Visitor) => visitor.page.locator(".picture-failed").first().waitFor();

async function goTo({ page }: Visitor, hash: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
}

/** Has what runs of a session end in so many seconds. */
async function leave(studio: Studio, sessionId: string, seconds: number): Promise<void> {
  await studio.hub.sql`
    update public.user_sessions set expires_at = now() + ${seconds} * interval '1 second',
      started_at = now() + ${seconds} * interval '1 second' - hours_purchased * interval '1 hour'
    where id = ${sessionId}`;
}

async function withPicture(bench: StudioBench, locale: string) {
  const found = await customerIn(bench, locale);
  await ask(found.visitor, "A tea stall at dawn, steam and golden light");
  await there(found.visitor);
  return found;
}

async function notDrawn(bench: StudioBench, locale: string): Promise<Visitor> {
  await bench.engine.order(bench.marker, { kind: "refuse_prompt" }, null);
  const { visitor } = await customerIn(bench, locale);
  await ask(visitor, `A lighthouse ${bench.marker}`);
  await failed(visitor);
  return visitor;
}

/** The states by their names. */
export const states: Record<string, Way> = {
  "sign in": (_, bench, locale) => bench.visitor({ locale }),
  "sign in with faults": async (_, bench, locale) => {
    const visitor = await bench.visitor({ locale });
    await visitor.page.locator("input[name=way][value=up]").check();
    await visitor.page.locator("#email").fill("nobody");
    await visitor.page.locator("#password").fill("no");
    await visitor.page.locator("#password").press("Enter");
    await visitor.page.locator("[aria-invalid=true]").first().waitFor();
    return visitor;
  },
  "studio without hours": async (_, bench, locale) => {
    const { visitor } = await customerIn(bench, locale, null);
    await visitor.page.locator(".session[data-state=none] .empty").waitFor({ state: "attached" });
    return visitor;
  },
  "studio before the first": async (_, bench, locale) => {
    const { visitor } = await customerIn(bench, locale);
    await visitor.page.locator(".session[data-state=ready]").waitFor();
    return visitor;
  },
  "studio with a picture": async (_, bench, locale) => (await withPicture(bench, locale)).visitor,
  "studio with the panel": async (_, bench, locale) => {
    const { visitor } = await withPicture(bench, locale);
    await visitor.page.locator("[aria-controls=panel]").click();
    return visitor;
  },
  "studio with the session over the panel": async (_, bench, locale) => {
    const { visitor } = await withPicture(bench, locale);
    await visitor.page.locator("[aria-controls=panel]").click();
    await visitor.page.locator("[aria-controls=session-body]").click();
    return visitor;
  },
  "studio while drawing": async (_, bench, locale) => {
    const { visitor } = await customerIn(bench, locale);
    const hold = bench.hold(bench.marker);
    await ask(visitor, `A lighthouse ${bench.marker}`);
    await hold.arrived();
    return visitor;
  },
  "studio while the engine wakes": async (_, bench, locale) => {
    await bench.engine.order(bench.marker, { kind: "cold", estimated_time: 12 });
    const { visitor } = await customerIn(bench, locale);
    await ask(visitor, `A lighthouse ${bench.marker}`);
    // That it is this wait is told in words alone.
    await visitor.page.locator(".picture-wait").getByText(/waking up, about|जाग रहा है, लगभग/).waitFor();
    return visitor;
  },
  "studio with a failure": (_, bench, locale) => notDrawn(bench, locale),
  "studio with a part of a batch": async (_, bench, locale) => {
    await bench.engine.order(bench.marker, { kind: "refuse_prompt" }, 1);
    const { visitor } = await customerIn(bench, locale);
    await chooseCount(visitor, 2);
    await ask(visitor, `A paper boat on a rainy street ${bench.marker}`);
    await failed(visitor);
    await there(visitor);
    return visitor;
  },
  "studio with variants": async (_, bench, locale) => {
    const { visitor } = await withPicture(bench, locale);
    await visitor.page.locator("figure").hover();
    await visitor.page.locator("figure [href='#i-refresh-cw']").locator("xpath=ancestor::button").click();
    await visitor.page.locator(".pager").waitFor();
    await there(visitor);
    return visitor;
  },
  "studio with a batch": async (_, bench, locale) => {
    const { visitor } = await customerIn(bench, locale);
    await chooseCount(visitor, 4);
    await ask(visitor, "A paper boat on a rainy street");
    await visitor.page.locator("figure[data-state=there]").nth(3).waitFor();
    return visitor;
  },
  "studio used up": async (_, bench, locale) => {
    const { customer, visitor } = await customerIn(bench, locale, "flash-lite");
    await usedUp(customer);
    await visitor.page.locator(".dock-notices .notice").waitFor();
    await visitor.page.locator("figure[data-state=there]").nth(2).waitFor();
    return visitor;
  },
  "studio and a notice": async (_, bench, locale) => {
    const { visitor } = await withPicture(bench, locale);
    await visitor.page.locator("figure").hover();
    await visitor.page.locator("figure [href='#i-trash-2']").locator("xpath=ancestor::button").click();
    await visitor.page.locator(".toast").waitFor();
    return visitor;
  },
  "studio near the end": async (studio, bench, locale) => {
    const { sessionId, visitor } = await withPicture(bench, locale);
    await leave(studio, sessionId, 290);
    await visitor.page.locator(".notice[data-minutes='5']").waitFor();
    return visitor;
  },
  "studio when it is over": async (studio, bench, locale) => {
    const { sessionId, visitor } = await withPicture(bench, locale);
    await leave(studio, sessionId, 1);
    await visitor.page.locator(".session[data-state=over]").waitFor();
    return visitor;
  },
  "studio offline": async (_, bench, locale) => {
    const expected = [/ERR_INTERNET_DISCONNECTED|WebSocket|Failed to fetch/];
    const { visitor } = await customerIn(bench, locale, "flash", { expected });
    await visitor.page.locator(".session[data-state=ready]").waitFor();
    await visitor.context.setOffline(true);
    await visitor.page.locator(".offline").waitFor();
    return visitor;
  },
  "a picture alone": async (_, bench, locale) => {
    const { visitor } = await withPicture(bench, locale);
    await visitor.page.locator(".picture-open").click();
    await visitor.page.locator("dialog.lightbox[open][data-state=there]").waitFor();
    return visitor;
  },
  "pictures": async (_, bench, locale) => {
    const { visitor } = await withPicture(bench, locale);
    await goTo(visitor, "#/history");
    await visitor.page.locator(".tile[data-state=there]").waitFor();
    return visitor;
  },
  "pictures and a notice": async (_, bench, locale) => {
    const { visitor } = await withPicture(bench, locale);
    await goTo(visitor, "#/history");
    await visitor.page.locator("a.tile-open").focus();
    await visitor.page.keyboard.press("Delete");
    await visitor.page.locator(".toast").waitFor();
    return visitor;
  },
  "no pictures": async (_, bench, locale) => {
    const { visitor } = await customerIn(bench, locale);
    await goTo(visitor, "#/history");
    await visitor.page.locator(".empty").waitFor();
    return visitor;
  },
  "plans": async (_, bench, locale) => {
    const { visitor } = await customerIn(bench, locale, null);
    await goTo(visitor, "#/plans");
    await visitor.page.locator(".plan button").first().waitFor();
    return visitor;
  },
  "plans with hours bought": async (_, bench, locale) => {
    const { visitor } = await customerIn(bench, locale, null);
    await goTo(visitor, "#/plans");
    await visitor.page.locator(".plan[data-plan=flash] button").click();
    await visitor.page.locator(".notice[data-kind=good]").waitFor();
    return visitor;
  },
  "plans while a session runs": async (_, bench, locale) => {
    const { visitor } = await withPicture(bench, locale);
    await goTo(visitor, "#/plans");
    await visitor.page.locator(".notice[data-kind=note]").waitFor();
    return visitor;
  },
  "what happened": async (_, bench, locale) => {
    const { visitor } = await withPicture(bench, locale);
    await goTo(visitor, "#/history");
    await visitor.page.locator("a.tile-open").focus();
    await visitor.page.keyboard.press("Delete");
    await visitor.page.locator(".toast").waitFor();
    await goTo(visitor, "#/log");
    await visitor.page.locator(".log-line").first().waitFor();
    return visitor;
  },
  "the menu": async (_, bench, locale) => {
    const { visitor } = await customerIn(bench, locale);
    await visitor.page.locator("[popovertarget=menu]").first().click();
    return visitor;
  },
  "the keys": async (_, bench, locale) => {
    const { visitor } = await customerIn(bench, locale);
    await visitor.page.locator("#main").focus();
    await visitor.page.keyboard.press("Control+/");
    await visitor.page.locator("dialog[open]").waitFor();
    return visitor;
  },
};

/** Chooses in the panel how many pictures the next request is for, and closes it. */
async function chooseCount({ page }: Visitor, count: number): Promise<void> {
  await page.locator("[aria-controls=panel]").click();
  await page.locator(`input[name=count][value='${count}']`).check();
  await page.locator("[aria-controls=panel]").click();
}

/** Makes all pictures of his hour, past the page. */
async function usedUp(customer: Customer): Promise<void> {
  const [session] = await customer.hub.sql<{ id: string }[]>`
    select id from public.user_sessions where user_id = ${customer.id}`;
  const requestId = crypto.randomUUID();
  await customer.generate({ prompt: "A haveli at night", sessionId: session!.id, requestId, batchCount: 3 });
}
