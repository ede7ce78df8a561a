// A time as it is typed: seconds from now, or an instant.
import type { NewTime } from "../../core/task/new-task.ts";

/** The API says what is wrong with anything else. */
export function parseTime(text: string): NewTime {
  const given = text.trim();
  return /^\d+(\.\d+)?$/.test(given) ? { countdown: given } : { eta: given };
}
