// The task list's filter, and its API path.
import type { TaskState } from "../../core/task/task.ts";
import { queuePath } from "../api.ts";

/** `ended`: tombstones of ended tasks. "": every task on the queue. */
export type ListedState = "" | "ended" | Exclude<TaskState, "done" | "deleted">;

export interface Filter {
  state: ListedState;
  prefix: string;
  /** Tag of pull tasks, exact match. */
  tag: string;
  /** Key of tasks, exact match. */
  key: string;
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
  query.set("limit", String(limit));
  if (cursor) query.set("cursor", cursor);
  return `${queuePath(queue)}/${isEnded ? "tombstones" : "tasks"}?${query}`;
}

/** `failed tasks whose names begin with "count-"`. */
export function filterWords({ state, prefix, tag, key }: Filter, n: number): string {
  const tasks = `${state ? `${state} ` : ""}${n === 1 ? "task" : "tasks"}`;
  const named = prefix ? ` whose ${n === 1 ? "name begins" : "names begin"} with "${prefix}"` : "";
  const whose = key ? ` of the key "${key}"` : "";
  return `${tasks}${named}${tag ? ` tagged "${tag}"` : ""}${whose}`;
}
