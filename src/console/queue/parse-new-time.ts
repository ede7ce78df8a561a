// Parses a typed time: seconds from now, or an RFC 3339 time.
import type { NewTime } from "../../core/task/new-task.ts";

/** Other input is passed on; the API reports the error. */
export function parseNewTime(text: string): NewTime {
  const given = text.trim();
  return /^\d+(\.\d+)?$/.test(given) ? { countdown: given } : { eta: given };
}
