// Back-pressure. A 503 from a handler slows the whole queue down, as in App Engine, whose curve is
// unpublished. Here it is TCP's: halve the rate at most once a second, then add a tenth of the configured
// rate a second.

/** The share of the configured rate that is enforced (0.01 to 1), and when it last changed (ms). */
export interface Throttle {
  share: number;
  changedAt: number;
}

export const UNTHROTTLED: Throttle = { share: 1, changedAt: 0 };

const STEP_MS = 1000;
const LOWEST_SHARE = 0.01;
const CLIMB = 0.1;

export function afterOverload(throttle: Throttle, now: number): Throttle {
  if (throttle.share < 1 && now - throttle.changedAt < STEP_MS) return throttle;
  return { share: Math.max(LOWEST_SHARE, throttle.share / 2), changedAt: now };
}

export function afterSuccess(throttle: Throttle, now: number): Throttle {
  if (throttle.share === 1 || now - throttle.changedAt < STEP_MS) return throttle;
  // Rounded, so that ten tenths make a whole.
  const share = Math.round((throttle.share + CLIMB) * 1000) / 1000;
  return { share: Math.min(1, share), changedAt: now };
}
