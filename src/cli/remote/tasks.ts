// `tasks`: lists tasks.
import { now } from "../../remote/clock.ts";
import type { RemoteQueue, Task } from "../../remote/index.ts";
import { textOption } from "../given/command.ts";
import { UsageError } from "../terminal/exit.ts";
import { type Column, table } from "../terminal/table.ts";
import { type Filters, filtered, filtersOf } from "./filters.ts";
import { lookingAt } from "./looking.ts";
import { type Remote, remote } from "./queues-of.ts";

const LIMIT = 100;
/** So many are lined up together; what comes behind them may be wider. */
const TOGETHER = 200;

export default remote(async (it) => {
  const [name = ""] = it.given.args;
  const queue = it.queues.get(name) as RemoteQueue;
  const limit = limitOf(it);
  const filters = filtersOf(it.given, now());
  if (it.given.options.count === true) return count(it, queue, filters);
  const looking = await lookingAt(it, queue, filters);
  let left = limit;
  let isFirst = true;
  for await (const page of filtered(queue, filters, it.signal)) {
    looking.add(page);
    const tasks = page.tasks.slice(0, left);
    left -= tasks.length;
    if (tasks.length > 0) {
      looking.clear();
      print(it, tasks, isFirst);
      isFirst = false;
    }
    if (left === 0) break;
  }
  looking.end(left > 0);
  return 0;
});

function limitOf({ given }: Remote): number {
  if (given.options.all === true || given.options.count === true) return Number.POSITIVE_INFINITY;
  const text = textOption(given, "limit") ?? `${LIMIT}`;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`--limit: found "${text}", expected a whole number above 0`);
}

async function count(it: Remote, queue: RemoteQueue, filters: Filters) {
  let tasks = 0;
  const looking = await lookingAt(it, queue, filters, "counting");
  for await (const page of filtered(queue, filters, it.signal)) {
    tasks += page.tasks.length;
    looking.add(page);
  }
  looking.end();
  it.say({ tasks }, () => [`${tasks}`]);
  return 0 as const;
}

function print({ isJson, terminal }: Remote, tasks: readonly Task[], isFirst: boolean): void {
  if (isJson) for (const task of tasks) terminal.line(JSON.stringify(task));
  if (isJson || tasks.length === 0) return;
  for (let i = 0; i < tasks.length; i += TOGETHER) {
    const [titles = "", ...lines] = table(COLUMNS, tasks.slice(i, i + TOGETHER), terminal.width);
    if (isFirst && i === 0) terminal.line(terminal.paint("bold", titles));
    for (const line of lines) terminal.line(line);
  }
}

const COLUMNS: readonly Column<Task>[] = [
  { title: "TASK", of: ({ name }) => name },
  { title: "STATE", of: ({ state }) => state },
  { title: "ETA", of: ({ eta = "-" }) => eta },
  { title: "RETRIES", isRight: true, of: ({ retryCount }) => retryCount },
  { title: "KEY", of: ({ key, tag }) => key ?? tag ?? "-" },
  { title: "WHY", of: (task) => whyOf(task) },
];

function whyOf({ why, lastAttempt }: Task): string {
  const { status, error } = lastAttempt ?? {};
  const last = error ?? (status === undefined ? "" : `${status}`);
  return [why, last && `last: ${last}`].filter(Boolean).join("; ");
}
