/**
 * The one error that a person is meant to read: a known way in which the stack cannot start, said in one sentence
 * with what to do about it. Everything else that is thrown in here is a bug and keeps its stack trace.
 */
export class StackFailure extends Error {
  override name = "StackFailure";
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
