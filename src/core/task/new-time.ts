// When a waiting task is to run instead of when it was to.
import { type Answer, invalid } from "../errors.ts";
import { acceptDue } from "./new-task-rules.ts";
import type { NewTask } from "./task.ts";

/** An instant, or seconds from now: one of them, by the rules of a new task. */
export type NewTime = Pick<NewTask, "eta" | "countdown">;

const EXPECTED = "eta (an instant) or countdown (seconds from now)";

/** The new due time in ms since 1970. */
export function acceptNewTime(given: unknown, now: number): Answer<number> {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    return invalid("time", given, `an object of ${EXPECTED}`);
  }
  const { eta, countdown, ...rest } = given as NewTime;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return invalid("field", unknown, EXPECTED);
  if (eta === undefined && countdown === undefined) return invalid("time", given, EXPECTED);
  return acceptDue(given as NewTime, now);
}
