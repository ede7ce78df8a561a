// What is to happen to a new task whose name is taken, or was a moment ago: a rule that the caller gives with it.
// Without one a name is accepted once.
import { type Answer, cut, invalid, type Refusal } from "../errors.ts";
import { MAX_DELAY_S } from "../limits.ts";
import type {
  AcceptedTask,
  AddRule,
  Debounce,
  NewTask,
  TaskSpec,
  TaskState,
  Throttle,
} from "./task.ts";

const IF_EXISTS: readonly unknown[] = ["reject", "keep", "replace"];
const WINDOW = {
  debounce: { fields: ["seconds", "max"], expected: "an object of seconds and max" },
  throttle: { fields: ["seconds"], expected: "an object of seconds" },
} as const;

/** The rule of a new task, if it has one that says more than that a name is accepted once. */
export function acceptRule(task: NewTask): Answer<AddRule | undefined> {
  const { name, ifExists, debounce, throttle, eta, countdown } = task;
  if (ifExists !== undefined && !IF_EXISTS.includes(ifExists))
    return invalid("ifExists", ifExists, IF_EXISTS.join(", "));
  const refusal = checkWindow("debounce", debounce) ?? checkWindow("throttle", throttle);
  if (refusal) return refusal;
  const [rule, ...more] = [
    ...(ifExists === undefined ? [] : (["ifExists"] as const)),
    ...(debounce === undefined ? [] : (["debounce"] as const)),
    ...(throttle === undefined ? [] : (["throttle"] as const)),
  ];
  if (rule === undefined || ifExists === "reject") {
    return more[0] ? invalid(more[0], task[more[0]], "none beside ifExists") : { ok: undefined };
  }
  if (more[0]) return invalid(more[0], task[more[0]], `none beside ${rule}`);
  if (!name) return invalid(rule, task[rule], "a name beside it, for which it holds");
  const due = eta === undefined ? "countdown" : "eta";
  if (debounce && (eta ?? countdown) !== undefined)
    return invalid(due, task[due], "none beside debounce, which says when the task is due");
  return { ok: rule === "ifExists" ? (ifExists as "keep" | "replace") : rule };
}

export type AcceptRule = typeof acceptRule;

/** A task with a rule has a name. */
export interface RuledTask extends AcceptedTask {
  name: string;
  rule: AddRule;
}

export function isRuled(task: AcceptedTask): task is RuledTask {
  return task.rule !== undefined;
}

/** The same in a Worker that has no rules. */
export function acceptNoRule(task: NewTask): Answer<undefined> {
  const expected = "none, or parts: [rules] in the Worker, which goes by it";
  return checkRuleless(task, expected) ?? { ok: undefined };
}

/** Whether a task, which may be anything, has one of their fields. */
export function mayHaveRule(task: unknown): boolean {
  const { ifExists, debounce, throttle } = (task ?? {}) as Partial<Record<keyof NewTask, unknown>>;
  return (ifExists ?? debounce ?? throttle) !== undefined;
}

function checkWindow(field: "debounce" | "throttle", given: unknown): Refusal | undefined {
  if (given === undefined) return undefined;
  const { fields, expected } = WINDOW[field];
  if (typeof given !== "object" || given === null || Array.isArray(given))
    return invalid(field, given, expected);
  const known: readonly string[] = fields;
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) return invalid(field, unknown, `only ${fields.join(" and ")}`);
  const { seconds, max } = given as Partial<Debounce>;
  if (!isSeconds(seconds)) return invalid(`${field}.seconds`, seconds, EXPECTED_SECONDS);
  if (max === undefined) return undefined;
  if (!isSeconds(max)) return invalid(`${field}.max`, max, EXPECTED_SECONDS);
  const expectedMax = `at least debounce.seconds, here ${seconds}`;
  return max < seconds ? invalid(`${field}.max`, max, expectedMax) : undefined;
}

const EXPECTED_SECONDS = `a number of seconds above 0, at most 30 days (${MAX_DELAY_S})`;

function isSeconds(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value <= MAX_DELAY_S;
}

/** Refuses a rule of a task that is one of a group's, which counts each of its own. */
export function checkWithoutRule(task: NewTask): Refusal | undefined {
  return checkRuleless(task, "none on a task of a group, which waits for that very task");
}

function checkRuleless(task: NewTask, expected: string): Refusal | undefined {
  const field = (["ifExists", "debounce", "throttle"] as const).find(
    (one) => task[one] !== undefined && task[one] !== "reject",
  );
  if (field === undefined) return undefined;
  return invalid(cut(field), task[field], expected);
}

/** Whether its name stands for whatever is added under it, one after the other. */
export function isWindow({ debounce, throttle }: TaskSpec): boolean {
  return debounce !== undefined || throttle !== undefined;
}

/** When a task that is debounced since `since` is due after an add at `now` (ms). */
export function debouncedDue({ seconds, max }: Debounce, since: number, now: number): number {
  const latest = max === undefined ? Number.POSITIVE_INFINITY : since + Math.round(max * 1000);
  return Math.max(now, Math.min(now + Math.round(seconds * 1000), latest));
}

/** When the window ends that a task made at `createdAt` began (ms). */
export function windowEnd({ seconds }: Throttle, createdAt: number): number {
  return createdAt + Math.round(seconds * 1000);
}

/** A task, or one that waits for its end; times in ms since 1970. */
interface Made {
  createdAt: number;
  spec: TaskSpec;
}

/** What has the name of a new task. */
export type Holder =
  | (Made & {
      state: TaskState;
      /** An attempt of it has begun, or somebody has asked for one. */
      hasStarted: boolean;
      /** What is to take its place when it has ended. */
      next: Made | undefined;
    })
  | { state: "failed" | "expired" | "done" | "deleted"; createdAt: number; spec?: undefined };

/**
 * What a rule comes to. `add`: the name is free for it; `replace`, `replaceNext`: in place of the one that waits, or
 * waits for its end; `follow`: when the one that has the name has ended; `answer`, `answerNext`: nothing is added;
 * `refuse`: nor is anything answered with, for the reason `why` or since the name is taken.
 */
export type AddStep =
  | { do: "add" | "replace" | "replaceNext" | "follow" | "answer" | "answerNext" }
  | { do: "refuse"; why?: string };

/** What to do with a task of this rule and spec at `now` (ms) where its name is taken. */
export function stepOf(rule: AddRule, spec: TaskSpec, holder: Holder, now: number): AddStep {
  if (rule === "throttle") return throttled(spec.throttle as Throttle, holder, now);
  if (holder.spec === undefined) return { do: rule === "debounce" ? "add" : "refuse" };
  if (rule === "keep") return { do: "answer" };
  return rule === "debounce" ? debounced(holder) : replaced(holder);
}

type Living = Extract<Holder, { spec: TaskSpec }>;

function replaced({ state, next, spec }: Living): AddStep {
  if (state === "running") return { do: "refuse", why: "which is running" };
  if (state === "leased") return { do: "refuse", why: "which is leased" };
  if (state === "waiting") return { do: "refuse", why: "which waits for its group" };
  if (spec.group) return { do: "refuse", why: `which is of the group "${spec.group.name}"` };
  if (next) return { do: "refuse", why: "behind which another one waits" };
  return { do: "replace" };
}

const NO_WINDOW = "which was added without debounce or throttle";

function debounced(holder: Living): AddStep {
  if (!isWindow(holder.spec)) return { do: "refuse", why: NO_WINDOW };
  if (holder.next) return { do: "replaceNext" };
  return { do: isUnderWay(holder) ? "follow" : "replace" };
}

function isUnderWay({ state, hasStarted }: Living): boolean {
  return hasStarted || state === "running" || state === "leased" || state === "waiting";
}

// A task that was deleted has its window no more: who deleted it wants nothing in its place kept away.
function throttled(throttle: Throttle, holder: Holder, now: number): AddStep {
  const isOpen = ({ createdAt }: { createdAt: number }) => now < windowEnd(throttle, createdAt);
  if (holder.spec === undefined)
    return { do: holder.state !== "deleted" && isOpen(holder) ? "answer" : "add" };
  if (!isWindow(holder.spec)) return { do: "refuse", why: NO_WINDOW };
  // One that waits stands for all later windows until its turn comes.
  if (holder.next) return { do: "answerNext" };
  return { do: isOpen(holder) ? "answer" : "follow" };
}
