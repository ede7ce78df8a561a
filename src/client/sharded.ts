// A caller's way to a queue of several shards. How many there are it takes from queue.yaml, or asks the first of them,
// until a shard says otherwise.
import type { QueueConfig } from "../core/config/queue-config.ts";
import { parseHostRules } from "../core/egress/host-rules.ts";
import type { Answer } from "../core/errors.ts";
import { type ShardMap, UNSHARDED } from "../core/sharding/shard-map.ts";
import { acceptRule } from "../core/task/add-rule.ts";
import type { Admission } from "../core/task/new-task.ts";
import { hasIdentity } from "../objects/egress/identity.ts";
import { clock } from "../objects/host.ts";
import { Search } from "../objects/queue/inspect/search.ts";
import { ManyObjects } from "../objects/queue/many-objects.ts";
import type { NewSearch, NewSharding } from "../objects/queue/queue.ts";
import type { QueueCalls } from "../objects/rpc.ts";
import { ShardedQueue } from "../objects/sharded/sharded-queue.ts";
import type { CallerStubs, CallsOf } from "./stubs.ts";

export interface ShardsPart {
  readonly part: "shards";
  /** What each object of a queue needs for it. */
  readonly Sharding: NewSharding;
  /** Of its lists, which each object answers for itself. */
  readonly Search: NewSearch;
  /** A caller's way to a queue. */
  readonly callsOf: CallsOf;
}

/** The maps that were heard of last, by queue. What is outdated is found out at the first call. */
const heard = new Map<string, ShardMap>();

/** The queue, whatever number of shards it has. */
function callsOf(name: string, stubs: CallerStubs, config?: QueueConfig): QueueCalls {
  if (!config && !heard.has(name)) void look(name, stubs);
  const known = mapOf(name, config);
  if (known.shards === 1 && known.former === undefined) return stubs.queue(name, config);
  let removed: ShardMap | undefined;
  return new ShardedQueue({
    name,
    shard: (index) => stubs.shard(name, index, config),
    map: () => heard.get(name) ?? removed ?? known,
    learn: (map) => {
      // What a queue says that was removed is for this call: it may be there again at the next.
      removed = map.version === 0 ? map : undefined;
      if (removed) heard.delete(name);
      else heard.set(name, map);
    },
    whole: () => stubs.queue(name, config),
    admission: () => config && admissionOf(config, stubs),
  });
}

/** Asks a queue that is not in queue.yaml how many shards it has, beside the first call of it, which its own object routes. */
async function look(name: string, stubs: CallerStubs): Promise<void> {
  heard.set(name, UNSHARDED);
  try {
    const answered = await stubs.shard(name, 0).onShard(UNSHARDED, "collisions", [[]]);
    if ("stale" in answered) heard.set(name, answered.stale);
  } catch {
    // An object of a version before does not know the question: its calls go by way of it.
  }
}

function mapOf(name: string, config: QueueConfig | undefined): ShardMap {
  return heard.get(name) ?? { version: 0, shards: config?.shards ?? 1 };
}

// The variables of a Worker that has the objects are theirs too; those of another one may differ.
function admissionOf(queue: QueueConfig, { settings }: CallerStubs): Answer<Admission> | undefined {
  if (!settings) return undefined;
  const hosts = parseHostRules(settings.TASKQUEUE_ALLOW_HOSTS);
  // Whether the Worker has rules its objects know.
  return { ok: { queue, now: clock(), hosts, hasIdentity: hasIdentity(settings), acceptRule } };
}

/** Queues of several objects: `extensions.shards` of queue.yaml. */
export const shards: ShardsPart = {
  part: "shards",
  ...{ Sharding: ManyObjects, Search, callsOf },
};
