// `durable-taskqueue/testing`: the test kit for vitest with Cloudflare's pool, where tests run in the isolate of
// the Worker.
import { reset, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterAll } from "vitest";
import type { Enter, EnteredObject } from "./engine.ts";
import { TestKit, type TestOptions } from "./kit.ts";
import "./matchers.ts";
import { useLog } from "./used-log.ts";

export type { DrainOptions } from "./drain.ts";
export type { Duration } from "./duration.ts";
export type { PlannedFailure } from "./failures.ts";
export type { TestKit, TestOptions } from "./kit.ts";
export type { AddedTask, TaskAttempt } from "./log.ts";
export type { AddedMatch, AttemptMatch, TaskQueueMatchers } from "./matchers.ts";
export type { TaskName } from "./selection.ts";

const enter: Enter = ({ className, name }, work) => {
  const classes = exports as unknown as Record<string, DurableObjectNamespace | undefined>;
  const stub = classes[className]?.getByName(name);
  if (!stub) throw new Error(`task queues: the Worker exports no ${className}`);
  return runInDurableObject(stub, (instance, ctx) =>
    work(instance as unknown as EnteredObject, ctx),
  );
};

/** Puts the Worker's queues under a clock that the test moves, until the end of the test file. */
export function taskQueueTest(options: TestOptions = {}): TestKit {
  const kit = new TestKit({ exports, env, enter, empty: () => reset() }, options);
  useLog(kit);
  afterAll(() => kit.stop());
  return kit;
}
