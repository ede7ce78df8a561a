// Where attempts have their tokens from: the queue's own bucket, or a share of it.

export interface TokenSource {
  /** Whether spending `n` tokens writes nothing. */
  covers(n: number, now: number): boolean;
  /** Takes `n` tokens; unless they are covered, inside a commit. `areMore`: tasks may be due that have to wait. */
  spend(n: number, now: number, areMore: boolean): void;
  /** A handler answered 503. */
  overloaded(now: number): void;
  succeeded(now: number): void;
}
