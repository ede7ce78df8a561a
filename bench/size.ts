// How much is measured. The short form is for a look whether everything still works, not for figures.

export interface Size {
  /** Slices of each side, and tasks in one. */
  slices: number;
  tasks: number;
  /** More than 1: the library is measured with so many attempts to a call, too. */
  attemptsPerCall: number;
  /** Single tasks on an idle queue. */
  samples: number;
  /** Tasks that wait while others are dispatched. */
  waiting: number;
  /** Kills with so many. */
  kills: number;
  /** Named tasks that are purged, and swept. */
  purged: number;
  /** Seconds of a paced queue. */
  paced: number;
}

export const FULL: Size = {
  slices: 25,
  tasks: 4000,
  attemptsPerCall: 16,
  samples: 250,
  waiting: 1_000_000,
  kills: 7,
  purged: 300_000,
  paced: 12,
};

export const SHORT: Size = {
  slices: 2,
  tasks: 500,
  attemptsPerCall: 16,
  samples: 20,
  waiting: 20_000,
  kills: 1,
  purged: 5000,
  paced: 2,
};
