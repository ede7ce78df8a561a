// Rows of the task list. On narrow pages each row is a card.
import type { Task } from "../../core/task/task.ts";
import { mayWrite } from "../access.ts";
import { TaskStateMark } from "../format/state.tsx";
import { When } from "../format/when.tsx";
import { WithTimes } from "../format/with-times.tsx";
import { pathOf } from "../route.ts";
import { reasonOf } from "./reason.ts";

interface Props {
  tasks: readonly Task[];
  selected: ReadonlySet<string>;
  onSelect: (names: readonly string[], isSelected: boolean) => void;
  /** Whether these are ended tasks, which have no actions here. */
  isEnded: boolean;
}

export function TaskRows({ tasks, selected, onSelect, isEnded }: Props) {
  const hasBoxes = mayWrite() && !isEnded;
  const all = tasks.map(({ name }) => name);
  return (
    <table class="tasks cards lines">
      <thead>
        <tr>
          {hasBoxes && (
            <th scope="col" class="box">
              <input
                type="checkbox"
                aria-label="Select all shown"
                checked={all.length > 0 && all.every((name) => selected.has(name))}
                onChange={(event) => onSelect(all, event.currentTarget.checked)}
              />
            </th>
          )}
          <th scope="col">Task</th>
          <th scope="col" class="column-state">
            State
          </th>
          <th scope="col" class="column-due">
            {isEnded ? "Ended" : "Due"}
          </th>
          <th scope="col" class="column-attempts">
            Attempts
          </th>
          <th scope="col">{isEnded ? "Name is free" : "What it waits for, or how it ended"}</th>
        </tr>
      </thead>
      <tbody>
        {tasks.map((task) => (
          <tr key={task.name} data-row="">
            {hasBoxes && (
              <td class="box">
                <input
                  type="checkbox"
                  aria-label={`Select ${task.name}`}
                  checked={selected.has(task.name)}
                  onChange={(event) => onSelect([task.name], event.currentTarget.checked)}
                />
              </td>
            )}
            <TaskCells task={task} isEnded={isEnded} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function TaskCells({ task, isEnded }: { task: Task; isEnded: boolean }) {
  const { queue, name, state, tag, key, priority } = task;
  const at = isEnded ? task.endedAt : task.eta;
  return (
    <>
      <th scope="row" class="task-name">
        <a href={pathOf({ page: "task", queue, task: name })}>
          <bdi>{name}</bdi>
        </a>
        {tag !== undefined && <bdi class="tag">{tag}</bdi>}
        {key !== undefined && (
          <bdi class="tag" title="its key">
            {key}
          </bdi>
        )}
        {priority !== undefined && <span class="tag">priority {priority}</span>}
      </th>
      <td>
        <TaskStateMark state={state} />
      </td>
      <td data-label={isEnded ? "Ended" : "Due"} class="nowrap">
        {at ? <When at={at} as="relative" /> : "–"}
      </td>
      <td data-label="Attempts" class="number">
        {attemptsOf(task)}
      </td>
      <td class="reason">
        {isEnded && task.expiresAt ? (
          <When at={task.expiresAt} as="relative" />
        ) : (
          <WithTimes text={reasonOf(task)} />
        )}
      </td>
    </>
  );
}

function attemptsOf({ attempts = [], retryCount, state }: Task): number {
  const isOver = state === "failed" || state === "done";
  return Math.max(attempts.length, isOver ? retryCount + 1 : retryCount);
}
