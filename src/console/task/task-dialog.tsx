// What is asked back before something is done to a task.
import { useState } from "preact/hooks";
import type { Task } from "../../core/task/task.ts";
import { post, queuePath, remove, taskPath } from "../api.ts";
import { AddTask } from "../queue/add-task.tsx";
import { newTimeOf } from "../queue/new-time.ts";
import { TimeField } from "../queue/time-field.tsx";
import { Confirm } from "../shell/dialog.tsx";
import { askedAgain } from "./again.ts";
import type { Offer } from "./offers.ts";

interface Props {
  offer: Offer;
  task: Task;
  mode: "push" | "pull";
  /** Does it, and says so. */
  act: (work: () => Promise<unknown>, said: string) => Promise<void>;
  onClose: () => void;
}

export function TaskDialog(props: Props) {
  const { offer, task, mode, onClose } = props;
  switch (offer) {
    case "again":
      return <AddTask queue={task.queue} mode={mode} like={askedAgain(task)} onClose={onClose} />;
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
  const change = () => post(`${taskPath(queue, name)}:reschedule`, newTimeOf(time));
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
