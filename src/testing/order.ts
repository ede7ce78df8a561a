// Time as a sequence of alarms: each fires at its time, in order, and nothing moves on before what it has started is
// settled. No real time decides anything.

/** A moment that something waits for, ms since 1970. */
export interface Moment {
  at: number;
}

export interface Alarms<M extends Moment> {
  /** The first that is set. */
  next(): M | undefined | Promise<M | undefined>;
  /** Moves the clock to the moment and fires what waits for it. */
  reach(moment: M): void | Promise<void>;
  /** Waits until nothing is under way. */
  settled(): Promise<void>;
}

/** Fires alarms until `isDone`, or none is left up to `end` (ms since 1970); whether it is done. */
export async function fireInOrder<M extends Moment>(
  alarms: Alarms<M>,
  end: number,
  isDone: (next: M | undefined) => boolean | Promise<boolean> = () => false,
): Promise<boolean> {
  for (;;) {
    await alarms.settled();
    const next = await alarms.next();
    if (await isDone(next)) return true;
    if (next === undefined || next.at > end) return false;
    await alarms.reach(next);
  }
}

/** Turns of the event loop without anything under way, after which nothing is. */
const QUIET_TURNS = 3;

// Tests may put fake timers in the place of this one.
const setTimer = globalThis.setTimeout.bind(globalThis);

/** Waits until `isBusy` has said no in so many turns on end. */
export async function untilQuiet(
  isBusy: () => boolean | Promise<boolean>,
  turns = QUIET_TURNS,
): Promise<void> {
  for (let quiet = 0; quiet < turns; ) {
    await new Promise<void>((resolve) => setTimer(resolve, 0));
    quiet = (await isBusy()) ? 0 : quiet + 1;
  }
}
