// The buttons of a task, and what they do.
import { useState } from "preact/hooks";
import type { Task } from "../../core/task/task.ts";
import { hasLogin, mayWrite } from "../access.ts";
import { apiUrl, post, queuePath, taskPath } from "../api.ts";
import { CopyButton } from "../shell/copy.tsx";
import { acting } from "../shell/messages.tsx";
import { actionsOf, type TaskAction } from "./available-actions.ts";
import { copyOf } from "./copy-task.ts";
import { curlOf } from "./curl.ts";
import { TaskDialog } from "./task-dialog.tsx";

interface Props {
  task: Task;
  mode: "push" | "pull";
  onDone: () => void;
}

/** Dots where something is asked back first. */
const BUTTONS: Record<TaskAction, { label: string; look?: "danger" | "primary" }> = {
  again: { label: "Add again…" },
  release: { label: "Release the name…" },
  time: { label: "Change time…" },
  delete: { label: "Delete…", look: "danger" },
  redrive: { label: "Redrive", look: "primary" },
  run: { label: "Run now", look: "primary" },
};

export function TaskActions({ task, mode, onDone }: Props) {
  const [open, setOpen] = useState<TaskAction>();
  const act = async (work: () => Promise<unknown>, message: string) => {
    await acting(async () => {
      await work();
      return message;
    });
    onDone();
  };
  const take = (action: TaskAction) => {
    if (action === "run") return act(() => runNow(task), `${task.name} runs as soon as it can`);
    if (action === "redrive") return act(() => redrive(task), `${task.name} is back on the queue`);
    return setOpen(action);
  };
  const actions = mayWrite() ? actionsOf(task, mode) : [];
  return (
    <div class="actions">
      {!actions.includes("release") && <CopyAsCurl task={task} />}
      {actions.map((action) => (
        <button
          key={action}
          type="button"
          class={BUTTONS[action].look ?? ""}
          onClick={() => take(action)}
        >
          {BUTTONS[action].label}
        </button>
      ))}
      {open && (
        <TaskDialog {...{ action: open, task, mode, act }} onClose={() => setOpen(undefined)} />
      )}
    </div>
  );
}

function runNow({ queue, name }: Task): Promise<unknown> {
  return post(`${taskPath(queue, name)}:run`);
}

function redrive({ queue, name }: Task): Promise<unknown> {
  return post(`${queuePath(queue)}/tasks:redrive`, { names: [name] });
}

function CopyAsCurl({ task }: { task: Task }) {
  const url = `${location.origin}${apiUrl(queuePath(task.queue))}/tasks`;
  return (
    <CopyButton
      label="Copy as curl"
      text={() => curlOf({ url, body: copyOf(task), hasToken: hasLogin() })}
    />
  );
}
