// Who carries tasks to the outside. The platform lets one request, and all that it calls by bindings, wait
// for six outgoing connections at once; an alarm is one such request. So they go out from further objects,
// six from each, and a queue may have as many open as its entry says.

/** Outgoing connections that one invocation may wait for at once. */
export const SEATS = 6;

export class Couriers {
  // Free seats are taken again first, so there are never more couriers than the most at once needed.
  readonly #free: number[] = [];
  #next = 0;

  /** Begins the call at once, by a courier that has a seat free. */
  async send<T>(call: (courier: number) => Promise<T>): Promise<T> {
    const seat = this.#free.pop() ?? this.#next++;
    try {
      return await call(Math.floor(seat / SEATS));
    } finally {
      this.#free.push(seat);
    }
  }
}
