// Names and values that a Worker with queues has.

/** Its Durable Object classes; src/objects/exported.ts has them for the library. */
export const CLASSES = ["TaskQueue", "TaskGroup", "TaskCron", "TaskDirectory", "TaskEgress"];

/** Everything its main module exports. */
export const EXPORTS = [...CLASSES, "TaskRunner"];

/** From this compatibility date on a Worker reaches its own classes without bindings. */
export const NEEDED_DATE = "2025-11-17";

export const EVERY_MINUTE = "* * * * *";
