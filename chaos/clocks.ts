// By which clock starts are held against a bound: the server's, which gives nothing twice where it goes back, or one
// that goes on there. Pure; times in ms.
import type { Stamped } from "./bound.ts";
import type { Life } from "./plan.ts";
import type { Execution } from "./sort.ts";

export interface Clock {
  stampOf(one: Execution): Stamped;
  /** The latest that it has shown in each life. */
  peaks: readonly number[];
}

export const byServer = (peaks: readonly number[]): Clock => ({
  stampOf: ({ life, at = 0, turn = 0, latest = 0 }) => ({ life, at, turn, latest }),
  peaks,
});

/**
 * Where tokens are lent. Who is lent some has them from then on, by whatever its clock says: what counts for them is the
 * time that has passed. `isLent`: in which lives.
 */
export function byTimePassed(
  lives: readonly Life[],
  peaks: readonly number[],
  isLent: (life: Life) => boolean = () => true,
): Clock {
  const own = byServer(peaks);
  const gone = goneBack(lives, isLent);
  return {
    stampOf: (one) => {
      const { life, at, turn, latest } = own.stampOf(one);
      const [{ before }, lived] = [gone[life] ?? NONE, lives[life]];
      if (!lived || !isLent(lived))
        return { life, at, turn: turn + before, latest: latest + before };
      const { turnOnward = turn, latestOnward = latest } = one;
      return { life, at, turn: turnOnward + before, latest: latestOnward + before };
    },
    peaks: peaks.map((peak, life) => peak + (gone[life] ?? NONE).after),
  };
}

const NONE = { before: 0, after: 0 };

/** By how much clocks had gone back before each life, and when it ended. */
function goneBack(
  lives: readonly Life[],
  isLent: (life: Life) => boolean,
): { before: number; after: number }[] {
  let gone = 0;
  return lives.map((life, i) => {
    const { clockAheadMs, jumpMs } = life;
    const { clockAheadMs: ahead = clockAheadMs, jumpMs: jumped = 0 } = lives[i - 1] ?? {};
    if (isLent(life)) gone += Math.max(0, ahead + jumped - clockAheadMs);
    const before = gone;
    if (isLent(life)) gone += Math.max(0, -jumpMs);
    return { before, after: gone };
  });
}
