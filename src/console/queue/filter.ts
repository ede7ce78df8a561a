// The task list's filter, and its API path.
import type { TaskState } from "../../core/task/task.ts";
import { queuePath } from "../api.ts";
import { count } from "../format/counts.ts";

/** `ended`: tombstones of ended tasks. "": every task on the queue. */
export type ListedState = "" | "ended" | Exclude<TaskState, "done" | "deleted">;

export interface Filter {
  state: ListedState;
  prefix: string;
  /** Tag of pull tasks, exact match. */
  tag: string;
  /** Key of tasks, exact match. */
  key: string;
  /** In payload or params. */
  text: string;
  /** `name: value` */
  header: string;
}

/** The filter's fields in the address, beside the state. */
export const FILTER_FIELDS = ["prefix", "tag", "key", "text", "header"] as const;

/** What is sought in tasks; a header that is still being typed is not sought yet. Names that are taken have neither. */
export function searchOf({ state, text, header }: Filter): { text?: string; header?: string } {
  if (state === "ended") return {};
  return { ...(text && { text }), ...(header.indexOf(":") > 0 && { header }) };
}

export function isSearch(filter: Filter): boolean {
  return Object.keys(searchOf(filter)).length > 0;
}

const STATES: readonly ListedState[] = [
  "",
  "scheduled",
  "due",
  "running",
  "leased",
  "waiting",
  "failed",
  "expired",
  "ended",
];

/** The tabs of a queue; tasks are leased from a pull queue, and run by a push queue. */
export function statesOf(mode: "push" | "pull"): ListedState[] {
  const foreign = mode === "pull" ? ["running", "waiting"] : ["leased"];
  return STATES.filter((state) => !foreign.includes(state));
}

/** Reads the filter from the URL; an unknown state lists all. */
export function listedState(text: string): ListedState {
  return STATES.find((state) => state === text) ?? "";
}

export function listPath(queue: string, filter: Filter, limit: number, cursor?: string): string {
  const { state, prefix, tag, key } = filter;
  const isEnded = state === "ended";
  const query = new URLSearchParams();
  if (state && !isEnded) query.set("state", state);
  if (prefix) query.set("prefix", prefix);
  if (tag && !isEnded) query.set("tag", tag);
  if (key && !isEnded) query.set("key", key);
  for (const [name, sought] of Object.entries(searchOf(filter))) query.set(name, sought);
  query.set("limit", String(limit));
  if (cursor) query.set("cursor", cursor);
  return `${queuePath(queue)}/${isEnded ? "tombstones" : "tasks"}?${query}`;
}

/** `failed tasks whose names begin with "count-"`. */
export function filterWords(filter: Filter, n: number): string {
  const { state, prefix, tag, key } = filter;
  const tasks = `${state ? `${state} ` : ""}${n === 1 ? "task" : "tasks"}`;
  const named = prefix ? ` whose ${n === 1 ? "name begins" : "names begin"} with "${prefix}"` : "";
  const whose = key ? ` of the key "${key}"` : "";
  const { text, header } = searchOf(filter);
  const sought = [text && `"${text}" in their payload`, header && `the header "${header}"`];
  const having = sought.some(Boolean) ? ` with ${sought.filter(Boolean).join(" and ")}` : "";
  return `${tasks}${named}${tag ? ` tagged "${tag}"` : ""}${whose}${having}`;
}

/** `looked at 5,000 of 120k`; `all`: how many there are to look at, where that is known. */
export function lookedWords(looked: number, all: number | null): string {
  return `looked at ${count(looked)}${all === null ? "" : ` of ${count(Math.max(all, looked))}`}`;
}
