// How late alarms come: the clock's tick, the platform's own work before a turn, a busy machine. What a bucket
// gains in the meantime has to fit into it, so the plan wakes earlier by the latest of what was seen lately.

/** What any alarm may be late, in ms. */
export const USUAL_LATE_MS = 2;

/** No more than this is made up for, in ms: what is later is an outage, and no bucket is meant to bridge it. */
export const MOST_LATE_MS = 50;

// A later alarm counts at once, and is forgotten within some two hundred that are not.
const FORGOTTEN = 1 / 32;

/** `estimate` of how late alarms come (ms) after one that was `late`. */
export function afterAlarm(estimate: number, late: number): number {
  const seen = Math.min(Math.max(late, USUAL_LATE_MS), MOST_LATE_MS);
  return Math.max(seen, estimate + (seen - estimate) * FORGOTTEN);
}
