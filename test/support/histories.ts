// How much of what could happen a test goes through: a part in the whole suite, with `HISTORIES=4` all steps and cases, and
// four times as many random histories.
import { env } from "cloudflare:workers";

const TIMES = Number((env as { HISTORIES?: string }).HISTORIES ?? 1);

export function histories(few: number): number {
  return few * TIMES;
}

/** From one step at which a test has something fail to the next. */
export const STRIDE = TIMES < 4 ? 3 : 1;

/** Cases of one kind that each take long: the first `few` of them in the whole suite. */
export function some<T>(few: number, cases: readonly T[]): readonly T[] {
  return TIMES < 4 ? cases.slice(0, few) : cases;
}
