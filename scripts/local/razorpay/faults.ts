/**
 * What goes wrong on purpose between a client and the stand-in. Owns which fault meets which request, in the order in
 * which tests asked for them; the API itself never fails by itself.
 */
import { until } from "../process.ts";
import { refuseWithStatus } from "./refusal.ts";

/** What can be asked of the stand-in, by name. */
export type RouteName =
  | "order.create"
  | "order.list"
  | "order.read"
  | "order.payments"
  | "payment.read"
  | "payment.capture"
  | "payment.refund"
  | "payment.refunds"
  | "refund.read";

/** One way of going wrong. `before` and `after` are of the work: after it, what was asked for is done. */
export type Fault =
  /** Answered with this status, and nothing was done: 401, 429, 500, 502 … */
  | { kind: "status"; status: number }
  /** The connection ends without an answer. */
  | { kind: "cut"; when: "before" | "after" }
  /** Nothing happens until the test releases it. */
  | { kind: "wait"; when: "before" | "after" }
  /** Done, and the answer breaks off in the middle of its JSON. */
  | { kind: "malformed" }
  /** Done, and the answer tells something else. */
  // deno-lint-ignore no-explicit-any -- JSON; the test knows of which shape
  | { kind: "change"; change: (answer: any) => unknown };

/** A fault that was ordered. */
export interface OrderedFault {
  /** How many requests it has met. */
  readonly met: number;
  /** Resolves when it has met that many. */
  arrived(count?: number): Promise<void>;
  /** Lets go of those that wait; those that come later do not wait. */
  release(): void;
}

/** An answer that is no JSON. */
export class BrokenText {
  constructor(readonly text: string) {}
}

/** A connection that ends. */
export class Cut extends Error {
  override name = "Cut";
}

interface Order {
  route: RouteName | "any";
  fault: Fault;
  left: number;
  met: number;
  released: PromiseWithResolvers<void>;
}

/** The faults that are still to come. */
export class Faults {
  #orders: Order[] = [];

  /** Has the next requests of that name, or of any, go wrong; one unless `times` says otherwise. */
  order(route: RouteName | "any", fault: Fault, times = 1): OrderedFault {
    const order: Order = { route, fault, left: times, met: 0, released: Promise.withResolvers() };
    this.#orders.push(order);
    return {
      get met() {
        return order.met;
      },
      async arrived(count = 1) {
        if (!(await until(() => order.met >= count, 30_000, 5))) {
          throw new Error(`${order.met} of ${count} requests met the fault`);
        }
      },
      release() {
        order.left = 0;
        order.released.resolve();
      },
    };
  }

  /** Forgets all of them, and lets go of what waits. */
  clear(): void {
    for (const order of this.#orders) order.released.resolve();
    this.#orders = [];
  }

  /** Does the work of a request, and lets happen to it what was ordered. */
  async around<T>(route: RouteName, work: () => T): Promise<T> {
    const order = this.#orders.find((order) => order.left > 0 && (order.route === route || order.route === "any"));
    if (!order) return work();
    order.left -= 1;
    order.met += 1;
    const { fault } = order;
    if (fault.kind === "status") throw refuseWithStatus(fault.status);
    if (fault.kind === "cut" && fault.when === "before") throw new Cut();
    if (fault.kind === "wait" && fault.when === "before") await order.released.promise;
    const answer = work();
    if (fault.kind === "cut") throw new Cut();
    if (fault.kind === "wait" && fault.when === "after") await order.released.promise;
    if (fault.kind === "malformed") return new BrokenText(JSON.stringify(answer).slice(0, -20)) as T;
    // On its way through JSON, so that what is told differs from what is known.
    if (fault.kind === "change") return fault.change(JSON.parse(JSON.stringify(answer))) as T;
    return answer;
  }
}
