// What stands between the runtime and the Rust of crates/edge: takes requests in, polls them to their end, gives
// responses out, and puts a fresh instance in the place of one that trapped. It decides nothing about a request; all
// of that is Rust's. It runs as it is on Deno 2.1 and later and on Supabase's edge runtime.

import { instantiate } from "./generated/edge.js";

/** One request inside an instance: see `Call` in crates/edge/src/call.rs. */
interface Call {
  poll(): Promise<void> | Response;
  free(): void;
}

/** The exports of one instance. */
export interface Edge {
  start(env: Record<string, string>): void;
  Call: {
    new (functionName: string, request: Request): Call;
    probe(outcome: Promise<unknown>): Call;
  };
}

/** What a test may put in the place of what a deployed function has. */
export interface Options {
  env?: Record<string, string>;
  instantiate?: () => Edge;
  call?: (edge: Edge, functionName: string, request: Request) => Call;
}

/** Serves the requests of one function for as long as the worker lives. */
export function serve(functionName: string): void {
  Deno.serve(handler(functionName));
}

/** The function as a function: every request gets an answer, and the promise never rejects. */
export function handler(functionName: string, options: Options = {}): (request: Request) => Promise<Response> {
  const create = options.call ?? ((edge, name, request) => new edge.Call(name, request));
  /** The instance that takes new requests; none before the first one and after a trap. */
  let current: Edge | undefined;

  function fresh(): Edge {
    const edge: Edge = (options.instantiate ?? instantiate)();
    edge.start(options.env ?? Deno.env.toObject());
    return edge;
  }

  async function answer(request: Request): Promise<Response> {
    let edge: Edge | undefined;
    let call: Call | undefined;
    try {
      edge = current ??= fresh();
      call = create(edge, functionName, request);
      for (;;) {
        const step = call.poll();
        if (step instanceof Response) {
          call.free();
          return step;
        }
        await step;
      }
    } catch (error) {
      // Whatever threw, the memory of this instance is not to be trusted with new requests. Those it holds go on: each
      // has its own reference. The trapped call is not freed: its destructors would run on what the trap left behind.
      if (current === edge) current = undefined;
      // Of another error the message might quote what it failed on, a header with a key for instance.
      const detail = error instanceof WebAssembly.RuntimeError ? error.message : "";
      console.error(`${functionName}: a request failed inside the instance: ${(error as Error)?.name} ${detail}`);
      return new Response(
        JSON.stringify({
          error: "Something went wrong on our side. A credit that was held for it comes back within a minute.",
          code: "internal",
        }),
        { status: 500, headers: { "content-type": "application/json", "access-control-allow-origin": "*" } },
      );
    }
  }

  return (request) => {
    const answered = answer(request);
    // A client that hangs up must not end the work: the picture it paid for is still stored and recorded.
    (globalThis as { EdgeRuntime?: { waitUntil(work: Promise<unknown>): void } }).EdgeRuntime?.waitUntil(answered);
    return answered;
  };
}
