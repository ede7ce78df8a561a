// What queue.yaml may say in a Worker whose queues have one object each.
import { refuse } from "../errors.ts";
import type { QueueConfig, QueueFile, ReadEntry } from "./queue-config.ts";

/** Throws a TypeError where a queue is to have several. */
export function checkOneObject({ queues }: QueueFile): void {
  const several = [...queues.values()].find(({ shards }) => shards);
  if (several) throw new TypeError(`config: ${faultOf(several)}`);
}

/** The reader, for entries of one object alone. */
export function withoutShards(read: ReadEntry | undefined): ReadEntry | undefined {
  return (
    read &&
    ((entry) => {
      const answer = read(entry);
      return answer.ok?.shards ? refuse("INVALID_REQUEST", `queue: ${faultOf(answer.ok)}`) : answer;
    })
  );
}

function faultOf({ name, shards }: QueueConfig): string {
  return `found extensions.shards: ${shards} of "${name}", expected 1, or parts: [shards] beside it, which has more`;
}
