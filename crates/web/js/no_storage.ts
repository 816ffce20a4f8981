/**
 * Stands in the bundle where supabase-js brings its client of Storage along. The pages upload nothing and fetch pictures by
 * their addresses, and a customer would wait for 27 kB that nothing calls. Must not: be reached; it says so if it is.
 */
export class StorageApiError extends Error {}

/** Nobody's client. */
export class StorageClient {
  from(): never {
    throw new Error("the pages have no client of Storage");
  }
}
