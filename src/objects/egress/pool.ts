// The egress objects of a queue. The platform lets one request, and all that it calls by bindings, wait for
// six outgoing connections at once; an alarm is one such request. So attempts leave from further objects,
// six from each, and a queue may have as many open as its definition says.
import type { CallMeters } from "../../core/metrics/call-meters.ts";

/** Outgoing connections that one invocation may wait for at once. */
export const CONNECTIONS_PER_OBJECT = 6;

export class EgressPool {
  readonly #meters: CallMeters | undefined;
  // Free connections are used again first, so there are never more objects than the most at once needed.
  readonly #free: number[] = [];
  #next = 0;

  /** `meters`: where it is counted what the objects use. */
  constructor(meters?: CallMeters) {
    this.#meters = meters;
  }

  /** Begins the call at once, by the egress object `index`, which has a connection free. */
  async send<T>(call: (index: number) => Promise<T>): Promise<T> {
    const connection = this.#free.pop() ?? this.#next++;
    const index = Math.floor(connection / CONNECTIONS_PER_OBJECT);
    const ended = this.#meters?.(index);
    try {
      return await call(index);
    } finally {
      this.#free.push(connection);
      ended?.();
    }
  }
}
