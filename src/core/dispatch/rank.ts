// Which of the tasks of one line starts first. A step of priority is worth a minute of waiting, so none waits for ever
// behind more urgent ones.

export const PRIORITY_STEP_MS = 60_000;

/** Of a task that has begun on a key that runs one at a time: before all others of its key. */
export const BEGUN = -1;

/** The least goes first; `due` in ms since 1970. */
export function rankOf(due: number, priority: number): number {
  return priority === BEGUN ? Number.NEGATIVE_INFINITY : due + priority * PRIORITY_STEP_MS;
}
