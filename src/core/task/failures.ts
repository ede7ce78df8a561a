// Errors a handler throws to control its task's retries. Each maps to an HTTP response, which handlers behind
// a binding or in another language can send themselves.

/** The task fails without further retries, and is kept as failed. */
export class PermanentTaskFailure extends Error {
  override readonly name = "PermanentTaskFailure";
}

/** The attempt fails and is retried as usual, but is logged at debug level, as App Engine does. */
export class SingularTaskFailure extends Error {
  override readonly name = "SingularTaskFailure";
}

/** The attempt fails, and is retried after `seconds` instead of the back-off. */
export class RetryLater extends Error {
  override readonly name = "RetryLater";
  readonly seconds: number;

  /** `seconds` from 0 to 30 days; what is longer is cut to that. */
  constructor(seconds: number, message = `to be tried again in ${seconds} s`) {
    super(message);
    if (!(seconds >= 0)) throw new RangeError(`seconds: found ${seconds}, expected 0 or more`);
    this.seconds = seconds;
  }
}

/** On an answer that is no success: `no` gives the task up at once. */
export const RETRY_HEADER = "X-TaskQueue-Retry";

/**
 * The response for one of the three errors, undefined for any other error. 408 is what App Engine's library
 * answers for a singular failure; 429 does not slow a queue down, as a 503 would.
 */
export function failureResponse(error: unknown): Response | undefined {
  if (error instanceof PermanentTaskFailure) {
    return new Response(error.message, { status: 500, headers: { [RETRY_HEADER]: "no" } });
  }
  if (error instanceof SingularTaskFailure) return new Response(error.message, { status: 408 });
  if (!(error instanceof RetryLater)) return undefined;
  const headers = { "Retry-After": `${Math.ceil(error.seconds)}` };
  return new Response(error.message, { status: 429, headers });
}
