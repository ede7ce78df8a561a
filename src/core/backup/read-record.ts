// A line of a saved queue as a record, or why it is none. Whoever imports may do anything with the queue; what is
// checked is that no line can make rows that the queue cannot read, or a request that it would not make.
import { fromBase64 } from "../bytes.ts";
import type { HostRules } from "../egress/host-rules.ts";
import { type Answer, invalid, type Refusal, refuse } from "../errors.ts";
import { MAX_TASK_BYTES } from "../limits.ts";
import { checkTaskName, checkUrl } from "../task/new-task-rules.ts";
import { ATTEMPTS_KEPT, type Method, type Progress, type TaskSpec } from "../task/task.ts";
import { groupRecordOf } from "./read-group.ts";
import { bodyIn, type SavedOfName, type SavedRecord } from "./record.ts";
import {
  type Check,
  type Fields,
  faultIn,
  isCount,
  isNumber,
  isObject,
  isText,
  isTime,
  isTrue,
  missing,
  refusalOf,
} from "./shape.ts";

const isPairs: Check = (value) =>
  Array.isArray(value) &&
  value.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every(isText));

const SPEC: Record<keyof TaskSpec, Check> = {
  url: isText,
  method: isText,
  query: isText,
  kind: (value) => value === "params" || value === "json",
  headers: isPairs,
  target: isText,
  routing: isObject,
  tag: isText,
  key: isText,
  priority: isCount,
  dispatchDeadline: isNumber,
  retry: isObject,
  expires: isNumber,
  debounce: isObject,
  since: isTime,
  throttle: isObject,
  oidcToken: isObject,
  dialect: isText,
  group: (value) => {
    const { name, index = 0, made = 0, ...rest } = Object(value) as Fields;
    return isText(name) && isCount(index) && isTime(made) && Object.keys(rest).length === 0;
  },
  cron: isText,
};

const ATTEMPT: Record<string, Check> = {
  dueAt: isNumber,
  startedAt: isNumber,
  endedAt: isNumber,
  status: isCount,
  error: isText,
  batch: isCount,
};

const PROGRESS: Record<Exclude<keyof Progress, "begun">, Check> = {
  retryCount: isCount,
  executionCount: isCount,
  serverErrorCount: isCount,
  firstStartedAt: isTime,
  previousResponse: isCount,
  retryReason: isText,
  cutOffs: isCount,
  isAlone: isTrue,
  leasedAt: isTime,
  expired: isTrue,
  waitsFor: isText,
  answer: isObject,
  attempts: (value) =>
    Array.isArray(value) &&
    value.length <= ATTEMPTS_KEPT &&
    value.every((one) => isObject(one) && faultIn(one as Fields, ATTEMPT) === undefined),
};

const TASK = { kind: isText, name: isText, named: (it: unknown) => typeof it === "boolean" };
const CONTENT = { createdAt: isTime, spec: isObject, progress: isObject };
const BODY = { body: isText, bodyBase64: isText };
const ENDED = { endedAt: isTime, nameUntil: isTime };

/** Each kind's fields, and which may be missing. */
const KINDS: Record<SavedOfName["kind"], { fields: Record<string, Check>; optional: string[] }> = {
  task: {
    fields: {
      ...TASK,
      key: isCount,
      due: isTime,
      ...CONTENT,
      ...BODY,
      next: isObject,
      mayExpire: isTrue,
    },
    optional: [...Object.keys(BODY), "next", "mayExpire"],
  },
  failed: {
    fields: {
      ...TASK,
      due: isTime,
      ...CONTENT,
      ...BODY,
      ...ENDED,
      keptUntil: isTime,
      isLetter: isTrue,
    },
    optional: [...Object.keys(BODY), "isLetter"],
  },
  name: {
    fields: {
      ...{ kind: isText, name: isText, createdAt: isTime, progress: isObject, result: isObject },
      ...ENDED,
      state: (value) => ["done", "deleted", "failed"].includes(String(value)),
    },
    optional: ["result"],
  },
};

const NEXT = { due: isTime, createdAt: isTime, spec: isObject, ...BODY };

/** Whether a line is of a name, and says nothing of the whole. */
export function isRecordKind(kind: unknown): kind is SavedOfName["kind"] {
  return typeof kind === "string" && Object.hasOwn(KINDS, kind);
}

/** The record of an object that was a line. */
export function recordOf(given: Fields, hosts: HostRules): Answer<SavedRecord> {
  const { kind } = given;
  if (kind === "group" || kind === "subtasks") return groupRecordOf(given);
  if (!isRecordKind(kind)) {
    return invalid(
      "kind",
      kind,
      `one of ${[...Object.keys(KINDS), "group", "subtasks"].join(", ")}`,
    );
  }
  const { fields, optional } = KINDS[kind];
  const refusal =
    refusalOf("", given, fields) ??
    missing(given, fields, optional) ??
    checkTaskName(given.name) ??
    checkProgress(given.progress as Fields) ??
    checkContent(given, hosts);
  return refusal ?? { ok: made(kind, given) };
}

function checkContent({ kind, spec, next, body, bodyBase64, result }: Fields, hosts: HostRules) {
  if (kind === "name") return result === undefined ? undefined : checkResult(result as Fields);
  const own = checkSpec("spec", spec as Fields, hosts) ?? checkBody({ body, bodyBase64 });
  if (own || next === undefined) return own;
  const behind = next as Fields;
  return (
    refusalOf("next.", behind, NEXT) ??
    missing(behind, NEXT, Object.keys(BODY)) ??
    checkSpec("next.spec", behind.spec as Fields, hosts) ??
    checkBody(behind)
  );
}

function checkSpec(field: string, spec: Fields, hosts: HostRules): Refusal | undefined {
  const { url, dialect, method = "POST" } = spec as TaskSpec;
  return refusalOf(`${field}.`, spec, SPEC) ?? checkUrl({ url, dialect }, method as Method, hosts);
}

function checkProgress(progress: Fields): Refusal | undefined {
  const optional = Object.keys(PROGRESS).filter((it) => !NEEDED.includes(it));
  return refusalOf("progress.", progress, PROGRESS) ?? missing(progress, PROGRESS, optional);
}

const NEEDED = ["retryCount", "executionCount", "attempts"];

function checkBody({ body, bodyBase64 }: Fields): Refusal | undefined {
  if (body !== undefined && bodyBase64 !== undefined) {
    return invalid("bodyBase64", "both", "a body, or its base64");
  }
  const bytes = bodyBase64 === undefined ? undefined : fromBase64(bodyBase64 as string);
  if (bodyBase64 !== undefined && !bytes) return invalid("bodyBase64", bodyBase64, "base64");
  const size = bytes?.byteLength ?? (body as string | undefined)?.length ?? 0;
  if (size <= 2 * MAX_TASK_BYTES.pull) return undefined;
  return refuse("TASK_TOO_LARGE", `body: found ${size} bytes, expected a task's`);
}

function checkResult({ type, text, base64 }: Fields): Refusal | undefined {
  const isFit = (type === null || isText(type)) && isText(base64 ?? text);
  return isFit ? undefined : invalid("result", type, "a type, and a text or its base64");
}

function made(kind: SavedOfName["kind"], given: Fields): SavedRecord {
  if (kind === "name") return given as unknown as SavedRecord;
  const { name, named, due, createdAt, spec, progress, key, next, mayExpire, ...rest } = given;
  const task = { name, named, due, createdAt, spec, progress, body: bodyIn(given) };
  if (kind === "task") {
    const behind = next === undefined ? {} : { next: madeNext(next as Fields) };
    return {
      kind,
      task: { ...task, key },
      ...behind,
      ...(mayExpire === true && { mayExpire }),
    } as never;
  }
  const { endedAt, keptUntil, nameUntil, isLetter } = rest;
  return {
    kind,
    task,
    endedAt,
    keptUntil,
    nameUntil,
    ...(isLetter === true && { isLetter }),
  } as never;
}

function madeNext({ due, createdAt, spec, ...body }: Fields) {
  return { due, createdAt, spec, body: bodyIn(body) };
}
