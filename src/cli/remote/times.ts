// Times as they are given on the command line.
import { UsageError } from "../terminal/exit.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** "90", "90s", "15m", "2h", "7d" in seconds; throws a UsageError for what is none. */
export function secondsOf(option: string, text: string): number {
  const [, number, unit = "s"] = /^(\d+(?:\.\d+)?)([smhd])?$/.exec(text) ?? [];
  if (number !== undefined) return Number(number) * (UNITS[unit] as number);
  throw new UsageError(`--${option}: found "${text}", expected seconds, or such as 15m, 2h, 7d`);
}
