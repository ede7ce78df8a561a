// Whether the dead-letter queue of a queue that is being defined is one: each queue on the way is asked for the
// next. Two queues that are defined at the same moment can pass each other here; the forwarder ends such a
// circle after one round.
import { chainFault } from "../../core/config/dead-letter-chain.ts";
import type { QueueConfig } from "../../core/config/queue-config.ts";
import { type Answer, invalid } from "../../core/errors.ts";
import type { Stubs } from "../stubs.ts";

export async function checkDeadLetterQueue(
  stubs: Stubs,
  { name, failedQueue }: QueueConfig,
): Promise<Answer<never> | undefined> {
  if (failedQueue === undefined) return undefined;
  const refuse = (expected: string) => invalid("extensions.failed_queue", failedQueue, expected);
  const path = [name];
  for (let next: string | undefined = failedQueue; next !== undefined; ) {
    path.push(next);
    const fault = chainFault(path);
    if (fault) return refuse(fault);
    const hop = await stubs.queue(next).deadLetterHop();
    if (path.length === 2 && hop?.mode !== "push") {
      return refuse(`another push queue: "${next}" is ${hop ? "a pull queue" : "no queue"}`);
    }
    next = hop?.failedQueue;
  }
  return undefined;
}
