// What a group needs other objects to do: accept batches of subtasks, drop subtasks, add `then`, end the
// master, forget the group. Each step is read from the rows, done by one job of the alarm, and noted once
// the other object has it on disk; done twice it changes nothing. The order of the steps:
//
//   batches accepted -> (cancelled: subtasks dropped) -> (done: `then` added)
//     -> (ended: master ended) -> (failed: queues count it) -> (over: queues forget the group) -> a week later the record is erased
import { type Answer, type Failure, refuse } from "../../core/errors.ts";
import type { Meter, MeterCounts } from "../../core/metrics/meter.ts";
import { reasonOf } from "../../core/task/group.ts";
import type { GroupRecord, GroupStore } from "../../store/group/group-store.ts";
import type { SubtaskBatch } from "../../store/group/subtask-batches.ts";
import { AlarmJob } from "../alarm-job.ts";
import { writeLine } from "../log.ts";
import type { BatchCall, QueueRpc } from "../rpc.ts";
import type { Group } from "./group.ts";
import { GROUP_KEPT_MS } from "./progress.ts";
import { isOver } from "./record.ts";

export interface CoordinatorDeps {
  store: GroupStore;
  group: Group;
  /** ms since 1970 */
  now: () => number;
  queue: (name: string) => QueueRpc;
  /** Called when a run has ended. */
  ended: () => void;
  /** What its object uses, where that is counted: told to queues with calls that go there anyway. */
  meter: Meter | undefined;
}

const RETRY_MS = 2_000;

export class GroupCoordinator extends AlarmJob {
  readonly #deps: CoordinatorDeps;

  constructor(deps: CoordinatorDeps) {
    super({
      name: "a step of a group",
      now: deps.now,
      pendingAt: () => this.#pendingAt(),
      run: () => this.#runAll(),
      ended: deps.ended,
      retryMs: RETRY_MS,
    });
    this.#deps = deps;
  }

  #pendingAt(): number | undefined {
    const { record } = this.#deps.group;
    if (!record) return undefined;
    if (this.#next(record)) return 0;
    return record.endedAt === undefined ? undefined : record.endedAt + GROUP_KEPT_MS;
  }

  async #runAll(): Promise<void> {
    const { group, now } = this.#deps;
    for (let step = this.#next(group.record); step; step = this.#next(group.record)) await step();
    const { record } = group;
    if (record?.endedAt === undefined || record.endedAt + GROUP_KEPT_MS > now()) return;
    if (!record.forgotten) await this.#forget(record);
    group.erase();
  }

  /** The next step, undefined when there is none. */
  #next(record: GroupRecord | undefined): (() => Promise<void>) | undefined {
    if (!record) return undefined;
    const { state, then, masterParked, cancelled, forgotten, failureTold } = record;
    if (this.#deps.store.batches.any()) return () => this.#sendBatches(record);
    if (cancelled === "requested") return () => this.#drop(record);
    if (state === "done" && then && !then.added) return () => this.#addThen(record, then);
    if (state !== "running" && masterParked) return () => this.#endMaster(record, state);
    if (state === "failed" && !failureTold) return () => this.#tellFailure(record);
    if (isOver(record) && !forgotten && queuesOf(record).length > 0)
      return () => this.#forget(record);
    return undefined;
  }

  /** Notes that a step of this group is done, unless another group has its name by now. */
  #done({ first }: GroupRecord, change: (record: GroupRecord) => GroupRecord): void {
    this.#deps.group.change((current) =>
      current.first.batch === first.batch ? change(current) : current,
    );
  }

  // A queue that does not answer delays its own batches alone.
  async #sendBatches(record: GroupRecord): Promise<void> {
    const batches = this.#deps.store.batches.next();
    const sent = await Promise.allSettled(batches.map((batch) => this.#sendBatch(record, batch)));
    const failed = sent.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }

  async #sendBatch({ name, first }: GroupRecord, batch: SubtaskBatch): Promise<void> {
    const { number, queue, indexes, tasks } = batch;
    const call = { group: name, first: first.batch, batch: number, indexes, tasks };
    const answer = await this.#accept(queue, call);
    this.#deps.group.batchSent(batch, answer.failure);
  }

  /** A queue that was removed refuses for good; whatever else fails is tried again. */
  async #accept(queue: string, call: BatchCall): Promise<Answer<Failure[]>> {
    if (!(await this.#deps.group.isKnown(queue))) {
      return refuse("UNKNOWN_QUEUE", `queue: there is no queue "${queue}" any more`);
    }
    const answer = await this.#deps.queue(queue).acceptBatch(call, this.#deps.meter?.untold());
    if (!answer.failure || answer.failure.code === "UNKNOWN_QUEUE") return answer;
    throw new Error(`${answer.failure.code}: ${answer.failure.message}`);
  }

  async #drop(record: GroupRecord): Promise<void> {
    const { name, batches, queues } = record;
    await this.#each(queues, (queue) => queue.dropGroup(name, batches));
    this.#done(record, (current) => ({ ...current, cancelled: "dropped" }));
  }

  async #addThen(
    record: GroupRecord,
    { queue, task }: NonNullable<GroupRecord["then"]>,
  ): Promise<void> {
    const { name, batches, first } = record;
    const call = {
      group: name,
      first: first.batch,
      batch: batches,
      indexes: [null],
      tasks: [task],
    };
    const { ok: failures, failure } = await this.#accept(queue, call);
    const refused = failure ?? failures?.[0];
    if (refused) logRefused(name, queue, refused);
    this.#done(record, (current) => ({
      ...current,
      then: { queue, task, added: true, ...(refused ? { error: refused.message } : {}) },
      queues: failure ? current.queues : [...new Set([...current.queues, queue])],
    }));
  }

  async #endMaster(record: GroupRecord, state: "done" | "failed" | "cancelled"): Promise<void> {
    const { queue, store } = this.#deps;
    const { name, master, masterMadeAt, total } = record;
    if (master && masterMadeAt !== undefined && (await this.#deps.group.isKnown(master.queue))) {
      const { done = 0, failed = 0, deleted = 0 } = store.members.count();
      const reason =
        state === "done" ? {} : { reason: reasonOf(name, state, { total, done, failed, deleted }) };
      const end = { name: master.name, madeAt: masterMadeAt, group: name, state, ...reason };
      await queue(master.queue).endMaster(end);
    }
    this.#done(record, ({ masterParked: _, ...rest }) => rest);
  }

  // Once: that it failed again, after some subtasks were redriven, is no further group.
  async #tellFailure(record: GroupRecord): Promise<void> {
    const { name, queues } = record;
    await this.#each(queues, (queue) => queue.groupFailed(name));
    this.#done(record, (current) => ({ ...current, failureTold: true }));
  }

  async #forget(record: GroupRecord): Promise<void> {
    const { name, batches, state } = record;
    const end = state === "done" || state === "cancelled" ? state : undefined;
    let used = this.#deps.meter?.untold(this.#toItsEnd(record));
    await this.#each(queuesOf(record), (queue) => {
      const told = used;
      used = undefined;
      return queue.forgetGroup(name, batches, end, told);
    });
    this.#done(record, (current) => ({ ...current, forgotten: true, formerQueues: [] }));
  }

  /** What it takes from here on: its record once more, and a week later the alarm that erases that and all subtasks. */
  #toItsEnd({ total }: GroupRecord): Partial<MeterCounts> {
    return { rowsWritten: 1 + total + 1, alarmsSet: 1, requests: 1 };
  }

  /** Calls every one of these queues that has not been removed. */
  async #each(queues: readonly string[], call: (queue: QueueRpc) => Promise<void>): Promise<void> {
    const { group, queue } = this.#deps;
    await Promise.all(
      queues.map(async (name) => {
        if (await group.isKnown(name)) await call(queue(name));
      }),
    );
  }
}

function queuesOf({ queues, formerQueues }: GroupRecord): string[] {
  return [...new Set([...queues, ...formerQueues])];
}

function logRefused(group: string, queue: string, { code, message }: Failure): void {
  const line = `task queue: "then" of the group "${group}" was refused: ${code}`;
  writeLine("error", "then_refused", line, { group, queue, error: message });
}
