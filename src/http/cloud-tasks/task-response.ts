// Formats tasks for the request's API version.
import { TASK } from "../../core/cloud-tasks/messages.ts";
import { writeMessage } from "../../core/cloud-tasks/proto-json.ts";
import type { View } from "../../core/cloud-tasks/resources.ts";
import { asDispatched, resourceOfTask } from "../../core/cloud-tasks/task-resource.ts";
import { taskIn } from "../../core/cloud-tasks/versions.ts";
import type { QueueConfig } from "../../core/config/queue-config.ts";
import type { Task } from "../../core/task/task.ts";
import type { Call, RequestedQueue } from "./call.ts";

export type TaskFormatter = (task: Task, how?: { isStarting: boolean }) => object;

/** Shows tasks of a queue. Of one that is starting, the attempt that is about to begin counts. */
export function taskFormatter(
  queue: RequestedQueue,
  { mode }: Pick<QueueConfig, "mode">,
  view: View,
  { version, writeOptions }: Call,
): TaskFormatter {
  return (task, how) => {
    const name = `${queue.name}/tasks/${task.name}`;
    const resource = resourceOfTask(task, { name, isPull: mode === "pull", view });
    const counted = how?.isStarting ? asDispatched(resource, task.state === "running") : resource;
    return writeMessage(TASK, taskIn(version, counted), writeOptions);
  };
}
