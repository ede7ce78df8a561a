// An alert as callers see it; times RFC 3339.

export interface AlertView {
  name: string;
  /** "oldest_due_older_than 10m" */
  when: string;
  /** A queue, or the origin of a url. */
  to: string;
  state: "quiet" | "begun";
  /** Since when it is on. */
  since?: string;
  /** Messages that have not arrived yet. */
  pending: number;
  /** The last that arrived. */
  lastSent?: { event: "begun" | "over"; at: string };
  /** Why the last try failed to send what is pending. */
  lastFailure?: { at: string; error: string; tries: number };
  /** When it is tried again. */
  nextTryAt?: string;
}

/** In a list of several queues'. */
export interface ListedAlert extends AlertView {
  queue: string;
}

/** What came of a test message. */
export interface AlertTest {
  queue: string;
  alert: string;
  /** The webhook's id, or the task's name. */
  id: string;
  sent: boolean;
  /** What a webhook was answered with. */
  status?: number;
  /** Why it did not arrive. */
  error?: string;
}
