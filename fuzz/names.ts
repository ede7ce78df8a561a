// The names that valid requests use. Few, so that requests meet what others have made, and so that what is stored
// does not grow with their number.
import type { Random } from "./random.ts";

export const PUSH = ["fast", "stopped", "results", "once", "default"];
export const PULL = ["pull", "pull-once"];
/** Of no file: made and removed by PUT and DELETE, or never there. */
export const MADE = ["made-1", "made-2", "made-3", "nowhere"];

/** Texts that a request carries until it is sent, when one that the server gave out takes their place. */
export const SEEN = {
  /** Of one leased task: its queue, its name, its lease, and the end of it. */
  queue: "SEEN-QUEUE",
  task: "SEEN-TASK",
  lease: "SEEN-LEASE",
  scheduleTime: "SEEN-TIME",
  cursor: "SEEN-CURSOR",
} as const;

/** Of tasks. */
export const KEYS = ["acme", "b/c", "free-1", "*", ".", "~pause", "__proto__"];

export const PROJECTS = ["p", "p", "p", "other-project"];
export const LOCATIONS = ["l", "l", "l", "us-central1"];

/** Most often one that keeps its tasks, so that there are some. */
export function queueName(r: Random): string {
  return r.pick([...PUSH, ...PULL, ...PULL, "stopped", "stopped", "stopped", ...MADE]);
}

export function taskName(r: Random): string {
  return `t-${r.int(30)}`;
}

export function groupName(r: Random): string {
  return `g-${r.int(20)}`;
}

export function cronName(r: Random): string {
  return r.pick(["tally", "nightly", "none"]);
}
