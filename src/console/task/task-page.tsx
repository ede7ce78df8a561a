// Task page: request, past attempts, group and upcoming attempts.
import { useEffect } from "preact/hooks";
import type { QueueView } from "../../core/metrics/queue-view.ts";
import type { Task } from "../../core/task/task.ts";
import { queuePath, taskPath } from "../api.ts";
import { Crumbs } from "../format/crumbs.tsx";
import { Payload } from "../format/payload.tsx";
import { startBy } from "../format/start-by.ts";
import { TaskStateMark } from "../format/state.tsx";
import { When } from "../format/when.tsx";
import { WithTimes } from "../format/with-times.tsx";
import { GroupSummary } from "../group/group-summary.tsx";
import { useChangesOf, useLiveQueue } from "../live/queues.ts";
import { pathOf } from "../route.ts";
import { Loading, Refused } from "../shell/loading.tsx";
import { useFetch } from "../use-fetch.ts";
import { Attempts } from "./attempts.tsx";
import { RequestSent } from "./request-sent.tsx";
import { TaskActions } from "./task-actions.tsx";
import { UpcomingAttemptsList } from "./upcoming-attempts-list.tsx";

const FOLLOW_MS = 700;
/** Polling interval: the stream reports an idle queue seconds late and never names single tasks. */
const POLL_MS = 1000;

export function TaskPage({ queue: queueName, name }: { queue: string; name: string }) {
  const ticks = useChangesOf(queueName, FOLLOW_MS);
  const { value: task, error, again } = useFetch<Task>(taskPath(queueName, name), ticks);
  const live = useLiveQueue(queueName);
  const asked = useFetch<QueueView>(live ? undefined : queuePath(queueName));
  const queue = live ?? asked.value;
  const mode = queue?.mode ?? "push";
  const isOver = task !== undefined && isTombstone(task);
  useEffect(() => {
    if (isOver) return;
    const timer = setInterval(() => document.hidden || again(), POLL_MS);
    return () => clearInterval(timer);
  }, [again, isOver]);
  if (error) return <Refused error={error} />;
  if (!task) return <Loading what={`task ${name}`} />;
  const groups = [task.waitsFor, task.group].filter((group) => group !== undefined);
  return (
    <>
      <div class="page-head">
        <Crumbs above={[[queueName, pathOf({ page: "queue", queue: queueName })]]} here={name} />
        <span class="subtitle line">
          <TaskStateMark state={task.state} />
        </span>
        <TaskActions task={task} mode={mode} onDone={again} />
      </div>
      {task.why && (
        <p class="why">
          <b>Why it waits</b> <WithTimes text={task.why} />
        </p>
      )}
      <Facts task={task} />
      {groups.map((group) => (
        <GroupSummary
          key={group}
          name={group}
          role={group === task.waitsFor ? "waits for" : "part of"}
        />
      ))}
      <div class="two">
        <Attempts task={task} mode={mode} />
        {queue && <UpcomingAttemptsList task={task} queue={queue} />}
      </div>
      <Result task={task} />
      {task.createdAt && !isTombstone(task) && <RequestSent task={task} mode={mode} />}
    </>
  );
}

/** Completed and deleted tasks retain only their name and attempts. */
function isTombstone({ state }: Task): boolean {
  return state === "done" || state === "deleted";
}

function Facts({ task }: { task: Task }) {
  const { createdAt, eta, nextAttemptAt, endedAt, expiresAt, retryCount, leaseExpiresAt, lease } =
    task;
  const facts: [string, preact.ComponentChildren][] = [
    ["Added", <When key="added" at={createdAt} as="both" />],
  ];
  const time = (label: string, at: string | undefined) => {
    if (at) facts.push([label, <When key={label} at={at} as="both" />]);
  };
  if (nextAttemptAt) time("Next attempt", nextAttemptAt);
  else if (!endedAt && !leaseExpiresAt) time("Was due", eta);
  facts.push(["Retries", String(retryCount)]);
  if (task.key !== undefined) {
    const keys = pathOf({ page: "keys", queue: task.queue });
    const key = (
      <a key="key" href={keys}>
        <bdi>{task.key}</bdi>
      </a>
    );
    facts.push(["Key", key]);
  }
  if (task.priority !== undefined) facts.push(["Priority", `${task.priority} of 0 to 9`]);
  if (task.tag) facts.push(["Tag", <bdi key="tag">{task.tag}</bdi>]);
  time("Next of its name", task.next?.eta);
  time("To start by", startBy(task));
  time("Leased until", leaseExpiresAt);
  if (lease) facts.push(["Lease", <code key="lease">{lease}</code>]);
  time("Ended", endedAt);
  time("Kept until", task.keptUntil);
  // A name that was generated goes with its record.
  if (expiresAt !== task.keptUntil) time("Name is free", expiresAt);
  return (
    <dl class="strip facts">
      {facts.map(([label, value]) => (
        <div class="figure" key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Result({ task: { result, resultBase64 } }: { task: Task }) {
  if (result === undefined && resultBase64 === undefined) return null;
  const text =
    resultBase64 ?? (typeof result === "string" ? result : JSON.stringify(result, null, 2));
  return (
    <section class="panel" aria-label="Result">
      <div class="panel-head">
        <h2>Result</h2>
        {resultBase64 !== undefined && <span class="muted">bytes, as base64</span>}
      </div>
      <Payload text={text} />
    </section>
  );
}
