// A state as icon and text; colour is not the only cue.

import type { QueueView } from "../../core/metrics/queue-view.ts";
import type { TaskState } from "../../core/task/task.ts";
import { Icon } from "./icon.tsx";

export function TaskStateMark({ state }: { state: TaskState }) {
  return (
    <span class={`state state-${state}`}>
      <Icon name={state} />
      {state}
    </span>
  );
}

export function QueueStateMark({ state }: { state: QueueView["state"] }) {
  return (
    <span class={`state state-${state === "running" ? "active" : state}`}>
      <Icon name={state} />
      {state}
    </span>
  );
}
