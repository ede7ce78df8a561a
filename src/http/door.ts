// A door: what is served to the outside at paths of its own.
import type { Following } from "../client/following.ts";
import type { ReadEntry } from "../core/config/queue-config.ts";
import type { Counting } from "../objects/directory/counting.ts";
import type { Watching } from "../objects/directory/watching.ts";
import type { NewFailures, NewSearch } from "../objects/queue/queue.ts";
import type { QueueSettings } from "../objects/settings.ts";
import type { Caller, DoorSettings } from "./auth.ts";
import type { CloudQueues, QueueService } from "./queue-service.ts";

/** What a door is given beside the request. */
export interface Visit {
  readonly settings: DoorSettings & QueueSettings;
  /** The queues, as used by this caller; of a token for some alone `queuesOf` has those. */
  readonly queues: (caller: Caller) => CloudQueues;
  /** ms since 1970 */
  readonly now: number;
}

/** Each door checks access by itself. */
export interface Door {
  /** For a door that shows changes of queues. */
  readonly watching?: Watching;
  /** For a door that shows what queues have counted. */
  readonly counting?: Counting;
  /** For a door by which queues are followed. */
  readonly following?: Following;
  /** For a door by which tasks are searched for. */
  readonly searching?: NewSearch;
  /** For a door that shows what failed. */
  readonly Failures?: NewFailures;
  /** For a door by which queues are made. */
  readonly readEntry?: ReadEntry;
  /** Whether the request is for this door; `path` is its path, decoded, doubled slashes as one. */
  isFor(request: Request, path: string): boolean;
  answer(request: Request, path: string, visit: Visit): Promise<Response>;
  /** Answers a Worker that has a binding, which needs no token, with the queues it may use. */
  answerBound?(request: Request, queues: QueueService): Promise<Response>;
}

export function isUnder(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}
