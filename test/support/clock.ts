// The clock of every object in the tests. It does not move until a test moves it. It starts far in the
// future, so that no alarm set by it fires by itself: tests fire alarms, in order, by `runUntil`.
export const START = Date.UTC(2050, 0, 1);

export const clock = { now: START };
