// A group elsewhere: the verbs of the Worker's own GroupHandle, over HTTP.
import { errorOf } from "../core/errors.ts";
import type { WaitOptions } from "../core/task/calls.ts";
import {
  checkGroupName,
  checkNewGroup,
  checkTaskList,
  type GroupProgress,
  type GroupResult,
  type GroupResultPage,
  type GroupTask,
  type NewGroup,
} from "../core/task/group.ts";
import { onto, portable } from "../core/task/portable.ts";
import { checkSendable } from "../core/task/sendable.ts";
import { newName } from "./adding.ts";
import { sleep } from "./clock.ts";
import type { Call, Connection } from "./connection.ts";
import type { CallOptions } from "./options.ts";
import { part } from "./paths.ts";

const RESULT_PAGE = 500;
/** How a change is asked for: soon after one, and then more seldom. */
const WATCH_MS = { first: 250, max: 4000, growth: 1.5 };

export class RemoteGroup {
  readonly name: string;
  readonly #connection: Connection;

  constructor(name: string, connection: Connection) {
    this.name = name;
    this.#connection = connection;
  }

  /** Adds subtasks to a group that is open, 10,000 at most; each names its queue. Throws GroupClosedError. */
  async add(given: readonly GroupTask[], options?: CallOptions): Promise<GroupProgress> {
    const refusal = checkTaskList(given) ?? checkSendable(given);
    if (refusal.failure) throw errorOf(refusal.failure);
    return this.#post("/tasks", { tasks: given.map(portable) }, false, options);
  }

  /** No more subtasks will come. */
  async close(options?: CallOptions): Promise<GroupProgress> {
    return this.#post(":close", undefined, true, options);
  }

  /** Deletes the subtasks that are not running; once those have ended, the group is `cancelled`. */
  async cancel(options?: CallOptions): Promise<GroupProgress> {
    return this.#post(":cancel", undefined, true, options);
  }

  /** The current progress; throws UnknownGroupError. */
  async progress(options?: CallOptions): Promise<GroupProgress> {
    return this.#connection.call(this.#get(""), options);
  }

  /** The progress now, and again when it has changed, until the group is over or `signal` aborts, which throws. */
  async *watch({ signal }: WaitOptions = {}): AsyncGenerator<GroupProgress> {
    let seen = "";
    for (let pause = WATCH_MS.first; ; ) {
      const progress = await this.progress({ signal });
      const text = JSON.stringify(progress);
      if (text !== seen) yield progress;
      if (progress.state !== "running") return;
      pause = text === seen ? Math.min(pause * WATCH_MS.growth, WATCH_MS.max) : WATCH_MS.first;
      seen = text;
      await sleep(pause, signal);
    }
  }

  /** How its subtasks ended, in the order they were given, page by page. */
  async *results(options?: CallOptions): AsyncGenerator<GroupResult> {
    let cursor: string | undefined;
    do {
      const call = { ...this.#get("/results"), query: { cursor, limit: RESULT_PAGE } };
      const page = await this.#connection.call<GroupResultPage>(call, options);
      yield* page.results;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  #get(path: string): Call {
    return { method: "GET", path: this.#path(path), mayRepeat: true };
  }

  #post(path: string, body: unknown, mayRepeat: boolean, options: CallOptions | undefined) {
    const call: Call = { method: "POST", path: this.#path(path), body, mayRepeat };
    return this.#connection.call<GroupProgress>(call, options);
  }

  #path(rest: string): string {
    return `/groups/${part(this.name, checkGroupName(this.name))}${rest}`;
  }
}

/** Creates a group; tasks that name no queue go to `queue`. Its name is known before, so it may be tried again. */
export async function createGroup(
  connection: Connection,
  given: NewGroup,
  queue: string,
  options?: CallOptions,
): Promise<RemoteGroup> {
  const refusal = checkNewGroup(given) ?? checkSendable([...(given.tasks ?? []), given.then]);
  if (refusal.failure) throw errorOf(refusal.failure);
  const { name: own, tasks, then, master, ...rest } = given;
  const forQueue = (task: GroupTask) => portable(onto(queue, task));
  const name = own || (master ? undefined : newName());
  const body = {
    ...rest,
    name,
    tasks: tasks?.map(forQueue),
    then: then && forQueue(then),
    master: master && { queue: master.queue, name: master.name },
  };
  const call: Call = { method: "POST", path: "/groups", body, mayRepeat: true };
  const { value, error, isRepeat } = await connection.outcomeOf<GroupProgress>(call, options);
  const isThere = isRepeat && error?.code === "GROUP_ALREADY_EXISTS" && name !== undefined;
  if (error && !isThere) throw error;
  return new RemoteGroup(value?.name ?? (name as string), connection);
}
