// The action buttons of the task page.
import { useState } from "preact/hooks";
import type { Task } from "../../core/task/task.ts";
import { hasLogin, mayDecide, mayWrite } from "../access.ts";
import { apiUrl, post, queuePath, taskPath } from "../api.ts";
import { CopyButton } from "../shell/copy.tsx";
import { acting } from "../shell/messages.tsx";
import { type AvailableAction, availableActions } from "./available-actions.ts";
import { curlOf } from "./curl.ts";
import { newTaskFrom } from "./new-task-from.ts";
import { TaskDialog } from "./task-dialog.tsx";

interface Props {
  task: Task;
  mode: "push" | "pull";
  onDone: () => void;
}

/** An ellipsis marks actions that open a dialog. */
const BUTTONS: Record<AvailableAction, { label: string; look?: "danger" | "primary" }> = {
  again: { label: "Add again…" },
  release: { label: "Release the name…" },
  time: { label: "Change time…" },
  delete: { label: "Delete…", look: "danger" },
  redrive: { label: "Redrive", look: "primary" },
  run: { label: "Run now", look: "primary" },
};

export function TaskActions({ task, mode, onDone }: Props) {
  const [open, setOpen] = useState<AvailableAction>();
  const act = async (work: () => Promise<unknown>, said: string) => {
    await acting(async () => {
      await work();
      return said;
    });
    onDone();
  };
  const take = (offer: AvailableAction) => {
    if (offer === "run") return act(() => runNow(task), `${task.name} runs as soon as it can`);
    if (offer === "redrive") return act(() => redrive(task), `${task.name} is back on the queue`);
    return setOpen(offer);
  };
  const all = mayWrite() ? availableActions(task, mode) : [];
  const offers = mayDecide() ? all : all.filter((offer) => offer !== "release");
  return (
    <div class="actions">
      {!offers.includes("release") && <CopyAsCurl task={task} />}
      {offers.map((offer) => (
        <button
          key={offer}
          type="button"
          class={BUTTONS[offer].look ?? ""}
          onClick={() => take(offer)}
        >
          {BUTTONS[offer].label}
        </button>
      ))}
      {open && (
        <TaskDialog {...{ offer: open, task, mode, act }} onClose={() => setOpen(undefined)} />
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
      text={() => curlOf({ url, body: newTaskFrom(task), hasToken: hasLogin() })}
    />
  );
}
