// How attempts end: what each end means for its task. Those that end within one turn of the event loop are
// written together; one that no longer owns its task (its deadline passed, it was deleted or purged) changes
// nothing.
import { BEGUN } from "../../../core/dispatch/rank.ts";
import { decide, type Transition } from "../../../core/task/attempt.ts";
import { isSuccess, NO_PROGRESS, type Outcome, type TaskSpec } from "../../../core/task/task.ts";
import type { Completion, QueueStore } from "../../../store/queue/queue-store.ts";
import { isExpedited } from "../../../store/queue/row-key.ts";
import type { TaskRow } from "../../../store/queue/tasks.ts";
import type { Commit, Written } from "../../commit.ts";
import { keepsResult } from "../../delivery/delivery.ts";
import { trouble } from "../../log.ts";
import type { QueueDefinition } from "../context/definition.ts";
import type { Happenings } from "../context/happenings.ts";
import type { Statistics } from "../context/statistics.ts";
import type { Attempt, InFlight } from "./in-flight.ts";
import type { KeysAtWork } from "./keys-at-work.ts";
import type { TokenSource } from "./token-source.ts";

export interface SettlementDeps {
  definition: QueueDefinition;
  store: QueueStore;
  commit: Commit;
  statistics: Statistics;
  happenings: Happenings;
  inFlight: InFlight;
  /** Absent without a rate limit. */
  tokens: () => TokenSource | undefined;
  /** Absent where no task was ever in a line. */
  keys: () => KeysAtWork | undefined;
  /** ms since 1970 */
  now: () => number;
  /** Its slot is free. */
  freed: (attempt: Attempt) => void;
  /** A row that may start was written at `key`, or is there still. */
  rewindTo: (key: number) => void;
  /** Hears how attempts end; a Worker may do without. */
  alerts?: { attempted(outcome: Outcome, now: number): void } | undefined;
  /** A result could not be written: the task runs again in a moment. */
  onFault: () => void;
}

/** How an attempt ended, and when (ms). */
interface End<A = Pick<Attempt, "task" | "startedAt" | "waitsFor" | "call">> {
  attempt: A;
  outcome: Outcome;
  endedAt: number;
}

/** The same of one that is under way until this is written. */
type OpenEnd = End<Attempt>;

/** So many are not kept waiting for more: while they are written, others run. */
const MOST_TOGETHER = 100;

type Slowable = Pick<TokenSource, "overloaded" | "succeeded"> & { isOfKey?: true };

/** The task's row, if it stays on the queue. */
type Moved = TaskRow | undefined;

export class Settlement {
  readonly #deps: SettlementDeps;
  #ends: OpenEnd[] = [];

  constructor(deps: SettlementDeps) {
    this.#deps = deps;
  }

  /** The attempt has ended. */
  add(attempt: Attempt, outcome: Outcome): void {
    this.#ends.push({ attempt, outcome, endedAt: this.#deps.now() });
    if (this.#ends.length === 1) this.#enqueue();
    if (this.#ends.length === MOST_TOGETHER || this.#isLast) this.#deps.commit.flush();
  }

  /** Those that shared a call have ended, and are written together. */
  addAll(attempts: readonly Attempt[], outcomes: readonly Outcome[]): void {
    const endedAt = this.#deps.now();
    if (this.#ends.length === 0) this.#enqueue();
    for (const [i, attempt] of attempts.entries())
      this.#ends.push({ attempt, outcome: outcomes[i] as Outcome, endedAt });
    if (this.#ends.length >= MOST_TOGETHER || this.#isLast) this.#deps.commit.flush();
  }

  /** Whether no attempt is under way that could end in the same turn. */
  get #isLast(): boolean {
    return this.#ends.length === this.#deps.inFlight.size;
  }

  #enqueue(): void {
    let ends: OpenEnd[] | undefined;
    // The same ones when it is run again.
    const taken = () => {
      ends ??= this.#ends.splice(0);
      return ends;
    };
    this.#deps.commit.enqueueWithOthers(
      () => this.#writeAll(taken()),
      (written) => this.#allWritten(taken(), written),
    );
  }

  /** Inside a commit. */
  #writeAll(ends: readonly OpenEnd[]): Moved[] {
    const completions: Completion[] = [];
    const moved = ends.map((end) => {
      if (!this.#deps.inFlight.owns(end.attempt)) return undefined;
      if (this.#leavesNothing(end)) {
        completions.push({ task: end.attempt.task, now: end.endedAt, progress: NO_PROGRESS });
        return undefined;
      }
      const transition = this.#transitionOf(end);
      if (!isPlain(end, transition)) return this.#write(end, transition);
      completions.push(completionOf(end, transition));
      return undefined;
    });
    this.#deps.store.completeAll(completions, this.#deps.definition.config);
    return moved;
  }

  // Then nobody will ever ask how it went, unless who follows the queue is to hear it now.
  #leavesNothing({ attempt: { task, waitsFor }, outcome }: OpenEnd): boolean {
    const { config } = this.#deps.definition;
    return (
      !this.#deps.store.steps.hears.done &&
      !task.named &&
      waitsFor === undefined &&
      isSuccess(outcome) &&
      !keepsResult(task, config)
    );
  }

  // When they cannot be written together, the one that it is because of must not keep the others.
  #allWritten(ends: readonly OpenEnd[], written: Written<Moved[]>): void {
    for (const [i, end] of ends.entries()) {
      if ("value" in written) this.#ended(end, { value: written.value[i] });
      else this.#ended(end, ends.length === 1 ? written : this.#writeAlone(end));
    }
  }

  #writeAlone(end: OpenEnd): Written<Moved> {
    try {
      return { value: this.#deps.commit.run(() => this.#writeOwn(end)) };
    } catch (error) {
      return { error };
    }
  }

  #writeOwn(end: OpenEnd): Moved {
    if (!this.#deps.inFlight.owns(end.attempt)) return undefined;
    return this.#write(end, this.#transitionOf(end));
  }

  #ended(end: OpenEnd, written: Written<Moved>): void {
    const { attempt } = end;
    const { inFlight, freed } = this.#deps;
    const isOwner = inFlight.owns(attempt);
    // Once: what answers after its deadline has given back its slots, its key's among them.
    if (inFlight.end(attempt)) {
      attempt.cancellation?.resolve("the attempt has ended");
      freed(attempt);
    }
    if ("error" in written) this.#notSettled(attempt, written.error);
    else if (isOwner) this.#settled(end, written.value);
  }

  /** Inside a commit: what the end of an attempt that is under way no more means for its task. */
  settle(task: TaskRow, startedAt: number, outcome: Outcome, endedAt: number): Moved {
    const end = { attempt: { task, startedAt }, outcome, endedAt };
    return this.#write(end, this.#transitionOf(end));
  }

  #transitionOf({ attempt: { task, startedAt, call }, outcome, endedAt }: End): Transition {
    const attempt = { dueAt: task.due, startedAt, endedAt };
    const times = call ? { ...attempt, batch: call.size } : attempt;
    const { retry } = this.#deps.definition.config;
    return decide(task.progress, times, outcome, task.spec.retry, retry);
  }

  #write({ attempt, outcome, endedAt }: End, transition: Transition): Moved {
    const { task, waitsFor } = attempt;
    const { definition, store } = this.#deps;
    const { config } = definition;
    if (transition.step === "retry") return this.#retry(task, endedAt, outcome, transition);
    const result = outcome.kind === "answered" ? outcome.result : undefined;
    if (transition.step === "complete" && waitsFor !== undefined) {
      const answer = keepsResult(task, config) && result ? { answer: result } : {};
      store.park(task, endedAt, { ...transition.progress, waitsFor, ...answer });
    } else if (transition.step === "fail") store.fail(task, endedAt, transition.progress, config);
    else store.complete(task, endedAt, transition.progress, config, result);
    return undefined;
  }

  #retry(
    task: TaskRow,
    endedAt: number,
    outcome: Outcome,
    { due, progress }: Extract<Transition, { step: "retry" }>,
  ): Moved {
    const { definition, store } = this.#deps;
    const { group } = task.spec;
    if (group && store.acceptedGroups.isCancelled(group.name)) {
      store.delete({ ...task, progress }, endedAt, definition.config);
      return undefined;
    }
    // What was no attempt at all has not done what was asked: the task stays expedited.
    const isStillExpedited = outcome.kind === "postponed" && isExpedited(task.key);
    if (isStillExpedited) return store.expedite(task, due);
    return store.retry(task, due, progress, this.#isInOrder(task) ? BEGUN : undefined);
  }

  // Until it has ended no other task of its key is to start.
  #isInOrder({ spec: { key } }: TaskRow): boolean {
    return key !== undefined && (this.#deps.keys()?.isInOrder(key) ?? false);
  }

  #settled({ attempt: { startedAt, task }, outcome, endedAt }: OpenEnd, moved: Moved): void {
    const { happenings, statistics, rewindTo } = this.#deps;
    if (moved) rewindTo(moved.key);
    this.#deps.alerts?.attempted(outcome, endedAt);
    if (outcome.kind === "unanswered" && outcome.isOverdue && happenings.hearsCutOffs)
      happenings.cutOff(task, startedAt, endedAt);
    if (outcome.kind !== "answered") return;
    statistics.answered(startedAt, endedAt);
    const tokens = this.#tokensOf(task, outcome.retryAfter ? moved?.due : undefined);
    if (isOverload(outcome.status, task.spec, tokens)) tokens?.overloaded(endedAt);
    else if (isSuccess(outcome)) tokens?.succeeded(endedAt);
  }

  /** What slows down where a handler has too much: the task's key, on a queue that has limits for keys, or the queue. */
  #tokensOf({ spec: { key } }: TaskRow, retryAt: number | undefined): Slowable | undefined {
    const keys = this.#deps.keys();
    const isOfKey = key !== undefined && this.#deps.definition.config.keys !== undefined;
    return isOfKey && keys ? keys.ofKey(key, retryAt) : this.#deps.tokens();
  }

  // The row is as it was, so the task runs again.
  #notSettled({ task }: Attempt, error: unknown): void {
    const { name: queue } = this.#deps.definition.config;
    trouble(`task queue: the result of "${task.name}" could not be written`, error, {
      ...{ queue, task: task.name },
    });
    this.#deps.rewindTo(task.key);
    this.#deps.onFault();
  }
}

/** Whether the task is done, and nothing waits for more. */
function isPlain({ attempt }: End, { step }: Transition): boolean {
  return step === "complete" && attempt.waitsFor === undefined;
}

function completionOf({ attempt, outcome, endedAt }: End, { progress }: Transition): Completion {
  const result = outcome.kind === "answered" ? outcome.result : undefined;
  return { task: attempt.task, now: endedAt, progress, result };
}

// A 429 says who asks too much: of a key always, of a queue as Google's API has it.
function isOverload(status: number, { dialect }: TaskSpec, tokens: Slowable | undefined): boolean {
  return status === 503 || (status === 429 && (dialect === "cloudtasks" || !!tokens?.isOfKey));
}
