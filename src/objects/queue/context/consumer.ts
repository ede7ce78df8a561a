// How tasks leave a queue: pushed to handlers, or leased by workers. Both consumers of a queue are always
// there, since its mode may change while attempts are in flight or leases run; the one whose mode it is
// not starts nothing.
import type { Job } from "../../host.ts";

export interface Consumer extends Job {
  /** A row was written at `key`: the consumer must look at it again. */
  rowWritten(key: number): void;
  /** The task at this row was deleted or moved by someone. */
  forget(task: { key: number; name: string }): void;
  /** Every row was deleted. */
  forgetAll(): void;
  /** Whether it has nothing under way and nothing it could start at `now` (ms). */
  isAtRest(now: number): boolean;
}
