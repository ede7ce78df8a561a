// The caller's side of a group.
import { type Answer, errorOf, unwrap } from "../core/errors.ts";
import type { WaitOptions } from "../core/task/calls.ts";
import {
  checkGroupName,
  checkNewGroup,
  checkTaskList,
  type GroupProgress,
  type GroupResult,
  type GroupTask,
  type NewGroup,
} from "../core/task/group.ts";
import { onto, portable } from "../core/task/portable.ts";
import { checkSendable, isUnsent, unsentRefusal } from "../core/task/sendable.ts";
import { type TraceContext, traced } from "../core/task/trace-context.ts";
import type { AnyPayloads, GroupTaskOf, PayloadTypes } from "../core/task/typed-task.ts";
import { audited } from "./audited.ts";
import type { CallerStubs, GroupStub } from "./stubs.ts";
import { numbersOf, type SubtaskNumbers } from "./subtask-numbers.ts";
import { answerTo } from "./waiting.ts";

/** Seconds that one call waits for a change. */
const WATCH_S = 25;
const RESULT_PAGE = 500;

export class GroupHandle<Payloads extends PayloadTypes = AnyPayloads> {
  readonly name: string;
  readonly #stubs: CallerStubs;
  readonly #numbers: SubtaskNumbers | undefined;

  /** `numbers`: those of the subtasks its master adds. Without them, every subtask is a new one. */
  constructor(name: string, stubs: CallerStubs, numbers?: SubtaskNumbers) {
    this.name = name;
    this.#stubs = stubs;
    this.#numbers = numbers;
  }

  /**
   * Adds subtasks to a group that is open, 10,000 at most; each names its queue. A master that is tried
   * again may add the same ones once more: they are matched by their order, and added once. Throws
   * GroupClosedError.
   */
  async add(given: readonly GroupTaskOf<Payloads>[]): Promise<GroupProgress> {
    return this.addFrom(undefined, given as readonly GroupTask[]);
  }

  /** As `add`, for a door: the request it is for belongs to this trace. */
  async addFrom(
    trace: TraceContext | undefined,
    given: readonly GroupTask[],
  ): Promise<GroupProgress> {
    const refusal = checkTaskList(given) ?? checkSendable(given);
    if (refusal.failure) throw errorOf(refusal.failure);
    const tasks = given.map(portable);
    return adding(this.#stubs, this.name, trace, (own) => this.#add(tasks, own));
  }

  async #add(tasks: readonly object[], trace: TraceContext | undefined): Promise<GroupProgress> {
    const group = this.#group;
    // Reserved before the call leaves: another add may begin while this one is under way. What is tried again has
    // another trace, and is the same subtask.
    const from = this.#numbers?.reserve(tasks);
    const sending = tasks.map((task) => inTrace(task, trace));
    try {
      return unwrap(await sent(group.add(sending, from)));
    } catch (error) {
      if (from !== undefined) this.#numbers?.failed(from, tasks);
      throw error;
    }
  }

  /** No more subtasks will come; a master's group closes by itself when its handler is done. */
  async close(): Promise<GroupProgress> {
    return unwrap(await this.#group.close());
  }

  /** Deletes the subtasks that are not running; once those have ended, the group is `cancelled`. */
  async cancel(): Promise<GroupProgress> {
    const group = this.#group;
    const cancel = async () => unwrap(await group.cancel());
    return audited(this.#stubs, { what: "cancel", name: this.name }, cancel);
  }

  /** The current progress; throws UnknownGroupError. */
  async progress(): Promise<GroupProgress> {
    return unwrap(await this.#group.progress());
  }

  /** The progress now, and again after each change, until the group is over or `signal` aborts, which throws. */
  async *watch({ signal }: WaitOptions = {}): AsyncGenerator<GroupProgress> {
    for (let version = ""; ; ) {
      signal?.throwIfAborted();
      const seen = unwrap(await answerTo(await this.#group.watch(version, WATCH_S), signal));
      if (seen.version !== version) yield seen.progress;
      if (seen.progress.state !== "running") return;
      version = seen.version;
    }
  }

  /** How its subtasks ended, in the order they were given, page by page: never more than 500 are in memory. */
  async *results(): AsyncGenerator<GroupResult> {
    for (let after: string | undefined = "-1"; after !== undefined; ) {
      const { results, cursor } = await this.resultPage(Number(after), RESULT_PAGE);
      yield* results;
      after = cursor;
    }
  }

  /** One page of results: those after number `after`. */
  async resultPage(after = -1, limit = 100) {
    return unwrap(await this.#group.results(after, limit));
  }

  get #group(): GroupStub {
    const refusal = checkGroupName(this.name);
    if (refusal) throw errorOf(refusal.failure);
    return this.#stubs.group(this.name);
  }
}

/** Creates a group as part of a trace, if it is of one; tasks that name no queue go to `queue`. */
export async function createGroup(
  stubs: CallerStubs,
  given: NewGroup,
  queue?: string,
  trace?: TraceContext,
): Promise<{ handle: GroupHandle; progress: GroupProgress }> {
  const refusal = checkNewGroup(given) ?? checkSendable([...(given.tasks ?? []), given.then]);
  if (refusal.failure) throw errorOf(refusal.failure);
  const { name: own, tasks, then, master, ...rest } = given;
  const name = own || (master ? `${master.queue}-${master.name}` : crypto.randomUUID());
  const progress = await adding(stubs, name, trace, (traceOfAdd) => {
    const forQueue = (task: GroupTask) =>
      inTrace(portable(queue === undefined ? task : onto(queue, task)), traceOfAdd);
    const request = {
      ...rest,
      ...(own === undefined ? {} : { name: own }),
      ...(tasks ? { tasks: tasks.map(forQueue) } : { tasks }),
      ...(then ? { then: forQueue(then) } : {}),
      ...(master ? { master: { queue: master.queue, name: master.name } } : {}),
    } as NewGroup;
    return sent(stubs.group(name).create(name, request, traceOfAdd)).then(unwrap);
  });
  // Only a master is tried again; whoever else opened a group adds what it adds.
  const numbers = master && numbersOf(master, name, tasks?.length ?? 0);
  return { handle: new GroupHandle(name, stubs, numbers), progress };
}

function inTrace<T>(task: T, trace: TraceContext | undefined): T {
  return trace ? traced(task, trace) : task;
}

function adding<T>(
  { tracing }: CallerStubs,
  group: string,
  trace: TraceContext | undefined,
  work: (trace: TraceContext | undefined) => Promise<T>,
): Promise<T> {
  return tracing ? tracing.adding({ group }, trace, work) : work(trace);
}

// What turns out too large to be sent is the caller's fault, as what is found so before.
async function sent<T>(answer: Promise<Answer<T>>): Promise<Answer<T>> {
  try {
    return await answer;
  } catch (error) {
    if (isUnsent(error)) return unsentRefusal(error);
    throw error;
  }
}
