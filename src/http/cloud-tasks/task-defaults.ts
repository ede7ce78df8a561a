// What a queue's configuration says of tasks that are made for it.
import type { Receiving } from "../../core/cloud-tasks/new-task.ts";
import { httpTargetIn } from "../../core/cloud-tasks/queue-resource.ts";
import type { QueueConfig } from "../../core/config/queue-config.ts";
import type { AskedQueue, Call } from "./call.ts";

export function receivingOf(
  { name }: AskedQueue,
  { retry, annotations }: QueueConfig,
  { isUnversioned, hasIdentity }: Call,
): Receiving {
  return {
    queueName: name,
    retry,
    httpTarget: httpTargetIn(annotations),
    urlIsOptional: isUnversioned,
    leavesTokensOut: isUnversioned && !hasIdentity,
  };
}
