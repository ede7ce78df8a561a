// A task's row key: its due millisecond, with room for 4,096 tasks in each. Keys order tasks by due time
// and, within one millisecond, by arrival; when a millisecond is full its tasks spill into the next.
// Tasks that somebody asked to run now lie in front of all these, in the keys that 2024 would have had;
// those that wait for their groups lie behind, in the keys of 2091.

const EPOCH_MS = Date.UTC(2024, 0, 1);
const PER_MS = 4096;
const ASIDE_PER_MS = 50;

/** Keys stay exact integers until then (2^53 / 4096 ms after the epoch); later times are cut to it. */
const LATEST_MS = Date.UTC(2090, 0, 1);

export function firstKeyOf(dueMs: number): number {
  return (Math.min(dueMs, LATEST_MS) - EPOCH_MS) * PER_MS;
}

export function lastKeyOf(dueMs: number): number {
  return firstKeyOf(dueMs) + PER_MS - 1;
}

export function dueOf(key: number): number {
  if (isParked(key)) return Math.floor((key - LAST_SCHEDULED_KEY - 1) / ASIDE_PER_MS) + EPOCH_MS;
  return Math.floor(key / (isExpedited(key) ? ASIDE_PER_MS : PER_MS)) + EPOCH_MS;
}

/** The last key of a task with a time: behind it lie those that wait for their groups. */
export const LAST_SCHEDULED_KEY = (Date.UTC(2091, 0, 1) - EPOCH_MS) * PER_MS - 1;

/** Whether a task at this key is a master that waits for its group, and has no time. */
export function isParked(key: number): boolean {
  return key > LAST_SCHEDULED_KEY;
}

/** A place among those that wait for their groups, in the order of the time (ms) they began to. */
export function firstParkedKeyOf(sinceMs: number): number {
  return LAST_SCHEDULED_KEY + 1 + firstExpeditedKeyOf(sinceMs);
}

/** The front's last key: until 2090 nothing in front comes near it, and no other task lies before it. */
export const LAST_EXPEDITED_KEY = (Date.UTC(2025, 0, 1) - EPOCH_MS) * PER_MS - 1;

/** Whether a task at this key was asked to run now, whatever its ETA, the rate or a pause say. */
export function isExpedited(key: number): boolean {
  return key <= LAST_EXPEDITED_KEY;
}

export function firstExpeditedKeyOf(dueMs: number): number {
  return (Math.min(dueMs, LATEST_MS) - EPOCH_MS) * ASIDE_PER_MS;
}

export function lastExpeditedKeyOf(dueMs: number): number {
  return firstExpeditedKeyOf(dueMs) + ASIDE_PER_MS - 1;
}

const KEY_DIGITS = 11;
const RANDOM_DIGITS = 9;

/** A name for a task that was given none: where it was first put, and random (0 to 1) as 9 digits. */
export function generatedName(key: number, random: number): string {
  const digits = Math.floor(random * 36 ** RANDOM_DIGITS);
  return base36(key, KEY_DIGITS) + base36(digits, RANDOM_DIGITS);
}

/** The first of the names that are generated with this key, in their order; all with keys before come before it. */
export function firstNameOf(key: number): string {
  return base36(key, KEY_DIGITS);
}

// In two halves, for of numbers beyond 31 bits toString(36) is ten times as slow.
const HALF_DIGITS = 5;
const HALF = 36 ** HALF_DIGITS;

function base36(n: number, digits: number): string {
  const high = Math.floor(n / HALF);
  const low = (n - high * HALF).toString(36).padStart(HALF_DIGITS, "0");
  return high.toString(36).padStart(digits - HALF_DIGITS, "0") + low;
}

/** The key a generated name was made from, or undefined for a name of another form. */
export function keyInName(name: string): number | undefined {
  if (!/^[0-9a-z]{20}$/.test(name)) return undefined;
  return Number.parseInt(name.slice(0, KEY_DIGITS), 36);
}
