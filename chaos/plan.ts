// What a run does, from its seed alone: how long each server lives, which version it is, what its queue.yaml
// and its clock are, and how it ends.
import type { Deployed } from "./config.ts";
import { pick, randomOf } from "./random.ts";
import { LIMIT_OBJECT } from "./sharing.ts";

export interface Life extends Deployed {
  /** How long it works before it is killed, in ms. */
  ms: number;
  /** `commit`: killed while a transaction is held open, before its end or right after it. */
  death: "any moment" | "in a commit" | "after a commit";
  /** By how much its clock is ahead at its start, in ms. */
  clockAheadMs: number;
  /** By how much its clock jumps in the middle; 0: not at all. */
  jumpMs: number;
  /** The queue whose object is ended on the way. */
  evicted: string | undefined;
}

export const EVICTED = [
  "left",
  "right",
  "late",
  "doomed",
  "kept",
  "gone",
  "keyed",
  "pull-keyed",
  "together",
  "ruled",
  "sharing-one",
  LIMIT_OBJECT,
] as const;

/** A life whose clock jumps near a deadline: time for handlers to be under way before it, and to answer after it. */
const NEAR_DEADLINE_MS = 4000;

/** One life in so many is longer than the shortest deadline there is. */
const LONG_EVERY = 16;
const LONG_MS = 17_000;

/** `shards`: how many each queue has, in equal stretches of lives. */
export function planOf(seed: number, kills: number, shards: readonly number[] = [1]): Life[] {
  const random = randomOf(seed);
  const isSharded = shards.some((n) => n > 1);
  let clockAheadMs = 0;
  return Array.from({ length: kills }, (_, i) => {
    const jump = random();
    if (jump < 0.1) clockAheadMs += Math.round(random() * 90_000);
    else if (jump < 0.2) clockAheadMs -= Math.round(random() * 1000);
    const life = {
      ms: i % LONG_EVERY === 9 ? LONG_MS : Math.round(700 + random() * 2300),
      death: pick(random, ["any moment", "any moment", "in a commit", "after a commit"]),
      // A stretch of the version before every ten lives, and never first or last.
      // It knows of one shard alone.
      version: !isSharded && (i % 10 === 4 || i % 10 === 5) ? "before" : "now",
      isSlow: random() < 0.3,
      isListed: random() < 0.8,
      shards: shards[Math.floor((i * shards.length) / kills)] ?? 1,
      clockAheadMs,
      jumpMs: jumpOf(random, i),
      evicted: random() < 0.3 ? pick(random, EVICTED) : undefined,
    } satisfies Life;
    clockAheadMs += life.jumpMs;
    return isNearDeadline(life) ? { ...life, ms: Math.max(life.ms, NEAR_DEADLINE_MS) } : life;
  });
}

/** Whether the clock jumps past the shortest deadline, or to just before it. */
export function isNearDeadline({ jumpMs }: Pick<Life, "jumpMs">): boolean {
  return jumpMs > 12_000;
}

/** Past every deadline by some seconds, or not yet past one, or back; of each kind one in six at least. */
function jumpOf(random: () => number, i: number): number {
  const [kind, size] = [random(), random()];
  const forced = ["near", "past", "back"][(i % 6) - 1];
  const drawn = kind < 0.1 ? "past" : kind < 0.2 ? "back" : kind < 0.3 ? "some" : "none";
  const by = {
    near: 12_500 + size * 1000,
    past: 21_000 + size * 9000,
    back: -1000 - size * 1000,
    some: 1000 + size * 5000,
    none: 0,
  };
  return Math.round(by[(forced ?? drawn) as keyof typeof by]);
}
