// Waiting for a task's end, by asking again and again.
import { hasEnded, type Task } from "../core/task/task.ts";
import { now, sleep } from "./clock.ts";
import { checkNumber } from "./options.ts";

/** Seldom at first, and then more seldom. */
const POLL_MS = { first: 200, max: 2000, growth: 1.5 };

/** The task when it has ended, or as it is after `timeout` seconds. */
export async function endedTask(
  get: () => Promise<Task>,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<Task> {
  const end = now() + checkNumber("timeout", timeout) * 1000;
  let task = await get();
  for (let pause = POLL_MS.first; !hasEnded(task) && now() < end; ) {
    await sleep(Math.min(pause, end - now()), signal);
    pause = Math.min(pause * POLL_MS.growth, POLL_MS.max);
    task = await get();
  }
  return task;
}
