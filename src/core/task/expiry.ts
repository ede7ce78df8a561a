// A task that is worth nothing after some time: one that has not been started by then ends as `expired`.
import { decimalOf } from "../decimal.ts";
import { type Answer, invalid } from "../errors.ts";
import { MAX_DELAY_S } from "../limits.ts";
import type { NewTask, Progress, StoredTask, TaskState } from "./task.ts";

/** The seconds in which a new task that is due at `due` is to be started, if it says so; times in ms since 1970. */
export function acceptExpiry(
  { expires }: NewTask,
  due: number,
  now: number,
): Answer<number | undefined> {
  if (expires === undefined) return { ok: undefined };
  const seconds = typeof expires === "string" ? decimalOf(expires) : expires;
  if (typeof seconds !== "number" || !(seconds > 0) || seconds > MAX_DELAY_S)
    return invalid(
      "expires",
      expires,
      `a number of seconds above 0, at most 30 days (${MAX_DELAY_S})`,
    );
  if (due < now + seconds * 1000) return { ok: seconds };
  const wait = (due - now) / 1000;
  return invalid("expires", expires, `more than the ${wait} s until the task is due`);
}

/** When the task expires should it not have been started by then (ms), if it does. */
export function expiryOf({
  createdAt,
  spec: { expires },
}: Pick<StoredTask, "createdAt" | "spec">): number | undefined {
  return expires === undefined ? undefined : createdAt + Math.round(expires * 1000);
}

/** Whether it was to be started before `now` (ms), as far as its row says. */
export function isLate(task: Pick<StoredTask, "createdAt" | "spec">, now: number): boolean {
  return (expiryOf(task) ?? Number.POSITIVE_INFINITY) <= now;
}

/** Whether an attempt of it, or a lease, has begun, as far as its row says. */
export function hasStarted({ attempts, begun, firstStartedAt, retryCount }: Progress): boolean {
  return attempts.length > 0 || retryCount > 0 || (begun ?? firstStartedAt) !== undefined;
}

/** The state of a task that has ended; one that expired is kept as a failed one is. */
export function endedState(state: TaskState, { expired }: Progress): TaskState {
  return state === "failed" && expired ? "expired" : state;
}
