// Which tasks a command is about: those it names, or those that its filters let through.
import type { ListQuery, TaskPage } from "../../core/task/calls.ts";
import { isSearch } from "../../core/task/search.ts";
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
  /** Whether tasks are looked at by what is in them. */
  isSearch: boolean;
}

/** A page of what the filters let through. */
export interface Looked {
  tasks: Task[];
  /** How many tasks were looked at for it. */
  looked: number;
}

const PAGE = 1000;

/** `now` in ms since 1970. */
export function filtersOf(given: Given, now: number, fixed: ListQuery = {}): Filters {
  const option = (name: string) => textOption(given, name);
  const [state, tag, key, prefix, age] = [
    ...["state", "tag", "key", "prefix", "olderThan"].map(option),
  ];
  const [text, header] = ["text", "header"].map(option);
  if (state !== undefined && !TASK_STATES.includes(state)) {
    throw new UsageError(`--state: found "${state}", expected one of ${TASK_STATES.join(", ")}`);
  }
  const search = { text, header };
  const query = { state: state as TaskState | undefined, tag, key, prefix, ...search, ...fixed };
  const isAny = [state, tag, key, prefix, age, text, header].some((it) => it !== undefined);
  const filters = { query, isAny, isSearch: isSearch(search) };
  if (age === undefined) return filters;
  return { ...filters, addedBefore: now - secondsOf("older-than", age) * 1000 };
}

/** The tasks that they let through, page by page. */
export async function* filtered(
  queue: RemoteQueue,
  { query, addedBefore = Number.POSITIVE_INFINITY }: Filters,
  signal: AbortSignal,
): AsyncGenerator<Looked> {
  let cursor: string | undefined;
  do {
    const page: TaskPage = await queue.list(withoutUndefined({ ...query, limit: PAGE, cursor }), {
      signal,
    });
    const tasks = page.tasks.filter(({ createdAt }) => Date.parse(createdAt) < addedBefore);
    yield { tasks, looked: page.scanned ?? page.tasks.length };
    cursor = page.cursor;
  } while (cursor !== undefined);
}

function withoutUndefined(query: ListQuery): ListQuery {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
}
