/**
 * The part of Razorpay's API that the hub uses, as documented. Owns its addresses, who may call it, and the order in
 * which a request is looked at; what things are and may become is known to orders, payments and refunds.
 */
import { Buffer } from "node:buffer";
import type { Faults, RouteName } from "./faults.ts";
import { collection } from "./fields.ts";
import { Idempotency } from "./idempotency.ts";
import type { Orders } from "./orders.ts";
import { type Payments, withoutCard } from "./payments.ts";
import { Refusal, refuseWithStatus } from "./refusal.ts";
import type { Refunds } from "./refunds.ts";

/** A request to the API, read to its end. */
export interface ApiRequest {
  method: string;
  /** Without the `/v1` in front. */
  path: string;
  query: URLSearchParams;
  /** The value of a header. */
  header(name: string): string | undefined;
  body: string;
}

/** What the API works on. */
export interface Account {
  keyId: string;
  keySecret: string;
  orders: Orders;
  payments: Payments;
  refunds: Refunds;
  faults: Faults;
}

interface Route {
  name: RouteName;
  method: "GET" | "POST";
  path: RegExp;
  work(account: Account, request: ApiRequest, id: string): unknown;
}

const routes: Route[] = [
  {
    name: "order.create",
    method: "POST",
    path: /^\/orders$/,
    work: ({ orders }, { body }) => orders.create(body),
  },
  {
    name: "order.list",
    method: "GET",
    path: /^\/orders$/,
    work({ orders }, { query }) {
      const receipt = query.get("receipt");
      return collection(receipt === null ? orders.all() : orders.ofReceipt(receipt), query);
    },
  },
  { name: "order.read", method: "GET", path: /^\/orders\/([^/]+)$/, work: ({ orders }, _, id) => orders.get(id) },
  {
    name: "order.payments",
    method: "GET",
    path: /^\/orders\/([^/]+)\/payments$/,
    work: ({ orders, payments }, { query }, id) =>
      collection(payments.ofOrder(orders.get(id).id).map(withoutCard), query),
  },
  {
    name: "payment.read",
    method: "GET",
    path: /^\/payments\/([^/]+)$/,
    work: ({ payments }, _, id) => withoutCard(payments.get(id)),
  },
  {
    name: "payment.capture",
    method: "POST",
    path: /^\/payments\/([^/]+)\/capture$/,
    work: ({ payments }, { body }, id) => withoutCard(payments.captureAsAsked(id, body)),
  },
  {
    name: "payment.refund",
    method: "POST",
    path: /^\/payments\/([^/]+)\/refund$/,
    work: ({ refunds }, { body }, id) => refunds.createAsAsked(id, body),
  },
  {
    name: "payment.refunds",
    method: "GET",
    path: /^\/payments\/([^/]+)\/refunds$/,
    work: ({ payments, refunds }, { query }, id) => collection(refunds.ofPayment(payments.get(id).id), query),
  },
  { name: "refund.read", method: "GET", path: /^\/refunds\/([^/]+)$/, work: ({ refunds }, _, id) => refunds.get(id) },
];

/** Answers requests for an account. */
export class Api {
  readonly #account: Account;
  readonly #idempotency = new Idempotency();

  constructor(account: Account) {
    this.#account = account;
  }

  /** The name of what is asked for. */
  nameOf({ method, path }: ApiRequest): RouteName | undefined {
    return findRoute(method, path)?.name;
  }

  /** The answer's JSON; throws a Refusal, or a Cut where the connection is to end. */
  async answer(request: ApiRequest): Promise<unknown> {
    const { keyId, keySecret, faults } = this.#account;
    // To the letter: another case of the scheme, quotes or further spaces are no authorization.
    const expected = `Basic ${Buffer.from(`${keyId}:${keySecret}`).toString("base64")}`;
    if (request.header("authorization") !== expected) throw refuseWithStatus(401);
    const route = findRoute(request.method, request.path);
    if (!route) throw new Refusal("The requested URL was not found on the server.");
    const id = route.path.exec(request.path)?.[1] ?? "";
    const key = route.name === "payment.refund" ? request.header("x-refund-idempotency") : undefined;
    return await this.#idempotency.once(
      key,
      `${request.path} ${request.body}`,
      () => route.work(this.#account, request, id),
      (work) => faults.around(route.name, work),
    );
  }
}

function findRoute(method: string, path: string): Route | undefined {
  return routes.find((route) => route.method === method && route.path.test(path));
}
