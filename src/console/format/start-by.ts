// By when a task that may expire is to be started, or was.
import type { Task } from "../../core/task/task.ts";

/** RFC 3339; undefined of one that does not expire. */
export function startBy({ createdAt, expires }: Task): string | undefined {
  if (expires === undefined) return undefined;
  return new Date(Date.parse(createdAt) + expires * 1000).toISOString();
}
