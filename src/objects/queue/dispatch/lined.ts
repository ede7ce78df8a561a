// What a dispatcher has for tasks in lines, which a Worker may do without.
import type { KeysAtWork } from "./keys-at-work.ts";
import type { Lines, LinesDeps } from "./lines.ts";

export interface Lined {
  lines: Lines;
  keys: KeysAtWork;
}

/** What is under way, or held back, and may not start. */
export type Unstartable = Pick<LinesDeps, "isTaken" | "isRunning" | "isHeldBack">;

export type NewLined = (of: Unstartable) => Lined;
