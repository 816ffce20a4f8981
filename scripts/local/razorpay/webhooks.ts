/**
 * Webhooks: what happened, told to one address, signed, again and again until it is heard. Owns the events and their
 * deliveries. Delivers by itself as documented, or, while it holds events back, just what a test chooses and in its order.
 */
import { newEventId, nowSeconds } from "./ids.ts";
import { webhookSignature } from "./sign.ts";

/** Something that happened, as it was then. */
export interface WebhookEvent {
  /** In the header `x-razorpay-event-id`; a redelivery has the same one, and the same body. */
  readonly id: string;
  readonly event: string;
  readonly body: string;
  /** The secret of when it happened: a redelivery is signed with it, whatever the secret is by then. */
  readonly secret: string;
  /** The ids of what it is about. */
  readonly orderId?: string;
  readonly paymentId?: string;
  readonly refundId?: string;
  /** Every time that it was sent. */
  readonly deliveries: Delivery[];
}

/** One time that an event was sent. */
export interface Delivery {
  readonly event: WebhookEvent;
  /** Nothing where no answer came in time. */
  readonly status: number | undefined;
  readonly tookMs: number;
}

/** How a delivery differs from an honest one. */
export interface DeliveryOptions {
  /** Alters one digit of the body after it was signed; it stays JSON, so that only the signature can tell. */
  corrupt?: boolean;
  /** Signs with this secret: a guessed one, or one of before. */
  secret?: string;
  /** Sends this signature, or none at all for null. */
  signature?: string | null;
  /** Sends another event id, or none at all for null. */
  eventId?: string | null;
}

/** Slower than this is no answer; so it is documented. */
const patienceMs = 5_000;
const firstRetryMs = 1_000;
const longestRetryMs = 60_000;

/** The one webhook of the account. */
export class Webhooks {
  readonly #accountId: string;
  #secret: string;
  /** Everything that happened, in order. */
  readonly events: WebhookEvent[] = [];
  /** Where events are sent; nowhere as long as this is not set. */
  url: string | undefined;
  #held: WebhookEvent[] | undefined;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #retries = new Map<WebhookEvent, ReturnType<typeof setTimeout>>();
  #stopped = false;

  constructor(accountId: string, secret: string, url?: string) {
    this.#accountId = accountId;
    this.#secret = secret;
    this.url = url;
  }

  get secret(): string {
    return this.#secret;
  }

  /** Changes the secret, for events that happen from now on. */
  changeSecret(secret: string): void {
    this.#secret = secret;
  }

  /** Something happened; it is told with a snapshot of what it is about. */
  announce(event: string, entities: Record<string, unknown>): WebhookEvent {
    const payload = Object.fromEntries(Object.entries(entities).map(([name, entity]) => [name, { entity }]));
    const body = {
      entity: "event",
      account_id: this.#accountId,
      event,
      contains: Object.keys(entities),
      payload,
      created_at: nowSeconds(),
    };
    const about = entities as Record<"payment" | "order" | "refund", { id?: string; order_id?: string } | undefined>;
    const happened: WebhookEvent = {
      id: newEventId(),
      event,
      body: JSON.stringify(body),
      secret: this.#secret,
      orderId: about.order?.id ?? about.payment?.order_id,
      paymentId: about.payment?.id,
      refundId: about.refund?.id,
      deliveries: [],
    };
    this.events.push(happened);
    if (this.#held) this.#held.push(happened);
    else this.#deliverUntilHeard(happened, firstRetryMs);
    return happened;
  }

  /** What happened to an order, a payment or a refund, in order. */
  about(id: string): WebhookEvent[] {
    return this.events.filter((event) => [event.orderId, event.paymentId, event.refundId].includes(id));
  }

  /** From now on events wait for `release`. */
  hold(): void {
    this.#held ??= [];
  }

  /** The events that wait. */
  get held(): readonly WebhookEvent[] {
    return this.#held ?? [];
  }

  /**
   * Ends the holding: sends what was chosen of the events that waited, one after the other and each once, in the chosen
   * order. What is chosen twice is sent twice, and what is not chosen is lost.
   */
  async release(choose: (held: WebhookEvent[]) => WebhookEvent[] = (held) => held): Promise<Delivery[]> {
    const chosen = choose([...this.held]);
    this.#held = undefined;
    const deliveries: Delivery[] = [];
    for (const event of chosen) deliveries.push(await this.deliver(event));
    return deliveries;
  }

  /** Sends an event once, now, whatever became of it before. */
  deliver(event: WebhookEvent, options: DeliveryOptions = {}): Promise<Delivery> {
    const { corrupt = false, secret = event.secret, signature = webhookSignature(secret, event.body) } = options;
    const { eventId = event.id } = options;
    const headers = new Headers({ "content-type": "application/json", "user-agent": "Razorpay-Webhook/v1" });
    if (signature !== null) headers.set("x-razorpay-signature", signature);
    if (eventId !== null) headers.set("x-razorpay-event-id", eventId);
    const delivery = this.#send(event, headers, corrupt ? withOneOtherDigit(event.body) : event.body);
    this.#underWay.add(delivery);
    delivery.finally(() => this.#underWay.delete(delivery));
    return delivery;
  }

  /** Sends now what is to be sent again later. */
  async retryNow(): Promise<void> {
    const events = [...this.#retries.keys()];
    for (const timer of this.#retries.values()) clearTimeout(timer);
    this.#retries.clear();
    for (const event of events) this.#deliverUntilHeard(event, firstRetryMs);
    await Promise.all(this.#underWay);
  }

  /** Resolves when nothing is on its way, and nothing is to be sent again. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0 || this.#retries.size > 0) {
      await Promise.all(this.#underWay);
      if (this.#retries.size > 0) await this.retryNow();
    }
  }

  /** Ends all deliveries. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#retries.values()) clearTimeout(timer);
    this.#retries.clear();
    await Promise.all(this.#underWay);
  }

  /** At least once: until a 2xx comes, each time after twice as long. Not for 24 hours only, as no stack runs so long. */
  #deliverUntilHeard(event: WebhookEvent, retryMs: number): void {
    if (this.url === undefined || this.#stopped) return;
    const attempt = (async () => {
      const { status = 0 } = await this.deliver(event);
      if ((status >= 200 && status < 300) || this.#stopped) return;
      const again = () => {
        this.#retries.delete(event);
        this.#deliverUntilHeard(event, Math.min(retryMs * 2, longestRetryMs));
      };
      this.#retries.set(event, setTimeout(again, retryMs));
    })();
    this.#underWay.add(attempt);
    attempt.finally(() => this.#underWay.delete(attempt));
  }

  async #send(event: WebhookEvent, headers: Headers, body: string): Promise<Delivery> {
    const startedAt = performance.now();
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), patienceMs);
    let status: number | undefined;
    try {
      if (this.url === undefined) throw new Error("there is no address to send events to");
      const response = await fetch(this.url, { method: "POST", headers, body, signal: late.signal });
      await response.body?.cancel();
      status = response.status;
    } catch {
      // Nobody there, or too slow: the same to a sender.
    } finally {
      clearTimeout(timer);
    }
    const delivery = { event, status, tookMs: performance.now() - startedAt };
    event.deliveries.push(delivery);
    return delivery;
  }
}

/** The body with the first digit of its first amount changed. */
function withOneOtherDigit(body: string): string {
  return body.replace(/("amount":)(\d)/, (_, name: string, digit: string) => `${name}${digit === "1" ? "2" : "1"}`);
}
