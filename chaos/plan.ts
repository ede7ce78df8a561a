// What a run does, from its seed alone: how long each server lives, which version it is, what its queue.yaml
// and its clock are, and how it ends.
import { pick, randomOf } from "./random.ts";

export interface Life {
  /** How long it works before it is killed, in ms. */
  ms: number;
  /** `commit`: killed while a transaction is held open, before its end or right after it. */
  death: "any moment" | "in a commit" | "after a commit";
  version: "now" | "before";
  /** The slow rates of its queue.yaml, and whether the queue that comes and goes is listed. */
  isSlow: boolean;
  isListed: boolean;
  /** By how much its clock is ahead, in ms. */
  clockAheadMs: number;
  /** The queue whose object is ended on the way. */
  evicted: string | undefined;
}

export const QUEUES = ["left", "right", "doomed", "gone"] as const;

export function planOf(seed: number, kills: number): Life[] {
  const random = randomOf(seed);
  let clockAheadMs = 0;
  return Array.from({ length: kills }, (_, i) => {
    const jump = random();
    if (jump < 0.1) clockAheadMs += Math.round(random() * 90_000);
    else if (jump < 0.2) clockAheadMs -= Math.round(random() * 1000);
    return {
      ms: Math.round(700 + random() * 2300),
      death: pick(random, ["any moment", "any moment", "in a commit", "after a commit"]),
      // A stretch of the version before every ten lives, and never first or last.
      version: i % 10 === 4 || i % 10 === 5 ? "before" : "now",
      isSlow: random() < 0.3,
      isListed: random() < 0.8,
      clockAheadMs,
      evicted: random() < 0.3 ? pick(random, QUEUES) : undefined,
    } satisfies Life;
  });
}
