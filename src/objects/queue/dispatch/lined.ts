// What a dispatcher has for tasks in lines, which a Worker may do without.
import type { KeysAtWork } from "./keys-at-work.ts";
import type { Lines, LinesDeps } from "./lines.ts";

export interface Lined {
  lines: Lines;
  keys: KeysAtWork;
}

/** `of`: what is under way and may not start again. */
export type NewLined = (of: Pick<LinesDeps, "isTaken" | "isRunning">) => Lined;
