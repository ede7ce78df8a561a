// Whom to ask: every object of the class TaskQueue that others call, found by its name.
import type { CronVerbs } from "./cron/scheduler.ts";
import type { DirectoryVerbs } from "./directory/directory.ts";
import type { GroupVerbs } from "./group/group.ts";
import { CRON, courierName, DIRECTORY, ownerName } from "./object-names.ts";
import { partOf } from "./part-of.ts";
import type { CronTaskVerbs } from "./queue/cron-tasks.ts";
import type { JoiningVerbs } from "./queue/group-membership.ts";
import type { CourierVerbs, QueueVerbs } from "./queue/rpc.ts";

/** The namespace of the class, wherever the Worker has it from. */
export type QueueNamespace = Pick<DurableObjectNamespace, "getByName">;

/** The Worker's own, by what the runtime gives as its `exports`. */
export function ownObjects(exports: unknown): QueueNamespace {
  return (exports as { TaskQueue: QueueNamespace }).TaskQueue;
}

export function queueAt(namespace: QueueNamespace, queue: string): QueueVerbs {
  return namespace.getByName(queue) as unknown as QueueVerbs;
}

export function joiningAt(namespace: QueueNamespace, queue: string): JoiningVerbs {
  return partOf(namespace.getByName(queue), "joining");
}

export function cronTasksAt(namespace: QueueNamespace, queue: string): CronTaskVerbs {
  return partOf(namespace.getByName(queue), "cronTasks");
}

export function courierAt(namespace: QueueNamespace, queue: string, courier: number): CourierVerbs {
  return namespace.getByName(courierName(queue, courier)) as unknown as CourierVerbs;
}

export function groupAt(namespace: QueueNamespace, group: string): GroupVerbs {
  return partOf(namespace.getByName(ownerName(group)), "group");
}

export function directoryAt(namespace: QueueNamespace): DirectoryVerbs {
  return partOf(namespace.getByName(DIRECTORY), "directory");
}

export function cronAt(namespace: QueueNamespace): CronVerbs {
  return partOf(namespace.getByName(CRON), "cron");
}
