import type { NameRow } from "./names.ts";
import type { TaskRow } from "./tasks.ts";

/** What a name belongs to. */
export type Found =
  | { kind: "live"; task: TaskRow }
  | { kind: "failed"; task: TaskRow; row: NameRow }
  | { kind: "ended"; row: NameRow };
