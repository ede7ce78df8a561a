// How a handler hears that its attempt is cut off. The object hands this stub over with the task; it is
// asked only by attempts that take long, and when the object itself goes away the call breaks, which
// says the same.
import { RpcTarget } from "cloudflare:workers";

export interface CancellationVerbs {
  /** Settles when the attempt is to be cut off, with the reason. */
  reason(): Promise<string>;
}

export class Cancellation extends RpcTarget implements CancellationVerbs {
  readonly #reason: Promise<string>;

  constructor(reason: Promise<string>) {
    super();
    this.#reason = reason;
  }

  reason(): Promise<string> {
    return this.#reason;
  }
}
