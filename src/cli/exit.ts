/** How a command ended: 0 done, 1 refused or something was found, "usage" when its arguments are wrong. */
export type Exit = 0 | 1 | "usage";
