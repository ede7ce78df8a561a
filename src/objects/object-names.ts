// The names of objects of the class TaskQueue that are no queues: each has a slash, which no queue's name can.

/** Knows which queues there have been. */
export const DIRECTORY = "/queues";

/** Keeps the recurring tasks. */
export const CRON = "/cron";

/** The owner of a group. */
export function ownerName(group: string): string {
  return `/groups/${group}`;
}

/** One of those that carry a queue's tasks out of the Worker. */
export function courierName(queue: string, courier: number): string {
  return `/couriers/${queue}/${courier}`;
}
