// Validates a value against a schema and words the faults: which queue, which key, what was found, what was
// expected. Reports all faults at once. Lines and columns are added by yaml-document.ts.

import { cut } from "../errors.ts";
import { cronName } from "./names.ts";
import { type Issue, issuesOf, type Shape } from "./shape.ts";

/** One fault, and where: the path from the top of the value. */
export interface Finding {
  readonly path: readonly PropertyKey[];
  /** The fault is the last key of the path itself, not what is under it. */
  readonly atKey: boolean;
  readonly message: string;
}

export type Checked<T> = { readonly data: T } | { readonly findings: readonly Finding[] };

/** The value as the schema types it, or what is wrong with it. */
export function checkAgainst<T>(schema: Shape<T>, value: unknown): Checked<T> {
  const found = issuesOf(schema, value);
  if (found.length === 0) return { data: value as T };
  const issues = withoutModes(schema, value, found);
  return { findings: distinct(issues.flatMap((issue) => findingsOf(issue, value))) };
}

/** A fault of the value at `path`, in words that begin with the queue and the key. */
export function finding(
  value: unknown,
  path: readonly PropertyKey[],
  message: string,
  atKey = false,
): Finding {
  return { path, atKey, message: `${label(value, path)}${message}` };
}

// Of a queue that is neither push nor pull nothing more is known. What is wrong with it either way is
// still wrong, and worth saying at once.
function withoutModes(schema: Shape, value: unknown, issues: readonly Issue[]): readonly Issue[] {
  const modes = issues.filter(({ path }) => path.at(-1) === "mode");
  if (modes.length === 0) return issues;
  const [push = [], pull = []] = ["push", "pull"].map((mode) => {
    const copy = structuredClone(value);
    for (const { path } of modes) Object.assign(at(copy, path.slice(0, -1)) as object, { mode });
    return issuesOf(schema, copy);
  });
  const either = new Set(pull.map(identity));
  return [...modes, ...push.filter((it) => either.has(identity(it)))];
}

// Unknown keys are unknown to both modes, though each lists other keys as known.
function identity({ path, message, unknownKeys }: Issue): string {
  return JSON.stringify([path, unknownKeys ? "unknown" : message]);
}

function findingsOf(issue: Issue, value: unknown): Finding[] {
  if (!issue.unknownKeys) {
    return [finding(value, issue.path, `${found(value, issue.path)}, expected ${issue.message}`)];
  }
  return issue.unknownKeys.map((key) =>
    finding(value, [...issue.path, key], `found an unknown key, expected ${issue.message}`, true),
  );
}

// -1.5 breaks two rules of a whole number, and both say the same.
function distinct(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((it) => [JSON.stringify(it), it])).values()];
}

/** `queue "sub": retry_parameters.max_doublings: `; an entry without a usable name goes by its number. */
function label(value: unknown, path: readonly PropertyKey[]): string {
  const [list, index] = path;
  const inEntry = (list === "queue" || list === "cron") && typeof index === "number";
  const name = inEntry ? nameOf(list, at(value, [list, index])) : undefined;
  const entry = name === undefined ? `number ${Number(index) + 1}` : quoted(name);
  const key = (inEntry ? path.slice(2) : path)
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${cut(String(part))}`))
    .join("")
    .replace(/^\./, "");
  return `${inEntry ? `${list} ${entry}: ` : ""}${key && `${key}: `}`;
}

function nameOf(list: "queue" | "cron", entry: unknown): string | undefined {
  const name = list === "queue" ? at(entry, ["name"]) : cronName(Object(entry));
  return typeof name === "string" ? name : undefined;
}

function found(value: unknown, path: readonly PropertyKey[]): string {
  const there = at(value, path);
  const parent = at(value, path.slice(0, -1));
  const isMissing = path.length > 0 && !Object.hasOwn(Object(parent), path.at(-1) as PropertyKey);
  return isMissing ? "missing" : `found ${describeValue(there)}`;
}

function describeValue(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value !== "object") return String(value);
  return Object.keys(value).length === 0 ? "an empty mapping" : "a mapping";
}

function quoted(text: string): string {
  return text.length <= 120 ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, 100))}...`;
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((it, key) => Object(it)[key], value);
}
