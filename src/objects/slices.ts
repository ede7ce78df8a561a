// Work on many rows in slices, between which others are served.

/** How long a slice may take, with what is served after it. */
const SLICE_MS = 7;
const ROWS = { first: 100, least: 50, most: 500 };

/**
 * `slice` works on up to so many rows, and says whether there are none behind them; how many slices it took. An object's
 * clock (ms) stands still while it works, so a slice is timed together with the turn that is left to others.
 */
export async function inSlices(
  now: () => number,
  slice: (rows: number) => boolean,
): Promise<number> {
  let rows = ROWS.first;
  for (let slices = 1; ; slices++) {
    const began = now();
    if (slice(rows)) return slices;
    await new Promise((resolve) => setTimeout(resolve, 0));
    rows = sizeAfter(rows, now() - began);
  }
}

function sizeAfter(rows: number, took: number): number {
  if (took > SLICE_MS) return Math.max(ROWS.least, rows >> 1);
  return took < SLICE_MS / 2 ? Math.min(ROWS.most, rows * 2) : rows;
}
