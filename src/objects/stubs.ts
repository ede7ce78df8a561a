// RPC stubs for every object, found in what the Worker exports. A class that the Worker forgot to export,
// or to list in its wrangler file, is an error that names the line to add.
import type { QueueConfig } from "../core/config/queue-config.ts";
import { limitObject } from "../core/sharding/limit.ts";
import { type Location, locationOf } from "../core/sharding/location.ts";
import { shardObject } from "../core/sharding/shard-map.ts";
import {
  CLASSES,
  type ClassName,
  withoutContextExports,
  withoutExport,
  withoutMigration,
} from "./exported.ts";
import type {
  DirectoryRpc,
  EgressRpc,
  FormerRoleRpc,
  GroupRpc,
  LimitHolderRpc,
  LimitRpc,
  QueueRpc,
  ShardRpc,
  TaskRunnerRpc,
} from "./rpc.ts";
import { type StandIn, standIn } from "./stand-in.ts";

/** A namespace of objects by their names. */
export interface ObjectNamespace<Rpc> {
  getByName(name: string, options?: Placed): Rpc;
}

/** Where an object is to be made that is not yet there. */
export interface Placed {
  locationHint: Location;
}

/** The one object of its class. */
export const CRON_NAME = "cron";
export const DIRECTORY_NAME = "directory";
const RUNNER = { className: "TaskRunner", name: "runner" } as const;

/** The stubs objects call each other by; `exports` is the runtime's. */
export class Stubs {
  readonly #exports: unknown;
  readonly #configOf: ((queue: string) => QueueConfig | undefined) | undefined;

  /** `configOf`: what is known here of queues, which says where their objects are to be made. */
  constructor(exports: unknown, configOf?: (queue: string) => QueueConfig | undefined) {
    this.#exports = exports;
    this.#configOf = configOf;
  }

  queue(name: string): QueueRpc {
    return this.shard(name, 0);
  }

  /** One of a queue's objects; the first is the queue's own. */
  shard(queue: string, index: number): ShardRpc & QueueRpc & LimitHolderRpc {
    return namespaceOf<ShardRpc & QueueRpc & LimitHolderRpc>(this.#exports, "TaskQueue").getByName(
      shardObject(queue, index),
      placed(this.#configOf?.(queue), index),
    );
  }

  /** The object of a limit that queues share. */
  limit(name: string): LimitRpc {
    return namespaceOf<LimitRpc>(this.#exports, "TaskQueue").getByName(limitObject(name));
  }

  group(name: string): GroupRpc {
    return namespaceOf<GroupRpc>(this.#exports, "TaskGroup").getByName(name);
  }

  /** An object of the first version that was no queue. */
  formerRole(name: string): FormerRoleRpc {
    return namespaceOf<FormerRoleRpc>(this.#exports, "TaskQueue").getByName(name);
  }

  directory(): DirectoryRpc {
    return namespaceOf<DirectoryRpc>(this.#exports, "TaskDirectory").getByName(DIRECTORY_NAME);
  }

  /** One of the objects that send the tasks of a queue's object out of the Worker. */
  egress(object: string, index: number): EgressRpc {
    return namespaceOf<EgressRpc>(this.#exports, "TaskEgress").getByName(`${object}/${index}`);
  }

  runner(): TaskRunnerRpc {
    if (!this.#exports) throw new Error(withoutContextExports());
    const { TaskRunner } = this.#exports as { TaskRunner?: TaskRunnerRpc };
    if (TaskRunner) return standIn?.watch(RUNNER, TaskRunner) ?? TaskRunner;
    throw new Error(withoutExport("TaskRunner"));
  }
}

/** Of one of the queue's objects. */
export function placed(queue: QueueConfig | undefined, shard: number): Placed | undefined {
  const locationHint = locationOf(queue, shard);
  return locationHint && { locationHint };
}

/** The namespace of a class among a Worker's exports, its objects typed by who asks. */
export function namespaceOf<Rpc>(exports: unknown, name: ClassName): ObjectNamespace<Rpc> {
  if (!exports) throw new Error(withoutContextExports());
  const found = (exports as Partial<Record<ClassName, ObjectNamespace<Rpc>>>)[name];
  if (!found) throw new Error(withoutExport(name));
  if (typeof found.getByName !== "function") throw new Error(withoutMigration(name));
  return standIn ? watched(name, found, standIn) : found;
}

function watched<Rpc>(
  className: ClassName,
  found: ObjectNamespace<Rpc>,
  by: StandIn,
): ObjectNamespace<Rpc> {
  return {
    getByName: (name, options) => by.watch({ className, name }, found.getByName(name, options)),
  };
}

/** Throws a sentence for the first class that is not exported or not listed. */
export function checkExports(exports: unknown): void {
  for (const name of CLASSES) namespaceOf(exports, name);
  new Stubs(exports).runner();
}
