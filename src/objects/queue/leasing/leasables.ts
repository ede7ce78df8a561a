// Which tasks of a pull queue can be leased next, as leasing asks for it. Where tasks have keys or priorities it is
// LinedLeases, else LeaseTable.
import type { TaskRow } from "../../../store/queue/tasks.ts";
import type { Leasable } from "./ends.ts";

export type Tag = string | undefined;

export interface Leasables {
  /** The first `max` tasks that are available at `now` (ms); of one tag, if it is given. */
  available(now: number, max: number, tag?: string): Leasable[];
  /** The task is leased until `until` (ms), or was given back then. */
  lease(task: Pick<TaskRow, "key" | "name" | "spec">, until: number): void;
  /** Inside a commit: these were leased together. */
  spend(tasks: readonly Pick<TaskRow, "spec">[], now: number): void;
  /** The task's lease reached nobody: it is where it was before it was ever leased. */
  undelivered(task: Pick<TaskRow, "key" | "spec">): void;
  /** The task at this key has left, or was moved elsewhere. */
  forget(key: number): void;
  clear(): void;
  /** A row was written at `key`. */
  rewindTo(key: number): void;
  /** Tasks under a lease that holds at `now`, as far as they are known since the start. */
  leasedAt(now: number): number;
  /** Whether it knows of a lease; one that ran out stays known until its task is leased again. */
  readonly anyLeased: boolean;
  /** The first moment after `now` at which a task becomes available by itself, infinite if there is none. */
  nextMoment(now: number): number;
  /** Tags of tasks whose lease or whose wait for their time ended from `since` to `now` (ms); undefined: of too many. */
  tagsBetween(since: number, now: number, max: number): Set<Tag> | undefined;
  /** The tag of the task at this key, if there is one. */
  at(key: number): { tag: Tag } | undefined;
  /** Whether since this was last asked tasks became available that were there before, for their keys were waiting. */
  takeReleased(now: number): boolean;
}
