// The actions available for a task in its state.
import type { Task } from "../../core/task/task.ts";

export type AvailableAction = "again" | "release" | "time" | "delete" | "redrive" | "run";

/** In button order: the primary action is last. */
export function availableActions(
  { state }: Pick<Task, "state">,
  mode: "push" | "pull",
): AvailableAction[] {
  switch (state) {
    case "done":
    case "deleted":
      return ["release"];
    case "failed":
    case "expired":
      return ["again", "delete", "redrive"];
    case "scheduled":
    case "due":
      return mode === "push" ? ["again", "time", "delete", "run"] : ["again", "time", "delete"];
    default:
      return ["again", "delete"];
  }
}
