// Assertions for vitest about what was added and what has run: `expect(queue).toHaveAdded({ ... })`. Importing this
// registers them.
import { expect } from "vitest";
import type { AddedTask, TaskAttempt } from "./log.ts";
import { usedLog } from "./used-log.ts";

/** Fields that one of the tasks must have; asymmetric matchers such as expect.objectContaining may stand in each. */
export type AddedMatch = { readonly [K in keyof AddedTask]?: unknown };
export type AttemptMatch = { readonly [K in keyof TaskAttempt]?: unknown };

export interface TaskQueueMatchers<R = unknown> {
  /** A task with these fields was added since the reset; with `times`, so many were. */
  toHaveAdded(task?: AddedMatch, times?: number): R;
  /** An attempt of such a task has succeeded; with `times`, so many have. */
  toHaveRun(attempt?: AttemptMatch, times?: number): R;
  /** An attempt of such a task has failed; with `times`, so many have. */
  toHaveFailed(attempt?: AttemptMatch, times?: number): R;
}

// Every version of vitest takes its assertions from there; its own interfaces have other parameters in each.
declare global {
  namespace Chai {
    interface Assertion extends TaskQueueMatchers<void> {}
  }
}

interface MatcherContext {
  isNot: boolean;
  equals(a: unknown, b: unknown): boolean;
  utils: { stringify(value: unknown): string };
}

interface Asked<T> {
  queue: string;
  /** What there is. */
  all: readonly T[];
  match: Readonly<Record<string, unknown>>;
  times: number | undefined;
  /** What is counted, such as "tasks added". */
  what: string;
}

expect.extend({
  toHaveAdded(subject: unknown, match = {}, times?: number) {
    const queue = nameOf(subject);
    return judge(this, { queue, all: usedLog().added(queue), match, times, what: "tasks added" });
  },
  toHaveRun(subject: unknown, match = {}, times?: number) {
    const queue = nameOf(subject);
    const all = usedLog()
      .attempts(queue)
      .filter(({ ok }) => ok);
    return judge(this, { queue, all, match, times, what: "attempts succeeded" });
  },
  toHaveFailed(subject: unknown, match = {}, times?: number) {
    const queue = nameOf(subject);
    const all = usedLog()
      .attempts(queue)
      .filter(({ ok }) => !ok);
    return judge(this, { queue, all, match, times, what: "attempts failed" });
  },
});

function judge<T extends object>(context: MatcherContext, asked: Asked<T>) {
  const { all, match, times } = asked;
  const found = all.filter((one) => isLike(context, one, match)).length;
  const pass = times === undefined ? found > 0 : found === times;
  return { pass, message: () => messageOf(context, asked, found) };
}

function isLike(context: MatcherContext, one: object, match: object): boolean {
  const fields = one as Record<string, unknown>;
  return Object.entries(match).every(([key, value]) => context.equals(fields[key], value));
}

function messageOf<T>({ isNot, utils }: MatcherContext, asked: Asked<T>, found: number): string {
  const { queue, all, match, times, what } = asked;
  const some = isNot ? "none" : "at least one";
  const wanted = times === undefined ? some : `${isNot ? "not " : ""}${times}`;
  const like = Object.keys(match).length === 0 ? "" : ` like ${utils.stringify(match)}`;
  const there = all.map((one) => `\n  ${utils.stringify(one)}`).join("") || " none";
  return `queue "${queue}", ${what}: expected ${wanted}${like}, found ${found} of these:${there}`;
}

function nameOf(subject: unknown): string {
  const name = typeof subject === "string" ? subject : (subject as { name?: unknown } | null)?.name;
  if (typeof name === "string") return name;
  throw new TypeError("task queues: expect() was given no queue, such as kit.queue(name)");
}
