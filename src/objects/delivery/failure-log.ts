// What the log hears of a handler that threw: of an attempt that is merely to be tried again, next to nothing.
import { PermanentTaskFailure, RetryLater, SingularTaskFailure } from "../../core/task/failures.ts";
import { writeText } from "../log.ts";

/** `task` names it, such as `task "welcome-42" on "mail"`. */
export function logFailure(task: string, error: unknown): void {
  if (error instanceof PermanentTaskFailure) {
    writeText("error", `${task} failed for good:`, error.message);
  } else if (error instanceof SingularTaskFailure) {
    writeText("debug", `${task} is tried again:`, error.message);
  } else if (!(error instanceof RetryLater)) {
    writeText("error", `${task} threw`, error);
  }
}
