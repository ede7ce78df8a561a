// What a group has to have done by others: parts to be put on their queues, subtasks to be dropped, `then` to
// be added, the master and the queues to be told that it is over. Each errand is read from the rows, done in
// turns of the alarm, and crossed off once the other object has it on disk.
import type { Answer, Failure } from "../../core/errors.ts";
import { reasonOf } from "../../core/task/group.ts";
import type { GroupRecord } from "../../store/meta.ts";
import type { Store } from "../../store/queue/queue-store.ts";
import type { JoiningVerbs } from "../queue/group-membership.ts";
import type { Group } from "./group.ts";
import { GROUP_KEPT_MS } from "./progress.ts";
import { isOver } from "./record.ts";

export interface ErrandDeps {
  store: Store;
  group: Group;
  /** ms since 1970 */
  now: () => number;
  /** A queue's part in groups. */
  queue: (name: string) => JoiningVerbs;
  /** Makes sure of a turn at `at` (ms). */
  wakeBy: (at: number) => void;
}

const AGAIN_MS = 2_000;
/** Should the object end while an errand is under way, an alarm lies within this. */
const WATCHDOG_MS = 10_000;

export class GroupErrands {
  readonly #deps: ErrandDeps;
  #isUnderWay = false;
  #notBefore = 0;

  constructor(around: ErrandDeps) {
    this.#deps = around;
  }

  /** Sets the alarm for what is to be done next; on start, and after every change. */
  arm(): void {
    const { group, wakeBy, now } = this.#deps;
    const { record } = group;
    if (!record || this.#isUnderWay) return;
    if (this.#next(record)) wakeBy(Math.max(now(), this.#notBefore));
    else if (record.endedAt !== undefined) wakeBy(record.endedAt + GROUP_KEPT_MS);
  }

  /** Does what is to be done, or forgets the group when its time has come; an alarm calls it. */
  turn(): void {
    const { group, now } = this.#deps;
    const { record } = group;
    if (!record) return;
    if (this.#isUnderWay) {
      this.#deps.wakeBy(now() + WATCHDOG_MS);
      return;
    }
    if (record.endedAt !== undefined && record.endedAt + GROUP_KEPT_MS <= now()) {
      this.#run(() => this.#forget(record));
    } else if (this.#notBefore <= now() && this.#next(record)) this.#run(() => this.#goAll());
    else this.arm();
  }

  #run(work: () => Promise<void>): void {
    this.#isUnderWay = true;
    this.#deps.wakeBy(this.#deps.now() + WATCHDOG_MS);
    void work()
      .catch((error) => {
        console.error(`task queue: an errand of a group failed, trying again`, error);
        this.#notBefore = this.#deps.now() + AGAIN_MS;
      })
      .finally(() => {
        this.#isUnderWay = false;
        this.arm();
      });
  }

  async #goAll(): Promise<void> {
    const { group } = this.#deps;
    for (let go = this.#next(group.record); go; go = this.#next(group.record)) await go();
  }

  /** The next errand, undefined when there is none. */
  #next(record: GroupRecord | undefined): (() => Promise<void>) | undefined {
    if (!record) return undefined;
    const { state, then, masterWaits, cancelled, left } = record;
    if (this.#deps.store.members.hasParts()) return () => this.#putParts(record);
    if (cancelled === "asked") return () => this.#drop(record);
    if (state === "done" && then && !then.added) return () => this.#addThen(record, then);
    if (state !== "running" && masterWaits) return () => this.#tellMaster(record, state);
    if (isOver(record) && !left && queuesOf(record).length > 0) return () => this.#leave(record);
    return undefined;
  }

  /** Notes that an errand of this group is done, unless its name stands for another by now. */
  #done({ first }: GroupRecord, change: (record: GroupRecord) => GroupRecord): void {
    this.#deps.group.change((current) =>
      current.first.part === first.part ? change(current) : current,
    );
  }

  async #putParts({ name, first }: GroupRecord): Promise<void> {
    const { store, group, queue: of } = this.#deps;
    const parts = store.members.nextParts();
    await Promise.all(
      parts.map(async ({ number, queue, indexes, tasks }) => {
        const call = { group: name, first: first.part, part: number, indexes, tasks };
        taken(await of(queue).join(call));
        group.change((record) => {
          store.members.removePart(number);
          return record;
        });
      }),
    );
  }

  async #drop(record: GroupRecord): Promise<void> {
    const { name, parts, queues } = record;
    await Promise.all(queues.map((queue) => this.#deps.queue(queue).drop(name, parts)));
    this.#done(record, (current) => ({ ...current, cancelled: "told" }));
  }

  async #addThen(
    record: GroupRecord,
    { queue, task }: NonNullable<GroupRecord["then"]>,
  ): Promise<void> {
    const { name, parts, first } = record;
    const call = { group: name, first: first.part, part: parts, indexes: [null], tasks: [task] };
    const [failure] = taken(await this.#deps.queue(queue).join(call));
    if (failure) console.error(`task queue: "then" of the group "${name}" was refused:`, failure);
    this.#done(record, (current) => ({
      ...current,
      then: { queue, task, added: true, ...(failure ? { error: failure.message } : {}) },
      queues: [...new Set([...current.queues, queue])],
    }));
  }

  async #tellMaster(record: GroupRecord, state: "done" | "failed" | "cancelled"): Promise<void> {
    const { queue, store } = this.#deps;
    const { name, master, masterMadeAt, total } = record;
    if (master && masterMadeAt !== undefined) {
      const { done = 0, failed = 0, deleted = 0 } = store.members.count();
      const reason =
        state === "done" ? {} : { reason: reasonOf(name, state, { total, done, failed, deleted }) };
      const news = { name: master.name, madeAt: masterMadeAt, group: name, state, ...reason };
      await queue(master.queue).ended(news);
    }
    this.#done(record, ({ masterWaits: _, ...rest }) => rest);
  }

  async #leave(record: GroupRecord): Promise<void> {
    const { name, parts } = record;
    const queues = queuesOf(record);
    await Promise.all(queues.map((queue) => this.#deps.queue(queue).leave(name, parts)));
    this.#done(record, (current) => ({ ...current, left: true, formerQueues: [] }));
  }

  async #forget(record: GroupRecord): Promise<void> {
    if (!record.left) await this.#leave(record);
    this.#deps.group.forget();
  }
}

function queuesOf({ queues, formerQueues }: GroupRecord): string[] {
  return [...new Set([...queues, ...formerQueues])];
}

function taken(answer: Answer<Failure[]>): Failure[] {
  if (answer.failure) throw new Error(`${answer.failure.code}: ${answer.failure.message}`);
  return answer.ok;
}
