// What to count, and in which parts. Values in, values out: nothing here knows of tasks or requests.

/** What one subtask counts, both ends included. `pauseMs` is the wait after each number. */
export interface Interval {
  from: number;
  to: number;
  pauseMs?: number | undefined;
}

/** A whole count and how many subtasks share it. */
export interface Job extends Interval {
  parts: number;
}

/** Why there is nothing to count. */
export interface Problem {
  problem: string;
}

/** Fields as they came in: strings of a form, or the values of a JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

const MAX_PARTS = 1000;
const MAX_NUMBERS_A_PART = 10_000;
const MAX_PAUSE_MS = 60_000;
const DEFAULT_PARTS = 10;

export function readJob(fields: Fields): Job | Problem {
  const interval = readInterval(fields, MAX_PARTS);
  const parts = wholeNumber(fields.parts ?? DEFAULT_PARTS);
  if ("problem" in interval) return interval;
  if (!isWithin(parts, 1, MAX_PARTS)) return wrong(fields, "parts", range(1, MAX_PARTS));
  const { from, to } = interval;
  if (size({ from, to }) > parts * MAX_NUMBERS_A_PART) return wrong(fields, "parts", FEWER_A_PART);
  return { ...interval, parts };
}

export function readInterval(fields: Fields, maxParts = 1): Interval | Problem {
  const from = wholeNumber(fields.from);
  const to = wholeNumber(fields.to);
  const pauseMs = wholeNumber(fields.pauseMs ?? 0);
  if (Number.isNaN(from)) return wrong(fields, "from", "a whole number");
  if (!(to >= from)) return wrong(fields, "to", `a whole number, ${from} or more`);
  if (size({ from, to }) > maxParts * MAX_NUMBERS_A_PART) return wrong(fields, "to", FEWER_A_PART);
  if (!isWithin(pauseMs, 0, MAX_PAUSE_MS)) return wrong(fields, "pauseMs", range(0, MAX_PAUSE_MS));
  return { from, to, pauseMs };
}

/** The job cut into intervals of the same size, give or take one; never an empty one. */
export function intervalsOf({ from, to, parts, pauseMs }: Job): Interval[] {
  const numbers = size({ from, to });
  const count = Math.min(parts, numbers);
  const start = (part: number) => from + Math.floor((part * numbers) / count);
  return Array.from({ length: count }, (_, part) => ({
    from: start(part),
    to: start(part + 1) - 1,
    pauseMs,
  }));
}

const FEWER_A_PART = `at most ${MAX_NUMBERS_A_PART} numbers a part`;

function size({ from, to }: Interval): number {
  return to - from + 1;
}

function wholeNumber(value: unknown): number {
  const isText = typeof value === "string" && value.trim() !== "";
  const number = isText ? Number(value) : value;
  return Number.isSafeInteger(number) ? (number as number) : Number.NaN;
}

function isWithin(number: number, least: number, most: number): boolean {
  return number >= least && number <= most;
}

function range(least: number, most: number): string {
  return `a whole number from ${least} to ${most}`;
}

function wrong(fields: Fields, field: string, expected: string): Problem {
  const found = JSON.stringify(fields[field]) ?? "nothing";
  return { problem: `${field}: found ${found}, expected ${expected}` };
}
