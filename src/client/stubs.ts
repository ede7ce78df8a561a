// RPC stubs for callers: each typed by the public methods of its Durable Object class.
import { OWN_CODE } from "../core/audit.ts";
import type { QueueConfig } from "../core/config/queue-config.ts";
import { shardObject } from "../core/sharding/shard-map.ts";
import type { TaskCronObject } from "../objects/cron/task-cron.ts";
import type { ClassName } from "../objects/exported.ts";
import type { TaskGroupObject } from "../objects/group/task-group.ts";
import type { TaskQueueObject } from "../objects/queue/task-queue.ts";
import type { DirectoryRpc, QueueCalls, ShardRpc } from "../objects/rpc.ts";
import type { QueueSettings } from "../objects/settings.ts";
import { CRON_NAME, DIRECTORY_NAME, namespaceOf, type Placed, placed } from "../objects/stubs.ts";
import type { Tracing } from "../objects/tracing/tracing.ts";

/** The methods of a class that can be called by RPC. */
type RpcOf<T> = {
  [K in keyof T as T[K] extends (...args: never[]) => Promise<unknown> ? K : never]: T[K];
};

export type QueueStub = RpcOf<TaskQueueObject>;
export type GroupStub = RpcOf<TaskGroupObject>;
export type CronStub = RpcOf<TaskCronObject>;

/**
 * Where a Worker finds its objects: in bindings of these names, for a Worker that uses the queues of another
 * one, else in what it exports itself.
 */
const BINDINGS: Readonly<Record<ClassName, string>> = {
  TaskQueue: "TASK_QUEUE",
  TaskGroup: "TASK_GROUP",
  TaskCron: "TASK_CRON",
  TaskDirectory: "TASK_DIRECTORY",
  TaskEgress: "TASK_EGRESS",
};

/** Whether the Worker uses the queues of another one, and so exports no classes itself. */
export function usesBindings(env: unknown): boolean {
  return ((env ?? {}) as Record<string, unknown>)[BINDINGS.TaskQueue] !== undefined;
}

/** A way to a queue of several objects. */
export type CallsOf = (name: string, stubs: CallerStubs, config?: QueueConfig) => QueueCalls;

export class CallerStubs {
  readonly #env: Record<string, unknown>;
  readonly #exports: unknown;
  readonly #callsOf: CallsOf | undefined;
  /** Where traces are followed. */
  readonly tracing: Tracing | undefined;
  /** Who calls, for the audit: the name of a token, or what stands for one. */
  readonly who: string;

  /** `callsOf`: the way to queues of several objects; without it there are none. */
  constructor(
    env: unknown,
    exports: unknown,
    callsOf?: CallsOf,
    tracing?: Tracing,
    who = OWN_CODE,
  ) {
    this.#env = (env ?? {}) as Record<string, unknown>;
    this.#exports = exports;
    this.#callsOf = callsOf;
    this.tracing = tracing;
    this.who = who;
  }

  /** The variables of the objects, where the Worker has them itself. */
  get settings(): QueueSettings | undefined {
    return usesBindings(this.#env) ? undefined : this.#env;
  }

  /** `config`: what is known of the queue, which says where its objects are to be made. */
  queue(name: string, config?: QueueConfig): QueueStub {
    return this.#stub("TaskQueue", name, placed(config, 0));
  }

  /** The queue, whatever number of objects it has by queue.yaml. */
  calls(name: string, config?: QueueConfig): QueueCalls {
    return this.#callsOf?.(name, this, config) ?? this.queue(name);
  }

  /** One of a queue's objects; the first is the queue's own. */
  shard(queue: string, index: number, config?: QueueConfig): ShardRpc {
    return this.#stub("TaskQueue", shardObject(queue, index), placed(config, index));
  }

  group(name: string): GroupStub {
    return this.#stub("TaskGroup", name);
  }

  cron(): CronStub {
    return this.#stub("TaskCron", CRON_NAME);
  }

  directory(): DirectoryRpc {
    return this.#stub("TaskDirectory", DIRECTORY_NAME);
  }

  #stub<Stub>(className: ClassName, name: string, options?: Placed): Stub {
    const bound = this.#env[BINDINGS[className]];
    const exports = bound === undefined ? this.#exports : { [className]: bound };
    return namespaceOf<Stub>(exports, className).getByName(name, options);
  }
}
