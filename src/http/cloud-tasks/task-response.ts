// Formats tasks for the request's API version.
import { TASK } from "../../core/cloud-tasks/messages.ts";
import { writeMessage } from "../../core/cloud-tasks/proto-json.ts";
import type { View } from "../../core/cloud-tasks/resources.ts";
import { resourceOfTask } from "../../core/cloud-tasks/task-resource.ts";
import { taskIn } from "../../core/cloud-tasks/versions.ts";
import type { QueueConfig } from "../../core/config/queue-config.ts";
import type { Task } from "../../core/task/task.ts";
import type { Call, RequestedQueue } from "./call.ts";

export type TaskFormatter = (task: Task) => object;

/** Shows tasks of a queue. */
export function taskFormatter(
  queue: RequestedQueue,
  { mode }: Pick<QueueConfig, "mode">,
  view: View,
  { version, writeOptions }: Call,
): TaskFormatter {
  return (task) => {
    const name = `${queue.name}/tasks/${task.name}`;
    const resource = resourceOfTask(task, { name, isPull: mode === "pull", view });
    return writeMessage(TASK, taskIn(version, resource), writeOptions);
  };
}
