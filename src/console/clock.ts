// The one clock of the page. Times come from the server, so it goes by the server's: a browser whose clock
// is wrong would otherwise show every task as late.
let ahead = 0;

/** ms since 1970, as the server has it. */
export function now(): number {
  return Date.now() + ahead;
}

/** The server has just sent its time. */
export function adjustClock(ms: number): void {
  const difference = ms - Date.now();
  // A second is what an answer may take on its way.
  ahead = Math.abs(difference) < 1000 ? 0 : difference;
}
