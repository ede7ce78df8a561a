// The attempts: when each was due, started and ended, and the handler's response; last the one under way.
import type { AttemptView, RunningView, Task } from "../../core/task/task.ts";
import { counted } from "../format/counts.ts";
import { duration } from "../format/times.ts";
import { When } from "../format/when.tsx";

interface Props {
  task: Task;
  mode: "push" | "pull";
}

export function Attempts({ task, mode }: Props) {
  const { attempts = [], running, retryCount, state } = task;
  const made = retryCount + (state === "done" || state === "failed" ? 1 : 0);
  const first = Math.max(0, made - attempts.length);
  return (
    <section class="panel" aria-label="Attempts">
      <div class="panel-head">
        <h2>Attempts</h2>
        {first > 0 && attempts.length > 0 && <span class="muted">the last {attempts.length}</span>}
      </div>
      {attempts.length === 0 && !running ? (
        <p class="empty">{noneOf(task, mode)}</p>
      ) : (
        <section class="scroll" aria-label="Attempts made" {...SCROLLS}>
          <table class="attempts cards lines">
            <thead>
              <tr>
                <th scope="col">#</th>
                <th scope="col">Due</th>
                <th scope="col">Started</th>
                <th scope="col">Late</th>
                <th scope="col">Took</th>
                <th scope="col">Answer</th>
              </tr>
            </thead>
            <tbody>
              {attempts.map((attempt, index) => (
                <AttemptRow key={first + index} attempt={attempt} number={first + index + 1} />
              ))}
              {running && <RunningRow running={running} number={retryCount + 1} />}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

function noneOf({ retryCount, state }: Task, mode: "push" | "pull"): string {
  if (state === "expired") return "None: it was not started in time.";
  if (mode === "pull" && retryCount > 0) return `It was leased ${counted(retryCount, "time")}.`;
  return "None yet.";
}

// A scrollable element has to be reachable by keyboard.
const SCROLLS = { tabIndex: 0 };

function seconds(from: string, to: string): string {
  return duration((Date.parse(to) - Date.parse(from)) / 1000);
}

function RunningRow({ running, number }: { running: RunningView; number: number }) {
  const { dueAt, startedAt, batch } = running;
  return (
    <tr>
      <th scope="row">{number}</th>
      <td data-label="Due" class="nowrap">
        <When at={dueAt} />
      </td>
      <td data-label="Started" class="nowrap">
        <When at={startedAt} />
      </td>
      <td data-label="Late" class="number">
        {seconds(dueAt, startedAt)}
      </td>
      <td data-label="Took" class="number">
        –
      </td>
      <td class="answer">under way{batch && `, one of ${batch}`}</td>
    </tr>
  );
}

function AttemptRow({ attempt, number }: { attempt: AttemptView; number: number }) {
  const { dueAt, startedAt, endedAt, status, error, batch } = attempt;
  const isDone = status !== undefined && status >= 200 && status <= 299;
  return (
    <tr>
      <th scope="row">{number}</th>
      <td data-label="Due" class="nowrap">
        {dueAt ? <When at={dueAt} /> : "–"}
      </td>
      <td data-label="Started" class="nowrap">
        <When at={startedAt} />
      </td>
      <td data-label="Late" class="number">
        {dueAt ? seconds(dueAt, startedAt) : "–"}
      </td>
      <td data-label="Took" class="number">
        {seconds(startedAt, endedAt)}
      </td>
      <td class="answer">
        <b class={isDone ? "good" : "bad"}>{status ?? "no answer"}</b>{" "}
        {batch && <span class="muted">one of {batch} </span>}
        {error && <bdi class="head">{error}</bdi>}
      </td>
    </tr>
  );
}
