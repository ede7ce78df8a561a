// How much of a list one page may hold.
import { invalid, type Refusal } from "./errors.ts";

export const PAGE = { least: 1, most: 1000, default: 100 } as const;

export function checkLimit(limit: unknown): Refusal | undefined {
  const { least, most } = PAGE;
  if (Number.isInteger(limit) && (limit as number) >= least && (limit as number) <= most) {
    return undefined;
  }
  return invalid("limit", limit, `a whole number from ${least} to ${most}`);
}
