// One row of the queue list. On narrow pages the row is a card with labelled cells.
import type { WatchedQueue } from "../../core/metrics/queue-changes.ts";
import { Sparkline } from "../charts/sparkline.tsx";
import { count } from "../format/counts.ts";
import { QueueStateMark } from "../format/state.tsx";
import { duration } from "../format/times.ts";
import { pathOf } from "../route.ts";
import { Depth } from "./depth.tsx";
import { drainOf, drainText } from "./drain.ts";
import { Gauge } from "./gauge.tsx";
import { ProblemLines } from "./problem-lines.tsx";
import { oldestDueSeconds, type Problem } from "./problems.ts";

interface Props {
  queue: WatchedQueue;
  problems: readonly Problem[];
  now: number;
}

export const COLUMNS = [
  "Queue",
  "Tasks",
  "In and out",
  "Tokens",
  "Running",
  "Oldest due",
  "Drains in",
];

export function QueueRow({ queue, problems, now }: Props) {
  const { name, mode, state } = queue;
  const oldest = oldestDueSeconds(queue, now);
  const drain = drainOf(queue, now);
  return (
    <tr data-row="">
      <th scope="row" class="queue-name">
        <a href={pathOf({ page: "queue", queue: name })}>{name}</a>
        <span class="muted line">
          <QueueStateMark state={state} /> · {mode}
        </span>
        <ProblemLines problems={problems} />
      </th>
      <td data-label="Tasks" class="cell-depth">
        <Depth queue={queue} />
      </td>
      <td data-label="In and out" class="cell-spark">
        <Sparkline queue={queue} now={now} />
      </td>
      <td data-label="Tokens">
        <TokenGauge queue={queue} />
      </td>
      <td data-label={mode === "pull" ? "Leased" : "Running"}>
        <SlotGauge queue={queue} />
      </td>
      <td data-label="Oldest due" class="number">
        {oldest === 0 ? <span class="muted">–</span> : duration(oldest)}
      </td>
      <td data-label="Drains in" class="number">
        <span class={drain.kind === "takes" ? "" : "muted"}>{drainText(drain)}</span>
      </td>
    </tr>
  );
}

export function TokenGauge({
  queue: { mode, rate, bucketSize, statistics },
}: {
  queue: WatchedQueue;
}) {
  const { tokens, enforcedRate } = statistics;
  if (mode === "pull" || tokens === null || enforcedRate === null) {
    return <span class="muted">{rate === "none" ? "no limit" : "–"}</span>;
  }
  const label = `${tokens} of ${bucketSize} tokens`;
  return (
    <Gauge value={tokens} most={bucketSize} label={label}>
      {count(tokens)}
      <small>
        {" "}
        of {count(bucketSize)} · {rate}
      </small>
    </Gauge>
  );
}

export function SlotGauge({ queue }: { queue: WatchedQueue }) {
  const { mode, maxConcurrentRequests: most, statistics } = queue;
  const { inFlight } = statistics;
  if (mode === "pull") return <span>{count(inFlight)}</span>;
  return (
    <Gauge value={inFlight} most={most} label={`${inFlight} of ${most} slots taken`}>
      {count(inFlight)}
      <small> of {count(most)}</small>
    </Gauge>
  );
}
