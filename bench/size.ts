// How much is measured. The short form is for a look whether everything still works, not for figures.

export interface Size {
  /** Slices of each side, those before that do not count, and tasks in one. */
  slices: number;
  warmUp: number;
  tasks: number;
  /** More than 1: the library is measured with so many attempts to a call, too. */
  attemptsPerCall: number;
  /** Single tasks on an idle queue. */
  samples: number;
  /** Slices in which it is looked how late a key's tasks are. */
  lateSlices: number;
  /** Tasks that wait while others are dispatched. */
  waiting: number;
  /** Kills with so many. */
  kills: number;
  /** Named tasks that are purged, and swept. */
  purged: number;
  /** Seconds of a paced queue. */
  paced: number;
  /** Tasks that the command moves. */
  moved: number;
}

export const FULL: Size = {
  slices: 25,
  warmUp: 2,
  tasks: 4000,
  attemptsPerCall: 16,
  samples: 250,
  lateSlices: 9,
  waiting: 1_000_000,
  kills: 7,
  purged: 300_000,
  paced: 12,
  moved: 1_000_000,
};

export const SHORT: Size = {
  slices: 1,
  warmUp: 1,
  tasks: 250,
  attemptsPerCall: 16,
  samples: 10,
  lateSlices: 1,
  waiting: 10_000,
  kills: 1,
  purged: 2000,
  paced: 2,
  moved: 10_000,
};
