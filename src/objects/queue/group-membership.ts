// A queue's part in groups: it accepts batches of subtasks, knows which running task is a master, and
// hears how the group of a parked master ended. Its events to groups leave by `group-notifier.ts`.
import { type Answer, type Failure, refuse } from "../../core/errors.ts";
import { type Admission, acceptTask } from "../../core/task/new-task.ts";
import type { Progress } from "../../core/task/task.ts";
import { isParked } from "../../store/queue/row-key.ts";
import type { TaskRow } from "../../store/queue/tasks.ts";
import type { BatchCall, MasterEnd } from "../rpc.ts";
import type { GroupBatches } from "../sharded/incoming.ts";
import { inSlices } from "../slices.ts";
import { addOne } from "./admission.ts";
import type { QueueContext } from "./context/context.ts";
import type { PushConsumer } from "./dispatch/push-consumer.ts";

/** A master is bound through its attempt, so the queue's push consumer is needed itself. */
export interface MembershipContext extends QueueContext {
  readonly push: PushConsumer;
}

export function acceptBatch(queue: QueueContext, call: BatchCall): Answer<Failure[]> {
  const { ok: admission, failure } = queue.admission();
  if (failure) return { failure };
  const { acceptedGroups } = queue.store;
  const { group, first, batch, indexes, tasks, taken } = call;
  return queue.commit.run(() => {
    const last = acceptedGroups.lastBatch(group);
    noteOver(queue, group);
    if (batch <= last) return { ok: [] };
    if (last < first) acceptedGroups.forget(group);
    acceptedGroups.accept(group, batch);
    const failures = tasks.map((task, i) =>
      accept(queue, admission, { group, index: indexes[i] ?? undefined, task }, taken?.[i]),
    );
    return { ok: failures.flatMap((refused) => refused ?? []) };
  });
}

/** Of the first shard: which batches of groups other shards have accepted, and which they may have. */
export function batchesOf(queue: QueueContext): GroupBatches {
  const { acceptedGroups, meta } = queue.store;
  return {
    isAccepted: ({ group, batch }) => {
      const isAccepted = batch <= acceptedGroups.lastBatch(group);
      if (isAccepted) queue.commit.run(() => noteOver(queue, group));
      return isAccepted;
    },
    begin: ({ group, batch }) =>
      queue.commit.run(() => meta.set("batches", { ...meta.get("batches"), [group]: batch })),
    acceptOwn: (call) => acceptBatch(queue, call),
  };
}

/** Inside a commit: no shard has yet to accept a batch of the group. */
function noteOver({ shard, commit, store: { meta } }: QueueContext, group: string): void {
  if (!shard.isSharded) return;
  const { [group]: batch, ...others } = meta.get("batches") ?? {};
  if (batch === undefined) return;
  if (Object.keys(others).length > 0) meta.set("batches", others);
  else meta.clear("batches");
  commit.after(() => shard.noticeDefinition());
}

interface Subtask {
  group: string;
  /** Absent for the group's `then`. */
  index: number | undefined;
  task: object;
}

function accept(
  queue: QueueContext,
  admission: Admission,
  { group, index, task: given }: Subtask,
  taken?: Failure | null,
): Failure | undefined {
  const place = index === undefined ? { name: group } : { name: group, index };
  const { ok: task, failure = taken } = acceptTask(given, admission);
  const added =
    task &&
    !taken &&
    addOne(queue, { ...task, spec: { ...task.spec, group: place } }, admission.now);
  const refused = failure ?? (added ? added.error : undefined);
  if (!refused) return undefined;
  const error = `${refused.code}: ${refused.message}`;
  if (index !== undefined) queue.store.groupOutbox.add(group, { index, state: "failed", error });
  return refused;
}

export function findMaster(queue: MembershipContext, name: string, group: string): Answer<number> {
  const found = queue.store.find(name, queue.now());
  const attempt = found?.kind === "live" ? queue.push.attemptOf(found.task) : undefined;
  if (!attempt) {
    const message = `master: the queue "${queue.name}" has no task "${name}" that is running`;
    return refuse("UNKNOWN_TASK", message);
  }
  if (attempt.call) {
    const message = `master: the task "${name}" is with its handler as one of a batch, expected a call of its own: a queue of masters has no extensions.batch`;
    return refuse("INVALID_REQUEST", message);
  }
  if (attempt.waitsFor !== undefined && attempt.waitsFor !== group) {
    const message = `master: the task "${name}" waits for its group "${attempt.waitsFor}" already, and for one alone`;
    return refuse("INVALID_REQUEST", message);
  }
  return { ok: attempt.task.createdAt };
}

export function bindMaster(queue: MembershipContext, name: string, group: string): Answer<number> {
  const found = findMaster(queue, name, group);
  const task = queue.store.find(name, queue.now());
  const attempt = task?.kind === "live" ? queue.push.attemptOf(task.task) : undefined;
  if (found.ok !== undefined && attempt) attempt.waitsFor = group;
  return found;
}

export function endMaster(queue: QueueContext, end: MasterEnd): void {
  const { store, definition } = queue;
  const { name, madeAt, group, state, reason } = end;
  const now = queue.now();
  queue.commit.run(() => {
    const found = store.find(name, now);
    if (found?.kind !== "live" || !isParked(found.task.key)) return;
    const { task } = found;
    if (task.progress.waitsFor !== group || task.createdAt !== madeAt) return;
    const { answer, ...progress } = task.progress;
    if (state === "done") store.complete(task, now, progress, definition.config, answer);
    else store.fail(task, now, failedFor(progress, reason), definition.config);
  });
}

export async function dropGroup(queue: QueueContext, group: string, batch: number): Promise<void> {
  const { store, commit } = queue;
  commit.run(() => {
    store.acceptedGroups.cancel(group, batch);
    noteOver(queue, group);
  });
  let after = -1;
  await inSlices(
    () => queue.now(),
    (rows) => {
      const { tasks, next } = store.tasks.ofGroup(group, after, rows);
      if (tasks.length > 0) {
        commit.run(() => {
          for (const task of tasks) dropOne(queue, task);
        });
      }
      after = next ?? after;
      return next === undefined;
    },
  );
}

// A parked master has started: it ends when its own group, cancelled too, has.
export function dropOne(queue: QueueContext, task: TaskRow): void {
  const { store, definition, push } = queue;
  if (push.isRunning(task) || task.spec.group?.index === undefined) return;
  const { waitsFor } = task.progress;
  if (isParked(task.key) && waitsFor) {
    store.groupOutbox.add(waitsFor, { cancel: true, madeAt: task.createdAt });
  } else if (store.delete(task, queue.now(), definition.config)) queue.forget(task);
}

/** The group has failed, which it may do again. */
export function groupFailed({ commit, store }: QueueContext, group: string): void {
  commit.run(() => {
    if (store.acceptedGroups.fail(group)) store.steps.ofGroup("groupsFailed");
  });
}

/** `state`: how it ended; groups of versions before do not say it. */
export function forgetGroup(
  queue: QueueContext,
  group: string,
  batch: number,
  state?: "done" | "cancelled",
): void {
  const { acceptedGroups, groupOutbox, steps } = queue.store;
  queue.commit.run(() => {
    if (acceptedGroups.lastBatch(group) > batch) return;
    noteOver(queue, group);
    // Every shard is told; what is told again is counted once.
    const counts = state && queue.shard.index === 0 && acceptedGroups.isUnderWay(group);
    if (counts) steps.ofGroup(state === "done" ? "groupsDone" : "groupsCancelled");
    if (isExported(queue)) acceptedGroups.keepOver(group);
    else acceptedGroups.forget(group);
    groupOutbox.forget(group);
  });
}

/** While an export was asked for so lately, a group that ends is kept for the end of it. */
const EXPORT_MS = 3600_000;

function isExported(queue: QueueContext): boolean {
  return (queue.store.meta.get("exportedAt") ?? 0) + EXPORT_MS > queue.now();
}

// The attempt was answered well, and the task failed all the same: it says why where one looks for it.
function failedFor(progress: Progress, reason = "its group failed"): Progress {
  const last = progress.attempts.at(-1);
  if (!last) return progress;
  return { ...progress, attempts: [...progress.attempts.slice(0, -1), { ...last, error: reason }] };
}
