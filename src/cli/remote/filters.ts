// Which tasks a command is about: those it names, or those that its filters let through.
import type { ListQuery, TaskPage } from "../../core/task/calls.ts";
import type { Task, TaskState } from "../../core/task/task.ts";
import type { RemoteQueue } from "../../remote/index.ts";
import { type Given, textOption } from "../given/command.ts";
import { UsageError } from "../terminal/exit.ts";
import { secondsOf } from "./times.ts";

/** Those a list can be asked for. */
export const TASK_STATES: readonly string[] = [
  ...["scheduled", "due", "running", "leased", "waiting", "failed", "expired"],
];

export interface Filters {
  query: ListQuery;
  /** ms since 1970 */
  addedBefore?: number;
  /** Whether any was given. */
  isAny: boolean;
}

const PAGE = 1000;

/** `now` in ms since 1970. */
export function filtersOf(given: Given, now: number, fixed: ListQuery = {}): Filters {
  const [state, tag, key, prefix, age] = ["state", "tag", "key", "prefix", "olderThan"].map(
    (name) => textOption(given, name),
  );
  if (state !== undefined && !TASK_STATES.includes(state)) {
    throw new UsageError(`--state: found "${state}", expected one of ${TASK_STATES.join(", ")}`);
  }
  const query = { state: state as TaskState | undefined, tag, key, prefix, ...fixed };
  const isAny = [state, tag, key, prefix, age].some((it) => it !== undefined);
  if (age === undefined) return { query, isAny };
  return { query, isAny, addedBefore: now - secondsOf("older-than", age) * 1000 };
}

/** The tasks that they let through, page by page. */
export async function* filtered(
  queue: RemoteQueue,
  { query, addedBefore = Number.POSITIVE_INFINITY }: Filters,
  signal: AbortSignal,
): AsyncGenerator<Task[]> {
  let cursor: string | undefined;
  do {
    const page: TaskPage = await queue.list(withoutUndefined({ ...query, limit: PAGE, cursor }), {
      signal,
    });
    yield page.tasks.filter(({ createdAt }) => Date.parse(createdAt) < addedBefore);
    cursor = page.cursor;
  } while (cursor !== undefined);
}

function withoutUndefined(query: ListQuery): ListQuery {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
}
