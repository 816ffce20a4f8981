/** How Razorpay says no. Owns the shape of its error bodies; the words are those of its documentation where it has any. */

/** What a request got instead of what it asked for. */
export class Refusal extends Error {
  override name = "Refusal";

  constructor(
    readonly description: string,
    readonly options: { status?: number; code?: string; field?: string; ofInput?: boolean } = {},
  ) {
    super(description);
  }

  get status(): number {
    return this.options.status ?? 400;
  }

  /** The body of the answer. */
  toJSON() {
    const { code = "BAD_REQUEST_ERROR", field, ofInput = field !== undefined } = this.options;
    // Only what was wrong with the input tells where in a payment's life that was.
    const place = !ofInput
      ? { source: "NA", step: "NA", reason: "NA" }
      : { source: "business", step: "payment_initiation", reason: "input_validation_failed" };
    return { error: { code, description: this.description, ...place, metadata: {}, ...(field ? { field } : {}) } };
  }
}

/** A field that is missing or is not what it has to be. */
export function refuseField(field: string, description: string): Refusal {
  return new Refusal(description, { field });
}

/** The answer to an id that is none, or that nothing has. */
export function refuseId(): Refusal {
  return new Refusal("The id provided does not exist", { ofInput: true });
}

/** What a busy, broken or closed service answers in the place of an API's own answer. */
export function refuseWithStatus(status: number): Refusal {
  switch (status) {
    case 401:
      return new Refusal("Authentication failed", { status });
    case 429:
      return new Refusal("Too many requests. Please try again after some time.", { status });
    case 502:
    case 504:
      return new Refusal("The gateway did not answer in time.", { status, code: "GATEWAY_ERROR" });
    default:
      return new Refusal("We are facing some trouble completing your request at the moment.", {
        status,
        code: status < 500 ? "BAD_REQUEST_ERROR" : "SERVER_ERROR",
      });
  }
}
