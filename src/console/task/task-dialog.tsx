// Confirmation dialogs of the task actions.
import { useState } from "preact/hooks";
import type { Task } from "../../core/task/task.ts";
import { post, queuePath, remove, taskPath } from "../api.ts";
import { AddTask } from "../queue/add-task.tsx";
import { parseNewTime } from "../queue/parse-new-time.ts";
import { TimeField } from "../queue/time-field.tsx";
import { Confirm } from "../shell/dialog.tsx";
import type { AvailableAction } from "./available-actions.ts";
import { newTaskFrom } from "./new-task-from.ts";

interface Props {
  offer: AvailableAction;
  task: Task;
  mode: "push" | "pull";
  /** Runs the action and shows a message. */
  act: (work: () => Promise<unknown>, said: string) => Promise<void>;
  onClose: () => void;
}

export function TaskDialog(props: Props) {
  const { offer, task, mode, onClose } = props;
  switch (offer) {
    case "again":
      return <AddTask queue={task.queue} mode={mode} like={newTaskFrom(task)} onClose={onClose} />;
    case "time":
      return <ChangeTime {...props} />;
    case "delete":
      return <Delete {...props} />;
    case "release":
      return <Release {...props} />;
    default:
      return null;
  }
}

function ChangeTime({ task: { queue, name }, act, onClose }: Props) {
  const [time, setTime] = useState("60");
  const change = () => post(`${taskPath(queue, name)}:reschedule`, parseNewTime(time));
  return (
    <Confirm
      title={`Change the time of ${name}`}
      action="Change"
      onConfirm={() => act(change, `${name} has another time`)}
      onClose={onClose}
    >
      <TimeField value={time} onInput={setTime} />
    </Confirm>
  );
}

function Delete({ task: { queue, name }, act, onClose }: Props) {
  return (
    <Confirm
      title="Delete the task"
      action="Delete"
      isDangerous
      onConfirm={() => act(() => remove(taskPath(queue, name)), `${name} is deleted`)}
      onClose={onClose}
    >
      <p>
        Deletes <b>{name}</b>. An attempt that is running ends, and is not repeated.
      </p>
    </Confirm>
  );
}

function Release({ task: { queue, name }, act, onClose }: Props) {
  const path = `${queuePath(queue)}/tombstones/${encodeURIComponent(name)}`;
  return (
    <Confirm
      title="Release the name"
      action="Release"
      onConfirm={() => act(() => remove(path), `${name} can be added again`)}
      onClose={onClose}
    >
      <p>
        Forgets that <b>{name}</b> has been, so that a task of that name can be added again at once.
      </p>
    </Confirm>
  );
}
