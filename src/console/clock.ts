// The page's clock, synchronized with the server's: with a wrong browser clock every task
// would be shown as late.
let ahead = 0;

/** Server time in ms since 1970. */
export function now(): number {
  return Date.now() + ahead;
}

/** Synchronizes with a server time that was just received. */
export function syncClock(ms: number): void {
  const difference = ms - Date.now();
  // Differences under a second are network latency.
  ahead = Math.abs(difference) < 1000 ? 0 : difference;
}
