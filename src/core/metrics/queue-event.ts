// What happens to a queue and its tasks, as whoever follows it hears it.
import type { LogLevel } from "../log-level.ts";

/**
 * `redriven`: a failed task is on the queue again. `cut_off`: an attempt had no answer by its deadline; what becomes of
 * the task is an event of its own. `missed`: events were left out here, `count` of them where that is known.
 */
export type QueueEventKind =
  | "added"
  | "started"
  | "leased"
  | "done"
  | "retried"
  | "failed"
  | "expired"
  | "deleted"
  | "redriven"
  | "cut_off"
  | "paused"
  | "resumed"
  | "purged"
  | "defined"
  | "removed"
  | "missed";

export interface QueueEvent {
  event: QueueEventKind;
  /** RFC 3339. */
  at: string;
  task?: string;
  /** Which attempt of the task, or lease, it was: 1 is the first. */
  attempt?: number;
  /** What the handler answered. */
  status?: number;
  /** The first words of what went wrong. */
  error?: string;
  /** Seconds after its time at which the attempt began. */
  lateness?: number;
  /** Seconds that the attempt took. */
  runTime?: number;
  /** When the task is tried again, RFC 3339. */
  nextAttemptAt?: string;
  /** How many tasks were purged, or events missed. */
  count?: number;
}

/** Events of tasks that have lines, and their levels. */
export const LEVELS: { readonly [Kind in QueueEventKind]?: LogLevel } = {
  failed: "error",
  ...{ expired: "warn", cut_off: "warn" },
  retried: "info",
  ...{
    added: "debug",
    redriven: "debug",
    started: "debug",
    leased: "debug",
    done: "debug",
    deleted: "debug",
  },
};
