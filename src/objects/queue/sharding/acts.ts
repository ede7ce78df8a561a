// What the calls of a shard act on, for those that may find it on its way to another shard.
import type { Acted } from "./transit.ts";

export type ActedOn = (args: readonly unknown[]) => Acted;

const all: ActedOn = () => "all";
const one: ActedOn = ([name]) => [name];
const many: ActedOn = ([names]) => names as unknown[];
const ofOne: ActedOn = ([given]) => namesIn([given]);
const ofMany: ActedOn = ([given]) => namesIn(given);

function namesIn(given: unknown): unknown[] {
  return (given as { name: unknown }[]).map(({ name }) => name);
}

/** By the call's name; the others read, or add. */
export const ACTED_ON: Partial<Record<string, ActedOn>> = {
  ...{ delete: many, redrive: many, run: one, reschedule: one, release: one },
  ...{ acknowledge: ofMany, withdrawLeases: ofMany, modifyLease: ofOne, failLeased: ofOne },
  ...{ addWhereItWas: ofOne, endMaster: ofOne, redriveAll: all, redriveBatch: all, dropGroup: all },
};
