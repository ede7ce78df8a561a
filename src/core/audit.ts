// What operators did: who, when, what, to what, to how many, and how it ended.

/** `ack`, leases and adds are what queues are for, and are no acts. */
export const ACTS = [
  ...(["pause", "resume", "purge", "define", "remove", "import"] as const),
  ...([
    "run",
    "reschedule",
    "redrive",
    "redrive_cancel",
    "delete",
    "release",
    "limit_key",
    "reset_key",
    "alert_test",
  ] as const),
  ...(["cancel", "cron_run", "cron_pause", "cron_resume"] as const),
];

export type ActKind = (typeof ACTS)[number];

/** Who acts where the Worker's own code does. */
export const OWN_CODE = "worker";

/** Done to tasks: where the Worker's own code does it, that is its work and no act of an operator. */
const OF_TASKS: ReadonlySet<ActKind> = new Set([
  ...(["run", "reschedule", "redrive", "redrive_cancel", "delete"] as const),
]);

/** Whether an act of this person is in the audit. */
export function isAudited({ who, what }: Pick<Act, "who" | "what">): boolean {
  return who !== OWN_CODE || !OF_TASKS.has(what);
}

/** An act, as it is noted before it is done. */
export interface Act {
  who: string;
  what: ActKind;
  queue?: string | undefined;
  /** The name of the task, key, group or recurring task; absent where it is of many, or of the queue. */
  name?: string | undefined;
  /** It goes on for long, so that its entry is its own, and says how it ended whenever that is. */
  isLong?: true;
}

export interface AuditEntry {
  /** Of the first of these acts, RFC 3339. */
  at: string;
  who: string;
  what: ActKind;
  queue?: string;
  name?: string;
  /** How many acts these are: the same of the same person on the same queue within a minute share an entry. */
  acts: number;
  /** How many tasks they were done to. */
  count: number;
  /** `unknown`: of one at least it is not known how it ended, for the process did before, or it goes on. */
  outcome: "done" | "refused" | "unknown";
  /** Why the last that was refused was. */
  error?: string;
}

export interface AuditQuery {
  queue?: string | undefined;
  who?: string | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}

export interface AuditPage {
  entries: AuditEntry[];
  /** Absent on the last page. A page that has one may be short. */
  cursor?: string;
}
