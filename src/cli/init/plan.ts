// What `init` would do: texts of files, before and after, and lines that are left to be added by hand.

export interface Change {
  /** From the project's folder, with forward slashes. */
  path: string;
  /** Undefined for a new file. */
  before: string | undefined;
  after: string;
}

/** Lines to add by hand, and where. */
export interface Advice {
  place: string;
  lines: readonly string[];
  /** Whether the queues work only with them. */
  isNeeded: boolean;
}

export interface Plan {
  changes: readonly Change[];
  advice: readonly Advice[];
}

/** Why nothing can be done at all, as a sentence. */
export class Refusal extends Error {}
