// Functions of the Worker under test that are called later.
import { type DeferredContext, PermanentTaskFailure } from "../../src/index.ts";
import { deferred } from "./worker.ts";

/** What was called, in order. */
export const calls: { argument: unknown; task: string; queue: string }[] = [];

export function countTo(
  argument: { from: number; to: number; [more: string]: unknown },
  { task }: DeferredContext,
): object {
  calls.push({ argument, task: task.name, queue: task.queue });
  return { counted: argument.to - argument.from + 1 };
}

export function nothing(): void {}

export function failing(how: string): void {
  if (how === "for good") throw new PermanentTaskFailure(how);
  throw new Error(how);
}

export const { defer } = deferred({ countTo, nothing, failing });
