// The results of a group's subtasks, in the order they were added.
import { useEffect, useState } from "preact/hooks";
import type { GroupProgress, GroupResult, GroupResultPage } from "../../core/task/group.ts";
import { get, groupPath } from "../api.ts";
import { TaskStateMark } from "../format/state.tsx";
import { useNow } from "../live/now.ts";
import { pathOf } from "../route.ts";
import { sayRefused } from "../shell/messages.tsx";
import { useFetch } from "../use-fetch.ts";

const PAGE = 50;
/** Polling interval for a running group's results while only the first page is shown. */
const ASK_EVERY_MS = 2000;

export function Results({ group }: { group: GroupProgress }) {
  const { name, state, done, failed, deleted } = group;
  const tick = Math.floor(useNow() / ASK_EVERY_MS);
  const path = `${groupPath(name)}/results?limit=${PAGE}`;
  const ended = done + failed + deleted;
  const first = useFetch<GroupResultPage>(
    path,
    state === "running" ? `${tick > 0 && ended}` : state,
  );
  const [further, setFurther] = useState<GroupResultPage[]>([]);
  // Pages of another group or poll cannot be appended to these.
  useEffect(() => setFurther([]), [name, ended]);
  const pages = first.value ? [first.value, ...further] : [];
  const cursor = pages.at(-1)?.cursor;
  const more = (from: string) =>
    get<GroupResultPage>(`${path}&cursor=${encodeURIComponent(from)}`).then(
      (page) => setFurther([...further, page]),
      sayRefused,
    );
  const results = pages.flatMap((page) => page.results);
  return (
    <section class="panel" aria-label="Results">
      <div class="panel-head">
        <h2>Results</h2>
      </div>
      {results.length === 0 ? (
        <p class="empty">
          No subtask has ended yet. Each shows here with what its handler answered.
        </p>
      ) : (
        <table class="tasks cards lines">
          <thead>
            <tr>
              <th scope="col">#</th>
              <th scope="col">Subtask</th>
              <th scope="col">Queue</th>
              <th scope="col">State</th>
              <th scope="col">Answer</th>
            </tr>
          </thead>
          <tbody>
            {results.map((result) => (
              <ResultRow key={result.index} result={result} />
            ))}
          </tbody>
        </table>
      )}
      <div class="panel-foot">
        {cursor !== undefined && (
          <button type="button" onClick={() => more(cursor)}>
            Show more
          </button>
        )}
      </div>
    </section>
  );
}

function ResultRow({
  result: { index, queue, name, state, error, ...answer },
}: {
  result: GroupResult;
}) {
  return (
    <tr data-row="">
      <td class="number" data-label="#">
        {index}
      </td>
      <th scope="row" class="task-name">
        {name === undefined ? (
          <span class="muted">not added</span>
        ) : (
          <a href={pathOf({ page: "task", queue, task: name })}>
            <bdi>{name}</bdi>
          </a>
        )}
      </th>
      <td data-label="Queue">{queue}</td>
      <td>
        <TaskStateMark state={state} />
      </td>
      <td class="reason">
        <bdi>{error ?? headOf(answer)}</bdi>
      </td>
    </tr>
  );
}

const HEAD = 200;

function headOf({ result, resultBase64 }: Pick<GroupResult, "result" | "resultBase64">): string {
  const text = resultBase64 ?? (result === undefined ? "" : JSON.stringify(result));
  return text.length > HEAD ? `${text.slice(0, HEAD)}…` : text;
}
