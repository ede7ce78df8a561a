// Dialog to add a task, empty or copied from another.
import { useState } from "preact/hooks";
import type { NewTask, Task } from "../../core/task/task.ts";
import { hasLogin } from "../access.ts";
import { apiUrl, post, queuePath } from "../api.ts";
import { go } from "../navigation.ts";
import { pathOf } from "../route.ts";
import { CopyButton } from "../shell/copy.tsx";
import { Dialog } from "../shell/dialog.tsx";
import { acting } from "../shell/messages.tsx";
import { curlOf } from "../task/curl.ts";
import { AddFields } from "./add-fields.tsx";
import { formOf, taskOf } from "./add-form.ts";

interface Props {
  queue: string;
  mode: "push" | "pull";
  /** The form's initial values. */
  like?: NewTask;
  onClose: () => void;
}

export function AddTask({ queue, mode, like, onClose }: Props) {
  const [form, setForm] = useState(() => formOf(like));
  const asked = taskOf(form);
  const path = `${queuePath(queue)}/tasks`;
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    if ("wrong" in asked || isBusy) return;
    setBusy(true);
    const isAdded = await acting(async () => {
      const { name } = await post<Task>(path, asked.task);
      go(pathOf({ page: "task", queue, task: name }));
      return `${name} is on queue ${queue}`;
    });
    setBusy(false);
    if (isAdded) onClose();
  };
  return (
    <Dialog title={`Add a task to ${queue}`} onClose={onClose} wide>
      <form class="add" onSubmit={submit}>
        <AddFields form={form} mode={mode} onChange={(change) => setForm({ ...form, ...change })} />
        {"wrong" in asked && (
          <p class="wrong" role="alert">
            {asked.wrong}
          </p>
        )}
        <div class="buttons">
          {"task" in asked && (
            <CopyButton
              label="Copy as curl"
              text={() =>
                curlOf({
                  url: location.origin + apiUrl(path),
                  body: asked.task,
                  hasToken: hasLogin(),
                })
              }
            />
          )}
          <span class="spring" />
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={"wrong" in asked || isBusy}>
            Add
          </button>
        </div>
      </form>
    </Dialog>
  );
}
