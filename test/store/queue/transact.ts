// A store's steps inside a commit, as the queue's object makes them.
import { Commit } from "../../../src/objects/commit.ts";
import type { QueueStore } from "../../../src/store/queue/queue-store.ts";
import type { Sql } from "../../../src/store/sql.ts";

export function transact<T>(sql: Sql, store: QueueStore, now: number, work: () => T): T {
  const commit = new Commit({ sql, now: () => now, nextTurn: (work) => work() });
  commit.join(store);
  return commit.run(work);
}
