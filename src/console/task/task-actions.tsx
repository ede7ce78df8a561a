// What can be done to one task, in the state it is in.
import { useState } from "preact/hooks";
import type { Task } from "../../core/task.ts";
import { hasLogin, mayWrite } from "../access.ts";
import { apiUrl, post, queuePath, remove, taskPath } from "../api.ts";
import { AddTask } from "../queue/add-task.tsx";
import { newTimeOf } from "../queue/new-time.ts";
import { TimeField } from "../queue/time-field.tsx";
import { CopyButton } from "../shell/copy.tsx";
import { Confirm } from "../shell/dialog.tsx";
import { acting } from "../shell/messages.tsx";
import { askedAgain } from "./again.ts";
import { curlOf } from "./curl.ts";

interface Props {
  task: Task;
  mode: "push" | "pull";
  onDone: () => void;
}

type Open = "again" | "time" | "delete" | "release";

export function TaskActions({ task, mode, onDone }: Props) {
  const [open, setOpen] = useState<Open>();
  const { queue, name, state } = task;
  const path = taskPath(queue, name);
  const act = async (work: () => Promise<unknown>, said: string) => {
    await acting(async () => {
      await work();
      return said;
    });
    onDone();
  };
  const isEnded = state === "done" || state === "deleted";
  const isWaiting = state === "scheduled" || state === "due";
  const close = () => setOpen(undefined);
  return (
    <div class="actions">
      {!isEnded && <CopyAsCurl task={task} />}
      {mayWrite() && (
        <>
          {!isEnded && (
            <button type="button" onClick={() => setOpen("again")}>
              Add again…
            </button>
          )}
          {isEnded && (
            <button type="button" onClick={() => setOpen("release")}>
              Release the name…
            </button>
          )}
          {isWaiting && (
            <button type="button" onClick={() => setOpen("time")}>
              Change time…
            </button>
          )}
          {!isEnded && (
            <button type="button" class="danger" onClick={() => setOpen("delete")}>
              Delete…
            </button>
          )}
          {state === "failed" && (
            <button
              type="button"
              class="primary"
              onClick={() =>
                act(
                  () => post(`${queuePath(queue)}/tasks:redrive`, { names: [name] }),
                  `${name} is back on the queue`,
                )
              }
            >
              Redrive
            </button>
          )}
          {isWaiting && mode === "push" && (
            <button
              type="button"
              class="primary"
              onClick={() =>
                act(() => post(`${path}:run`), `${name} runs as soon as a slot is free`)
              }
            >
              Run now
            </button>
          )}
        </>
      )}
      {open === "again" && (
        <AddTask queue={queue} mode={mode} like={askedAgain(task)} onClose={close} />
      )}
      {open === "time" && (
        <ChangeTime
          name={name}
          onTime={(time) =>
            act(() => post(`${path}:reschedule`, newTimeOf(time)), `${name} has another time`)
          }
          onClose={close}
        />
      )}
      {open === "delete" && (
        <Confirm
          title="Delete the task"
          action="Delete"
          isDangerous
          onConfirm={() => act(() => remove(path), `${name} is deleted`)}
          onClose={close}
        >
          <p>
            Deletes <b class="breaks">{name}</b>. An attempt that is running ends, and is not
            repeated.
          </p>
        </Confirm>
      )}
      {open === "release" && (
        <Confirm
          title="Release the name"
          action="Release"
          onConfirm={() =>
            act(
              () => remove(`${queuePath(queue)}/tombstones/${encodeURIComponent(name)}`),
              `${name} can be added again`,
            )
          }
          onClose={close}
        >
          <p>
            Forgets that <b class="breaks">{name}</b> has been, so that a task of that name can be
            added again at once.
          </p>
        </Confirm>
      )}
    </div>
  );
}

function CopyAsCurl({ task }: { task: Task }) {
  const url = `${location.origin}${apiUrl(queuePath(task.queue))}/tasks`;
  return (
    <CopyButton
      label="Copy as curl"
      text={() => curlOf({ url, body: askedAgain(task), hasToken: hasLogin() })}
    />
  );
}

interface ChangeTimeProps {
  name: string;
  onTime: (time: string) => Promise<void>;
  onClose: () => void;
}

function ChangeTime({ name, onTime, onClose }: ChangeTimeProps) {
  const [time, setTime] = useState("60");
  return (
    <Confirm
      title={`Change the time of ${name}`}
      action="Change"
      onConfirm={() => onTime(time)}
      onClose={onClose}
    >
      <TimeField value={time} onInput={setTime} />
    </Confirm>
  );
}
