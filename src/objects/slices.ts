// Work on many rows in slices, between which others are served.

/** How long a slice may take, with what is served after it. */
const SLICE_MS = 7;
/** A hundred rows cost little more than what each commit costs. */
const ROWS = { least: 100, most: 500 };

/**
 * `slice` works on up to so many rows, and says whether there are none behind them; how many slices it took. An object's
 * clock (ms) stands still while it works, so a slice is timed together with the turn that is left to others. These
 * have as long again before the next: a request takes several turns, and with a slice in each would wait for all.
 */
export async function inSlices(
  now: () => number,
  slice: (rows: number) => boolean | Promise<boolean>,
): Promise<number> {
  let rows = ROWS.least;
  for (let slices = 1; ; slices++) {
    const began = now();
    if (await slice(rows)) return slices;
    await pause(0);
    const took = now() - began;
    await pause(Math.min(took, SLICE_MS));
    rows = sizeAfter(rows, took);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function sizeAfter(rows: number, took: number): number {
  if (took > SLICE_MS) return Math.max(ROWS.least, rows >> 1);
  return took < SLICE_MS / 2 ? Math.min(ROWS.most, rows * 2) : rows;
}
