import type { QueueStore } from "../../../store/queue/queue-store.ts";
import type { Commit } from "../../commit.ts";
import type { Stubs } from "../../stubs.ts";
import type { QueueDefinition } from "./definition.ts";

/** What a background job of a queue is given. */
export interface QueueJobDeps {
  definition: QueueDefinition;
  store: QueueStore;
  commit: Commit;
  stubs: Stubs;
  /** ms since 1970 */
  now: () => number;
  /** Called when a run has ended. */
  ended: () => void;
}
