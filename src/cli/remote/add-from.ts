// Tasks from a file, a line of JSON each, in calls as large as the API takes.
import { MAX_TASKS_PER_CALL } from "../../core/limits.ts";
import type { NewTask } from "../../core/task/task.ts";
import type { RemoteQueue } from "../../remote/index.ts";
import { type Exit, UsageError } from "../terminal/exit.ts";
import { printable } from "../terminal/printable.ts";
import { keepYoungHeapSmall } from "../terminal/young-heap.ts";
import { type Line, linesOf } from "./lines.ts";
import type { Remote } from "./queues-of.ts";

/** Characters of lines in one call: with UTF-8 and escapes far below its 30 MiB. */
const MAX_CALL_LENGTH = 8 * 1024 * 1024;

export async function addFrom(it: Remote, queue: RemoteQueue, file: string): Promise<Exit> {
  keepYoungHeapSmall();
  const counts = { added: 0, refused: 0 };
  const progress = it.terminal.progress("added");
  for await (const lines of callsOf(linesOf(file))) {
    const tasks = lines.map((line) => taskOf(file, line));
    const results = await queue.add(tasks, { signal: it.signal });
    for (const [i, { task, error }] of results.entries()) {
      counts[error ? "refused" : "added"]++;
      if (error)
        it.terminal.note(`${file}:${lines[i]?.number}: ${error.code}: ${printable(error.message)}`);
      else if (it.isJson) it.terminal.line(JSON.stringify(task));
    }
    progress.add(lines.length);
  }
  progress.end();
  if (!it.isJson) it.terminal.line(`added ${counts.added}, refused ${counts.refused}`);
  return counts.refused > 0 ? 1 : 0;
}

async function* callsOf(lines: AsyncIterable<Line>): AsyncGenerator<Line[]> {
  let call: Line[] = [];
  let length = 0;
  for await (const line of lines) {
    if (line.text.trim() === "") continue;
    const isFull =
      call.length === MAX_TASKS_PER_CALL || length + line.text.length > MAX_CALL_LENGTH;
    if (isFull && call.length > 0) {
      yield call;
      [call, length] = [[], 0];
    }
    call.push(line);
    length += line.text.length;
  }
  if (call.length > 0) yield call;
}

function taskOf(file: string, { number, text }: Line): NewTask {
  try {
    return JSON.parse(text) as NewTask;
  } catch (error) {
    throw new UsageError(
      `${file}:${number}: expected a task as JSON (${(error as Error).message})`,
    );
  }
}
