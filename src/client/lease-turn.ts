// A worker that waits for tasks. Who leases for somebody else, as the HTTP API does, looks between the two
// steps whether that one is still there.
import { unwrap } from "../core/errors.ts";
import type { Task } from "../core/task/task.ts";
import type { Turn } from "../objects/turn.ts";
import { letGo, unlessAborted } from "./waiting.ts";

export class LeaseTurn {
  readonly #turn: Turn;
  readonly #taken: (leased: readonly Task[]) => void;
  readonly #withdraw: (leased: readonly Task[]) => Promise<void>;

  /** `taken` hears of leases that have reached the caller, `withdraw` takes back those that reached nobody. */
  constructor(
    turn: Turn,
    taken: (leased: readonly Task[]) => void,
    withdraw: (leased: readonly Task[]) => Promise<void>,
  ) {
    this.#turn = turn;
    this.#taken = taken;
    this.#withdraw = withdraw;
  }

  /** Tasks, once there are some; none when the time is up. They go back unless `take` follows. */
  async tasks(signal?: AbortSignal): Promise<Task[]> {
    return unwrap(await unlessAborted(this.#turn.answer.get(), signal));
  }

  /** From now on the tasks are the caller's. When that cannot be said, they are nobody's. */
  async take(tasks: readonly Task[], signal?: AbortSignal): Promise<void> {
    try {
      await this.#turn.place.take();
      signal?.throwIfAborted();
      this.#taken(tasks);
    } catch (error) {
      // Where this fails too, the leases end by themselves.
      await this.#withdraw(tasks).catch(() => {});
      throw error;
    }
  }

  /** Leaves the line, and whatever was not taken. */
  leave(): void {
    letGo(this.#turn);
  }
}
