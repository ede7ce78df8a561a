// How far a test moves the clock: "10m", "1h30m", "500ms", or a number of milliseconds.
const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const PART = /([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)/g;
const WHOLE = /^(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d))+$/;

/** Milliseconds, or one or more numbers that each have a unit: ms, s, m, h or d. */
export type Duration = number | string;

export function milliseconds(duration: Duration): number {
  if (typeof duration === "number" && duration >= 0 && Number.isFinite(duration)) return duration;
  const text = String(duration).replaceAll(" ", "");
  if (!WHOLE.test(text)) {
    const found = JSON.stringify(duration);
    throw new TypeError(`duration: found ${found}, expected milliseconds or such as "1h30m"`);
  }
  const parts = [...text.matchAll(PART)];
  return parts.reduce((sum, [, n, unit]) => sum + Number(n) * (UNITS[unit as string] ?? 0), 0);
}
