// The lines of a saved queue that are of groups, checked: no line can make a group that its object cannot read.
import { checkQueueName } from "../config/names.ts";
import { type Answer, invalid, type Refusal, refuse } from "../errors.ts";
import { MAX_GROUP_TASKS_PER_CALL } from "../limits.ts";
import { checkGroupName } from "../task/group.ts";
import { queuesOfGroup, type SavedOfGroup } from "./record.ts";
import {
  type Check,
  type Fields,
  isCount,
  isObject,
  isText,
  isTime,
  isTrue,
  missing,
  refusalOf,
} from "./shape.ts";

const isListOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const isShaped =
  (fields: Record<string, Check>, ...optional: string[]): Check =>
  (value) =>
    isObject(value) &&
    refusalOf("", value as Fields, fields) === undefined &&
    missing(value as Fields, fields, optional) === undefined;
const isOneOf =
  (...values: unknown[]): Check =>
  (value) =>
    values.includes(value);
const isFlag: Check = (value) => typeof value === "boolean";
const isSpan: Check = (value) => isListOf(isCount)(value) && (value as unknown[]).length === 2;
const isNumbered: Check = (value) => isListOf(isCount)(value);

const BOTH = { kind: isText, name: isText, queue: isText, made: isTime, queues: isListOf(isText) };

const GROUP: Record<string, Check> = {
  ...BOTH,
  onFailure: (value) => isOneOf("all", "any")(value) || isCount(value),
  state: isOneOf("running", "done", "failed", "cancelled"),
  open: isFlag,
  total: isCount,
  numbered: isListOf(isSpan),
  first: isShaped({ index: isCount, batch: isCount }),
  batches: isCount,
  endedAt: isTime,
  master: isShaped({ queue: isText, name: isText }),
  masterMadeAt: isTime,
  then: isShaped(
    { queue: isText, task: isShapedTask, added: isFlag, error: isText },
    ...["added", "error"],
  ),
  cancelled: isTrue,
  accepted: isCount,
  batch: (value) =>
    isShaped({ number: isCount, queue: isText, indexes: isNumbered, tasks: isListOf(isObject) })(
      value,
    ) && isEven(value as Fields),
};

const OPTIONAL = [
  ...["numbered", "endedAt", "master", "masterMadeAt", "then", "cancelled", "accepted", "batch"],
];

// A task that is added later has its name by then.
function isShapedTask(value: unknown): boolean {
  return isObject(value) && isText((value as Fields).name);
}

function isEven({ indexes, tasks }: Fields): boolean {
  const { length } = tasks as unknown[];
  return length === (indexes as unknown[]).length && length <= MAX_GROUP_TASKS_PER_CALL;
}

const isResult: Check = (value) => {
  const { type, text, base64 } = Object(value) as Fields;
  return (type === null || isText(type)) && isText(base64 ?? text);
};

const SUBTASK = isShaped(
  {
    ...{ index: isCount, queue: isText, name: isText },
    ...{ state: isOneOf("done", "failed", "deleted"), result: isResult, error: isText },
  },
  ...["name", "result", "error"],
);

const SUBTASKS = { ...BOTH, subtasks: isListOf(SUBTASK) };

/** The record of an object that was a line of a group. */
export function groupRecordOf(given: Fields): Answer<SavedOfGroup> {
  const fields = given.kind === "group" ? GROUP : SUBTASKS;
  const refusal: Refusal | undefined =
    refusalOf("", given, fields) ??
    missing(given, fields, given.kind === "group" ? OPTIONAL : []) ??
    checkGroupName(given.name) ??
    checkEnd(given) ??
    checkQueues(given as unknown as SavedOfGroup);
  return refusal ?? { ok: given as unknown as SavedOfGroup };
}

function checkQueues(saved: SavedOfGroup): Refusal | undefined {
  const named = saved.kind === "subtasks" ? saved.subtasks.map(({ queue }) => queue) : [];
  for (const name of new Set([saved.queue, ...queuesOfGroup(saved), ...named])) {
    const refusal = checkQueueName(name, "queue");
    if (refusal) return refusal;
  }
  return undefined;
}

function checkEnd({ state, endedAt, master, masterMadeAt }: Fields): Refusal | undefined {
  if (state !== undefined && state !== "running" && endedAt === undefined)
    return refuse("INVALID_REQUEST", "endedAt: missing");
  if (master === undefined || masterMadeAt !== undefined) return undefined;
  return invalid("masterMadeAt", masterMadeAt, "when the master was added");
}
