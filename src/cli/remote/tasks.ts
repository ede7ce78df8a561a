// `tasks`: lists tasks.
import { now } from "../../remote/clock.ts";
import type { RemoteQueue, Task } from "../../remote/index.ts";
import { textOption } from "../given/command.ts";
import { UsageError } from "../terminal/exit.ts";
import { type Column, table } from "../terminal/table.ts";
import { filtered, filtersOf } from "./filters.ts";
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
  let left = limit;
  for await (const page of filtered(queue, filters, it.signal)) {
    const tasks = page.slice(0, left);
    print(it, tasks, left === limit);
    left -= tasks.length;
    if (left === 0) break;
  }
  return 0;
});

function limitOf({ given }: Remote): number {
  if (given.options.all === true || given.options.count === true) return Number.POSITIVE_INFINITY;
  const text = textOption(given, "limit") ?? `${LIMIT}`;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`--limit: found "${text}", expected a whole number above 0`);
}

async function count(it: Remote, queue: RemoteQueue, filters: ReturnType<typeof filtersOf>) {
  let tasks = 0;
  const progress = it.terminal.progress("counting");
  for await (const page of filtered(queue, filters, it.signal)) {
    tasks += page.length;
    progress.add(page.length);
  }
  progress.end();
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
