// Tasks that are added by a rule: ifExists, debounce, throttle. What has their name decides what becomes of them, in
// the commit that would add them.
import { type Answer, type Failure, refuse } from "../../core/errors.ts";
import {
  type AddStep,
  acceptRule,
  debouncedDue,
  type Holder,
  isRuled,
  type RuledTask,
  stepOf,
} from "../../core/task/add-rule.ts";
import type { Added } from "../../core/task/calls.ts";
import { endedState, hasStarted } from "../../core/task/expiry.ts";
import { type Admission, acceptTask } from "../../core/task/new-task.ts";
import type { AcceptedTask, AddedHow, Task, TaskState } from "../../core/task/task.ts";
import { taskHead } from "../../core/task/task-view.ts";
import type { Found } from "../../store/queue/found.ts";
import { isExpedited } from "../../store/queue/row-key.ts";
import type { Successor } from "../../store/queue/successors.ts";
import type { TaskRow } from "../../store/queue/tasks.ts";
import { collision } from "./collision.ts";
import type { QueueContext, RuledAdds } from "./context/context.ts";
import { tombstoneOf } from "./inspect/queries.ts";

/** One that is to be added, and what there is under its name. */
interface Meeting {
  queue: QueueContext;
  task: RuledTask;
  found: Found;
  next: Successor | undefined;
  /** ms since 1970 */
  now: number;
}

/** Inside a commit. */
function addByRule(queue: QueueContext, task: RuledTask, now: number): Added {
  const found = queue.store.find(task.name, now);
  if (!found) return asNew(queue, { ...task, spec: begunAt(task, now) }, now);
  return met(meetingOf(queue, task, found, now));
}

/** Why the task would not be added. */
function refusalByRule(queue: QueueContext, task: RuledTask, now: number): Failure | undefined {
  const found = queue.store.find(task.name, now);
  if (!found) return undefined;
  const meeting = meetingOf(queue, task, found, now);
  const step = nextStep(meeting);
  return step.do === "refuse" ? refusalOf(meeting, step) : undefined;
}

/**
 * Of a name that lies here until it goes to another shard, which is to have the task: what becomes of it if a task here
 * has the name, or had it a moment ago; null where it is to be added there.
 */
function addWhereItWas(
  queue: QueueContext,
  given: unknown,
  admission: Admission,
): Answer<Added | null> {
  const { ok: task, failure } = acceptTask(given, admission);
  if (failure) return { failure };
  return queue.commit.run(() => {
    const found = isRuled(task) ? queue.store.find(task.name, admission.now) : undefined;
    if (!found) return { ok: null };
    const meeting = meetingOf(queue, task as RuledTask, found, admission.now);
    return { ok: nextStep(meeting).do === "add" ? null : met(meeting) };
  });
}

function meetingOf(queue: QueueContext, task: RuledTask, found: Found, now: number): Meeting {
  const next = found.kind === "live" ? queue.store.ruled.successorOf(found.task) : undefined;
  return { queue, task, found, next, now };
}

function nextStep({ queue, task, found, next, now }: Meeting): AddStep {
  return stepOf(task.rule, task.spec, holderOf(queue, found, next, now), now);
}

function holderOf(
  queue: QueueContext,
  found: Found,
  next: Successor | undefined,
  now: number,
): Holder {
  if (found.kind !== "live") {
    const { state, record } = found.row;
    const ended = record ? endedState(state as TaskState, record.progress) : state;
    return { state: ended as "done", createdAt: record?.createdAt ?? now };
  }
  const { createdAt, key, progress, spec } = found.task;
  const state = queue.stateOf(found.task, now);
  return { createdAt, spec, state, next, hasStarted: hasStarted(progress) || isExpedited(key) };
}

/** Inside a commit. */
function met(meeting: Meeting): Added {
  const step = nextStep(meeting);
  const { queue, task, found, next, now } = meeting;
  switch (step.do) {
    case "add":
      return asNew(queue, { ...task, spec: begunAt(task, now) }, now);
    case "replace":
      return replaced(meeting);
    case "replaceNext":
      return followed(meeting, next?.spec.since ?? now, "debounced");
    case "follow":
      return followed(meeting, now, "added");
    case "answer":
      return answered(viewOf(queue, found, now), task.rule === "keep" ? "kept" : "throttled");
    case "answerNext":
      return answered(waitingView(queue, next as Successor, now), "throttled");
    case "refuse":
      return { error: refusalOf(meeting, step) };
  }
}

function answered(task: Task, outcome: AddedHow): Added {
  return { task: { ...task, outcome } };
}

function asNew(queue: QueueContext, task: RuledTask, now: number): Added {
  const outcome = queue.store.addAgain(task, now);
  if ("taken" in outcome) return { error: collision(task.name, outcome.taken) };
  queue.rowWritten(outcome.added.key);
  return answered(waitingView(queue, outcome.added, now), "added");
}

function replaced(meeting: Meeting): Added {
  const { queue, task, now } = meeting;
  const { task: old } = meeting.found as Extract<Found, { kind: "live" }>;
  const { debounce } = task.spec;
  const since = old.spec.since ?? old.createdAt;
  const given = debounce
    ? { ...task, due: debouncedDue(debounce, since, now), spec: { ...task.spec, since } }
    : task;
  queue.forget(old);
  const added = queue.store.replace(old, given, now);
  queue.rowWritten(added.key);
  return answered(waitingView(queue, added, now), debounce ? "debounced" : "replaced");
}

function followed({ queue, task, now }: Meeting, since: number, outcome: AddedHow): Added {
  const { name, spec, body } = task;
  const { debounce } = spec;
  const due = debounce ? debouncedDue(debounce, since, now) : task.due;
  const next = { name, due, createdAt: now, spec: debounce ? { ...spec, since } : spec, body };
  queue.store.ruled.follow(next);
  return answered(waitingView(queue, next, now), outcome);
}

function begunAt({ spec }: AcceptedTask, now: number): AcceptedTask["spec"] {
  return spec.debounce ? { ...spec, since: now } : spec;
}

/** A task that waits, without its content, as answers to adds have them. */
function waitingView(
  queue: QueueContext,
  task: Pick<TaskRow, "name" | "due" | "createdAt" | "spec"> & Partial<Pick<TaskRow, "progress">>,
  now: number,
): Task {
  const { name, due, createdAt, spec } = task;
  const progress = { retryCount: 0, executionCount: 0, attempts: [] };
  const state = due > now ? "scheduled" : "due";
  return taskHead(queue.name, state, { name, due, createdAt, spec, progress });
}

function viewOf(queue: QueueContext, found: Found, now: number): Task {
  if (found.kind === "live")
    return taskHead(queue.name, queue.stateOf(found.task, now), found.task);
  const tombstone = tombstoneOf(queue.name, found.row, now);
  if (found.kind === "ended") return tombstone;
  return { ...taskHead(queue.name, tombstone.state, found.task), ...tombstone };
}

function refusalOf(
  { task: { name }, found }: Meeting,
  { why }: Extract<AddStep, { do: "refuse" }>,
): Failure {
  if (why === undefined) return collision(name, found);
  const message = `name: "${name}" belongs to a task that is still on the queue, ${why}`;
  return refuse("TASK_ALREADY_EXISTS", message, { name }).failure;
}

export interface RulesPart {
  readonly part: "rules";
  /** What each object of a queue needs for it. */
  readonly ruled: RuledAdds;
}

/** Rules of an add: `ifExists`, `debounce` and `throttle` of a task. */
export const rules: RulesPart = {
  part: "rules",
  ruled: { acceptRule, add: addByRule, refusal: refusalByRule, addWhereItWas },
};
