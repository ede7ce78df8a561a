// The Worker's entrypoint for queue "sub", which queue.yaml sends to the target "backend".
import { WorkerEntrypoint } from "cloudflare:workers";
import { type PushedTask, readTask } from "../index.ts";
import { type Interval, readInterval } from "./count.ts";
import { fieldsOf } from "./fields.ts";

export class Backend extends WorkerEntrypoint {
  override async fetch(request: Request): Promise<Response> {
    const counted = count(await readTask(request));
    // Cut off, it gets to say how far it came.
    this.ctx.waitUntil(counted);
    return Response.json(await counted);
  }
}

/** The numbers it came to, or why it came to none. */
async function count(task: PushedTask): Promise<number[] | string> {
  const interval = readInterval(fieldsOf(task));
  if ("problem" in interval) return logged(task, `has nothing to count: ${interval.problem}`);
  const numbers: number[] = [];
  for (let n = interval.from; n <= interval.to; n++) {
    if (task.signal.aborted) break;
    numbers.push(n);
    await pause(task, interval);
  }
  if (task.signal.aborted) return logged(task, cutOff(task, interval, numbers.length));
  logged(task, `counted ${numbers.join(" ")}`);
  return numbers;
}

// Only the first attempt is slow, so that whoever tries the cut-off sees the task finish.
async function pause({ retryCount, signal }: PushedTask, { pauseMs }: Interval): Promise<void> {
  if (!pauseMs || retryCount > 0) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, pauseMs);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function cutOff({ signal }: PushedTask, { from, to }: Interval, counted: number): string {
  return `cut off at ${from + counted - 1} of ${from}..${to}: ${signal.reason}`;
}

function logged({ name }: PushedTask, what: string): string {
  const line = `sub ${name} ${what}`;
  console.log(line);
  return line;
}
