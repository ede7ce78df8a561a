// What is thrown where no answer of the queue's came, so that a refusal and a failing network are told apart.

export interface NoAnswer {
  /** What was asked, "POST https://..." */
  request: string;
  /** Why there is none, in words. */
  why: string;
  /** How often it was asked. */
  tries: number;
  /** What somebody else answered, such as a proxy. */
  status?: number | undefined;
  cause?: unknown;
}

/**
 * The queues could not be asked, or did not answer: the network, a timeout, a proxy's page, a server that failed.
 * Whether the call had its effect is not known.
 */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
  readonly tries: number;
  /** Of what was answered in the queues' place; absent where nothing was. */
  readonly status: number | undefined;

  constructor({ request, why, tries, status, cause }: NoAnswer) {
    const often = tries === 1 ? "" : ` (tried ${tries} times)`;
    super(`${request}: ${why}${often}`, { cause });
    this.tries = tries;
    this.status = status;
  }
}
