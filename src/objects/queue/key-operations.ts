// Limits of one key that are set while the queue runs, and taken away again.
import { readKeyLimits } from "../../core/config/key-limits.ts";
import type { QueueFile } from "../../core/config/queue-config.ts";
import { type Answer, refuse } from "../../core/errors.ts";
import type { KeyView } from "../../core/metrics/key-view.ts";
import { checkKey } from "../../core/task/new-task-fairness.ts";
import { unknownQueue } from "./context/definition.ts";
import { getKey, type KeyedQueue, noKeys } from "./inspect/keys.ts";
import type { Queue } from "./queue.ts";

/** Each is read when the object starts. */
const MOST_LIMITED = 10_000;

/** `given`: limits, or undefined for those of the configuration. */
export function limitKey(
  queue: Queue,
  keyed: KeyedQueue,
  file: Pick<QueueFile, "readEntry">,
  { key, given }: { key: string; given: unknown },
): Answer<KeyView> {
  const refused = checkKey(key) ?? noKeys(queue) ?? refusePattern(key) ?? refuseHere(queue);
  if (refused) return refused;
  const { ok: limits, failure } = given === undefined ? {} : readKeyLimits(file, given);
  if (failure) return { failure };
  const full = limits && refuseMore(keyed, key);
  if (full) return full;
  queue.commit.run(() => {
    const { rows } = keyed.keyStore;
    if (limits) rows.setLimits(key, limits);
    else rows.removeLimits(key);
    queue.push.reshape();
  });
  return getKey(keyed, key);
}

// It would look like a beginning, which only the configuration can limit.
function refusePattern(key: string): Answer<never> | undefined {
  if (!key.endsWith("*")) return undefined;
  const message = `key: found ${JSON.stringify(key)}, expected a key's whole name; extensions.keys.per_key limits all that begin alike`;
  return refuse("INVALID_REQUEST", message);
}

function refuseHere({ name, definition }: Queue): Answer<never> | undefined {
  return definition.exists ? undefined : unknownQueue(name);
}

function refuseMore({ keyStore }: KeyedQueue, key: string): Answer<never> | undefined {
  const set = keyStore.rows.limits();
  if (set.size < MOST_LIMITED || set.has(key)) return undefined;
  const message = `key: found ${set.size} keys with limits that were set, expected at most ${MOST_LIMITED}; extensions.keys.per_key limits all that begin alike`;
  return refuse("INVALID_REQUEST", message);
}
