// Did each due time of a recurring task get its task? Pure; readings of the server's clock in ms since 1970.

/** A turn of the scheduler, between two readings, and how long its server lived on after it. */
export interface Turn {
  from: number;
  to: number;
  livedOnMs: number;
}

/** A turn whose server ends sooner may not have got to add anything. */
const TIME_TO_ADD_MS = 1500;

/**
 * Due times without a task. A turn of the scheduler adds the last due time that has come; those before it, which
 * no turn found to be the last, were missed while nothing ran and are not caught up. A clock that went back shows
 * times again that were dealt with. `turns` in the order they came; `everyMs`: one is due at each multiple.
 */
export function missingTicks(
  turns: readonly Turn[],
  added: ReadonlySet<number>,
  everyMs: number,
): number[] {
  const missing = new Set<number>();
  // An entry is due from the deploy on.
  let last = Math.min(...added);
  const lastDueBy = (reading: number) => Math.floor(reading / everyMs) * everyMs;
  for (const { from, to, livedOnMs } of turns) {
    const due = lastDueBy(from);
    // Another time came during the turn: which of the two it took for the last is open.
    const isOpen = due < last || due < lastDueBy(to);
    last = Math.max(last, lastDueBy(to));
    if (!isOpen && livedOnMs >= TIME_TO_ADD_MS && !added.has(due)) missing.add(due);
  }
  return [...missing];
}

/** A stretch of the server's clock: up, without a jump. */
export interface Stretch {
  life: number;
  from: number;
  to: number;
}

/** A due time whose task ran, and the life of the server it ran in first. */
export interface Tick {
  due: number;
  life: number;
}

/**
 * Stretches in which nothing came by time alone: one was due, and so long after it as its life takes at most
 * (`withinMs`) neither it nor a later one had run.
 */
export function idleStretches(
  stretches: readonly Stretch[],
  ticks: readonly Tick[],
  everyMs: number,
  withinMs: (life: number) => number,
): Stretch[] {
  return stretches.filter(({ life, from, to }) => {
    const due = Math.floor((to - withinMs(life)) / everyMs) * everyMs;
    return due >= from && !ticks.some((tick) => tick.due >= due && tick.life <= life);
  });
}
