// What queue.yaml may say in a Worker whose queues share no limits.
import type { QueueFile } from "./queue-config.ts";

/** Throws a TypeError where the file has some. */
export function checkNoLimits({ limits }: QueueFile): void {
  const [first] = limits?.keys() ?? [];
  if (first === undefined) return;
  throw new TypeError(
    `config: found extensions.limits with "${first}", expected none, or parts: [limits] beside it, which has them`,
  );
}
