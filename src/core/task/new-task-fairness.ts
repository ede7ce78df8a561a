// Whose task a new task is, and how urgent. Pure text and number rules, for each door.
import { invalid, type Refusal } from "../errors.ts";
import { LAST_PRIORITY, MAX_KEY_LENGTH } from "../limits.ts";
import { checkText } from "./new-task-rules.ts";
import type { NewTask } from "./task.ts";

/** Refuses a key or a priority that is none. */
export function checkFairness(
  { key, priority }: NewTask,
  queue: { name: string; shards?: number },
  lacksKeys = false,
): Refusal | undefined {
  if (key === undefined && priority === undefined) return undefined;
  if (lacksKeys) return key === undefined ? lacking("priority", priority) : lacking("key", key);
  return checkPriority(priority) ?? (key === undefined ? undefined : checkOwnKey(key, queue));
}

function lacking(field: string, value: unknown): Refusal {
  return invalid(field, value, "none, or parts: [keys] in the Worker, which has lines for tasks");
}

function checkPriority(priority: unknown): Refusal | undefined {
  if (priority === undefined) return undefined;
  const isWhole = typeof priority === "number" && Number.isInteger(priority);
  if (isWhole && priority >= 0 && priority <= LAST_PRIORITY) return undefined;
  return invalid("priority", priority, `a whole number from 0 (first) to ${LAST_PRIORITY}`);
}

// Its tasks would wait in as many lines as there are objects, each with a turn and limits of its own.
function checkOwnKey(key: unknown, { name, shards = 1 }: { name: string; shards?: number }) {
  const refusal = checkKey(key);
  if (refusal || shards === 1) return refusal;
  const expected = `none on "${name}", whose ${shards} shards do not take turns with one another`;
  return invalid("key", key, expected);
}

/** Refuses what can be no task's key; `field` says where it stands. */
export function checkKey(key: unknown, field = "key"): Refusal | undefined {
  if (typeof key !== "string" || key === "" || isLong(key)) {
    return invalid(field, key, `1 to ${MAX_KEY_LENGTH} characters`);
  }
  return checkText(field, key);
}

/** Whether a task can have this key. */
export function isKey(text: string): boolean {
  return checkKey(text) === undefined;
}

// A character may be two of a text's units.
function isLong(key: string): boolean {
  return key.length > MAX_KEY_LENGTH && [...key].length > MAX_KEY_LENGTH;
}

/** A key as a part of a path: a router would take "~pause" for a verb. */
export function keyInPath(key: string): string {
  return encodeURIComponent(key).replaceAll("~", "%7E");
}
