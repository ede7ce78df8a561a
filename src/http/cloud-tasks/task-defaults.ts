// A queue's defaults for the tasks created on it.
import type { TaskDefaults } from "../../core/cloud-tasks/new-task.ts";
import { httpTargetIn } from "../../core/cloud-tasks/queue-resource.ts";
import type { QueueConfig } from "../../core/config/queue-config.ts";
import type { Call, RequestedQueue } from "./call.ts";

export function taskDefaultsOf(
  { name }: RequestedQueue,
  { retry, annotations }: QueueConfig,
  { isUnversioned, hasIdentity }: Call,
): TaskDefaults {
  return {
    queueName: name,
    retry,
    httpTarget: httpTargetIn(annotations),
    urlIsOptional: isUnversioned,
    leavesTokensOut: isUnversioned && !hasIdentity,
  };
}
