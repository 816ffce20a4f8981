/**
 * Runs in a function's process before the function: gives it the one global of Supabase's runtime that Deno lacks. A
 * process stays alive by itself while a promise is open, so there is nothing to keep count of.
 */
Object.assign(globalThis, {
  EdgeRuntime: {
    waitUntil(promise: Promise<unknown>): Promise<unknown> {
      promise.catch((error) => console.error("a background task failed:", error));
      return promise;
    },
  },
});
