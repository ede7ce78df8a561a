/**
 * How a command ended: 0 done, 1 refused or something was found, 2 what a plan says is lost, 130 interrupted; "usage"
 * when its arguments are wrong, which is 2 too.
 */
export type Exit = 0 | 1 | 2 | 130 | "usage";

/** Used wrongly: the message says which argument, what was found and what was expected. */
export class UsageError extends Error {}
