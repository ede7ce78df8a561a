// Adding tasks, in App Engine's two phases: first every task of the call is checked and a single bad one
// refuses them all, with no name taken; then they are added one by one, and a name that is taken refuses
// its own task alone (or, where the caller asked for all or nothing, the whole call).
import type { Answer } from "../../core/errors.ts";
import { acceptCall, refuseCall } from "../../core/task/add-call.ts";
import { isRuled } from "../../core/task/add-rule.ts";
import type { AddCall, Added } from "../../core/task/calls.ts";
import { type AcceptedTask, type AddResult, NO_PROGRESS, NO_SPEC } from "../../core/task/task.ts";
import { taskHead } from "../../core/task/task-view.ts";
import type { AddOutcome } from "../../store/queue/queue-store.ts";
import { collision } from "./collision.ts";
import type { QueueContext } from "./context/context.ts";

/** Adds what callers hand in together; each call has its own answer. Answers once it is on disk. */
export async function addTasks(
  queue: QueueContext,
  calls: readonly AddCall[],
): Promise<Answer<Added[]>[]> {
  const { ok: admission, failure } = queue.admission();
  if (failure) return calls.map(() => ({ failure }));
  const accepted = calls.map((call) => ({
    atomic: call.atomic,
    answer: acceptCall(call, admission),
  }));
  if (!queue.isListed && accepted.some(({ answer }) => answer.ok)) {
    await queue.ensureListed();
    // Checked anew: much may have happened in the meantime.
    return addTasks(queue, calls);
  }
  return enqueued({ queue, calls: accepted, now: admission.now });
}

interface AcceptedCall {
  answer: Answer<AcceptedTask[]>;
  atomic: boolean;
}

/** What came in one message, at `now` (ms since 1970). */
interface AcceptedMessage {
  queue: QueueContext;
  calls: readonly AcceptedCall[];
  now: number;
}

function enqueued(message: AcceptedMessage): Promise<Answer<Added[]>[]> {
  return new Promise((resolve, reject) => {
    message.queue.commit.gather(addMessages, message, (written) =>
      "error" in written ? reject(written.error) : resolve(written.value),
    );
  });
}

/** Inside a commit, to which all messages are of one queue. Their tasks are new when the last one came. */
function addMessages(messages: readonly AcceptedMessage[]): Answer<Added[]>[][] {
  const { queue, now } = messages.at(-1) as AcceptedMessage;
  const all = messages.flatMap(({ calls }) => calls);
  const answers = addCalls(queue, all, now);
  return messages.map(({ calls }) => answers.splice(0, calls.length));
}

// All or nothing is of a call by itself, and of what the calls before it have left.
function addCalls(
  queue: QueueContext,
  calls: readonly AcceptedCall[],
  now: number,
): Answer<Added[]>[] {
  if (calls.some(({ atomic }) => atomic)) {
    return calls.map(({ answer, atomic }) =>
      answer.failure ? answer : addAccepted(queue, answer.ok, atomic, now),
    );
  }
  const tasks = calls.flatMap(({ answer }) => answer.ok ?? []);
  const added = addAll(queue, tasks, now);
  return calls.map(({ answer }) =>
    answer.failure ? answer : { ok: added.splice(0, answer.ok.length) },
  );
}

/** Inside a commit. Adds accepted tasks; `now` in ms since 1970. */
export function addAccepted(
  queue: QueueContext,
  tasks: readonly AcceptedTask[],
  atomic: boolean,
  now: number,
): Answer<Added[]> {
  const taken = atomic ? takenNames(queue, tasks, now) : [];
  if (taken.length > 0) return refuseCall(taken, tasks.length);
  return { ok: addAll(queue, tasks, now) };
}

function takenNames(queue: QueueContext, tasks: readonly AcceptedTask[], now: number) {
  return queue.store.takenOf(tasks, now).flatMap((found, index) => {
    if (found === undefined || found === "twice") return [];
    const task = tasks[index] as AcceptedTask;
    const refused =
      queue.ruled && isRuled(task)
        ? queue.ruled.refusal(queue, task, now)
        : collision(task.name as string, found);
    return refused ? [{ index, ...refused }] : [];
  });
}

/** Inside a commit. Adds accepted tasks, but those whose names are taken. */
function addAll(queue: QueueContext, tasks: readonly AcceptedTask[], now: number): Added[] {
  // By rules they are added one by one: what has a name may be one of them.
  const { ruled } = queue;
  if (ruled && tasks.some(isRuled))
    return tasks.map((task) =>
      isRuled(task) ? ruled.add(queue, task, now) : addOne(queue, task, now),
    );
  const outcomes = queue.store.addAll(tasks, now);
  return outcomes.map((outcome, i) =>
    addedOf(queue, (tasks[i] as AcceptedTask).name, outcome, now),
  );
}

/** Inside a commit. Adds one accepted task, unless its name is taken. */
export function addOne(queue: QueueContext, task: AcceptedTask, now: number): Added {
  return addedOf(queue, task.name, queue.store.add(task, now), now);
}

function addedOf(
  queue: QueueContext,
  given: string | undefined,
  outcome: AddOutcome,
  now: number,
): Added {
  if ("taken" in outcome) return { error: collision(given as string, outcome.taken) };
  const { key, name, due, spec } = outcome.added;
  queue.rowWritten(key);
  return spec === NO_SPEC ? { name, due, createdAt: now } : { name, due, createdAt: now, spec };
}

export function resultOf(queue: string, added: Added): AddResult {
  if (added.error) return added;
  if ("task" in added) return { task: added.task };
  const { name, due, createdAt, spec = NO_SPEC } = added;
  const task = { name, due, createdAt, spec, progress: NO_PROGRESS };
  return { task: taskHead(queue, due > createdAt ? "scheduled" : "due", task) };
}
