// The parts of a queue's object beside the queue itself, and how their verbs are called: all through one method
// of the object, so that it stays thin.
import type { CronVerbs } from "./cron/scheduler.ts";
import type { DirectoryVerbs } from "./directory/directory.ts";
import type { GroupVerbs } from "./group/group.ts";
import type { CronTaskVerbs } from "./queue/cron-tasks.ts";
import type { JoiningVerbs } from "./queue/group-membership.ts";

export interface Parts {
  /** Of the one object that knows them: which queues there have been. */
  directory: DirectoryVerbs;
  /** The group the object is the owner of. */
  group: GroupVerbs;
  /** A queue's part in the groups of others. */
  joining: JoiningVerbs;
  /** Of the one object that keeps them: the recurring tasks. */
  cron: CronVerbs;
  /** A queue's part in recurring tasks. */
  cronTasks: CronTaskVerbs;
}

/** The object's side: calls a verb of one of its parts. */
export interface PartVerbs {
  ofPart(part: keyof Parts, verb: string, args: readonly unknown[]): Promise<unknown>;
}

/** The caller's side: the part's verbs, each one RPC. */
export function partOf<P extends keyof Parts>(object: DurableObjectStub, part: P): Parts[P] {
  const stub = object as unknown as PartVerbs;
  const call = (verb: string | symbol) => {
    if (typeof verb === "symbol" || verb === "then") return undefined;
    return (...args: unknown[]) => stub.ofPart(part, verb, args);
  };
  return new Proxy({}, { get: (_, verb) => call(verb) }) as Parts[P];
}
