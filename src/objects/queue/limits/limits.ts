// What a queue's object has of limits that queues share: a part that a Worker may leave out, where there are none.
import type { DrawnLimits } from "./drawn-limits.ts";
import type { LimitKeeper } from "./keeper.ts";

export interface Limits {
  /** Those that its queue draws from. */
  readonly drawn: DrawnLimits;
  /** Of the object that a limit is. */
  readonly keeper: LimitKeeper;
}
