// What an entry of a queue may say in a Worker that leaves out parts: nothing that needs one of them.
import { refuse } from "../errors.ts";
import type { QueueConfig, QueueFile, ReadEntry } from "./queue-config.ts";

/** Of each part what is wrong with a queue that needs it, where it is left out. */
const FAULTS: Readonly<Record<string, (queue: QueueConfig) => string | undefined>> = {
  alerts: ({ name, alerts }) =>
    alerts &&
    `found extensions.alerts of "${name}", expected none, or parts: [alerts] beside it, which sends them`,
  batches: ({ name, batch }) =>
    batch &&
    `found extensions.batch of "${name}", expected none, or parts: [batches] beside it, which makes such calls`,
  keys: ({ name, keys }) =>
    keys &&
    `found extensions.keys of "${name}", expected none, or parts: [keys] beside it, which has them`,
  shards: ({ name, shards }) =>
    shards === undefined
      ? undefined
      : `found extensions.shards: ${shards} of "${name}", expected 1, or parts: [shards] beside it, which has more`,
};

/** Throws a TypeError where a queue needs a part that is not among these. */
export function checkParts({ queues }: QueueFile, parts: ReadonlySet<string>): void {
  for (const queue of queues.values()) {
    const fault = faultOf(queue, parts);
    if (fault !== undefined) throw new TypeError(`config: ${fault}`);
  }
}

/** The reader, for entries that need none but these alone. */
export function readWithParts(
  read: ReadEntry | undefined,
  parts: ReadonlySet<string>,
): ReadEntry | undefined {
  return (
    read &&
    ((entry) => {
      const answer = read(entry);
      const fault = answer.ok && faultOf(answer.ok, parts);
      return fault === undefined ? answer : refuse("INVALID_REQUEST", `queue: ${fault}`);
    })
  );
}

function faultOf(queue: QueueConfig, parts: ReadonlySet<string>): string | undefined {
  for (const [part, fault] of Object.entries(FAULTS)) {
    const said = parts.has(part) ? undefined : fault(queue);
    if (said !== undefined) return said;
  }
  return undefined;
}
