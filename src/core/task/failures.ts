// Errors a handler throws to control its task's retries. Each maps to an HTTP response, which handlers behind
// a binding or in another language can send themselves.

/** On an answer that is no success: `no` gives the task up at once. */
export const RETRY_HEADER = "X-TaskQueue-Retry";

abstract class TaskFailure extends Error {
  /**
   * The answer with the same meaning. Hono answers an error that a handler throws with what this method of it
   * returns, as with that of its own HTTPException, so that these errors mean there what they mean elsewhere.
   */
  abstract getResponse(): Response;
}

/** The task fails without further retries, and is kept as failed. */
export class PermanentTaskFailure extends TaskFailure {
  override readonly name = "PermanentTaskFailure";

  override getResponse(): Response {
    return new Response(this.message, { status: 500, headers: { [RETRY_HEADER]: "no" } });
  }
}

/** The attempt fails and is retried as usual, but is logged at debug level, as App Engine does. */
export class SingularTaskFailure extends TaskFailure {
  override readonly name = "SingularTaskFailure";

  /** 408 is what App Engine's library answers. */
  override getResponse(): Response {
    return new Response(this.message, { status: 408 });
  }
}

/** The attempt fails, and is retried after `seconds` instead of the back-off. */
export class RetryLater extends TaskFailure {
  override readonly name = "RetryLater";
  readonly seconds: number;

  /** `seconds` from 0 to 30 days; what is longer is cut to that. */
  constructor(seconds: number, message = `to be tried again in ${seconds} s`) {
    super(message);
    if (!(seconds >= 0)) throw new RangeError(`seconds: found ${seconds}, expected 0 or more`);
    this.seconds = seconds;
  }

  /** 429 does not slow the queue down, as a 503 would. */
  override getResponse(): Response {
    const headers = { "Retry-After": `${Math.ceil(this.seconds)}` };
    return new Response(this.message, { status: 429, headers });
  }
}

/** The response for one of the three errors, undefined for any other error. */
export function failureResponse(error: unknown): Response | undefined {
  return error instanceof TaskFailure ? error.getResponse() : undefined;
}
