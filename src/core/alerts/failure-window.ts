// How many tasks failed lately: counts in slots of a sixtieth of the time that is looked at. Times in ms.

export type FailureCounts = readonly (readonly [slot: number, count: number])[];

const SLOTS = 60;

/** With `count` more, at `now`; without what is older than the time. */
export function withFailures(
  counts: FailureCounts,
  count: number,
  now: number,
  windowMs: number,
): FailureCounts {
  const slot = Math.floor((now * SLOTS) / windowMs);
  const recent = counts.filter(([it]) => it > slot - SLOTS && it !== slot);
  const [, before] = counts.find(([it]) => it === slot) ?? [slot, 0];
  return [...recent, [slot, before + count]];
}

/** How many there were in the time before `now`, up to a sixtieth of it. */
export function failuresIn(counts: FailureCounts, now: number, windowMs: number): number {
  const slot = Math.floor((now * SLOTS) / windowMs);
  return sum(counts.filter(([it]) => it > slot - SLOTS));
}

/** When there will be no more than `most` of those there are. */
export function failuresFallAt(counts: FailureCounts, most: number, windowMs: number): number {
  const inOrder = [...counts].sort(([a], [b]) => a - b);
  let left = sum(inOrder);
  for (const [slot, count] of inOrder) {
    left -= count;
    if (left <= most) return Math.ceil(((slot + SLOTS) * windowMs) / SLOTS);
  }
  return 0;
}

function sum(counts: FailureCounts): number {
  return counts.reduce((total, [, count]) => total + count, 0);
}
