// What stands between the runtime and the Rust of crates/edge: takes requests in, polls them to their end, gives
// responses out, and puts a fresh instance in the place of one that trapped. It decides nothing about a request; all
// of that is Rust's. It runs as it is on Deno 2.1 and later and on Supabase's edge runtime.

/** One request inside an instance: see `Call` in crates/edge/src/call.rs. */
interface Call {
  poll(): Promise<void> | Response | undefined;
  remains(): boolean;
  free(): void;
}

/** The exports of one instance. */
export interface Edge {
  start(env: Record<string, string>): void;
  Call: {
    new (functionName: string, request: Request): Call;
    probe(outcome: Promise<unknown>, rest?: Promise<unknown>): Call;
  };
}

/** What a test may put in the place of what a deployed function has. */
export interface Options {
  env?: Record<string, string>;
  call?: (edge: Edge, functionName: string, request: Request) => Call;
}

/** Makes an instance of a module: what `generated/pictures.js` and `generated/payments.js` export. */
export type Instantiate = () => Edge;

/** Serves the requests of one function for as long as the worker lives. */
export function serve(functionName: string, instantiate: Instantiate): void {
  Deno.serve(handler(functionName, instantiate));
}

/** The function as a function: every request gets an answer, and the promise never rejects. */
export function handler(functionName: string, instantiate: Instantiate, options: Options = {}) {
  const create = options.call ?? ((edge, name, request) => new edge.Call(name, request));
  /** The instance that takes new requests; none before the first one and after a trap. */
  let current: Edge | undefined;

  function fresh(): Edge {
    const edge = instantiate();
    edge.start(options.env ?? Deno.env.toObject());
    return edge;
  }

  /** No new requests for an instance that threw. Those it holds go on: each has its own reference. The trapped call is not
   * freed: its destructors would run on what the trap left behind. */
  function abandon(edge: Edge | undefined, error: unknown): void {
    if (current === edge) current = undefined;
    // Of another error the message might quote what it failed on, a header with a key for instance.
    const detail = error instanceof WebAssembly.RuntimeError ? error.message : "";
    console.error(`${functionName}: a request failed inside the instance: ${(error as Error)?.name} ${detail}`);
  }

  async function answer(request: Request): Promise<Response> {
    let edge: Edge | undefined;
    try {
      edge = current ??= fresh();
      const call = create(edge, functionName, request);
      for (;;) {
        const step = call.poll();
        if (step instanceof Response) {
          if (call.remains()) goOn(finish(edge, call));
          else call.free();
          return step;
        }
        await step;
      }
    } catch (error) {
      abandon(edge, error);
      const told = "Something went wrong on our side. A credit that was held for it comes back within a minute.";
      const headers = { "access-control-allow-origin": "*" };
      return Response.json({ error: told, code: "internal" }, { status: 500, headers });
    }
  }

  /** What remains of a request that has its answer. */
  async function finish(edge: Edge, call: Call): Promise<void> {
    try {
      for (let step = call.poll(); step !== undefined; step = call.poll()) await step;
      call.free();
    } catch (error) {
      abandon(edge, error);
    }
  }

  return (request: Request): Promise<Response> => {
    const answered = answer(request);
    // A client that hangs up must not end the work: the picture it paid for is still stored and recorded.
    goOn(answered);
    return answered;
  };
}

/** Has the platform keep the worker until that is done. */
function goOn(work: Promise<unknown>): void {
  (globalThis as { EdgeRuntime?: { waitUntil(work: Promise<unknown>): void } }).EdgeRuntime?.waitUntil(work);
}
