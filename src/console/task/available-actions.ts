// What can be done to a task in the state it is in.
import type { Task } from "../../core/task/task.ts";

export type TaskAction = "again" | "release" | "time" | "delete" | "redrive" | "run";

/** In the order of their buttons: the most likely one is last. */
export function actionsOf({ state }: Pick<Task, "state">, mode: "push" | "pull"): TaskAction[] {
  switch (state) {
    case "done":
    case "deleted":
      return ["release"];
    case "failed":
      return ["again", "delete", "redrive"];
    case "scheduled":
    case "due":
      return mode === "push" ? ["again", "time", "delete", "run"] : ["again", "time", "delete"];
    default:
      return ["again", "delete"];
  }
}
