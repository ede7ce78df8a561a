// Tabs for the task states, with counts.
import type { WatchedQueue } from "../../core/metrics/queue-changes.ts";
import { count } from "../format/counts.ts";
import { stateCount } from "../queues/depth.tsx";
import { pathOf } from "../route.ts";
import type { Filter, ListedState } from "./filter.ts";
import { FILTER_FIELDS, statesOf } from "./filter.ts";

export function Tabs({ queue, filter }: { queue: WatchedQueue; filter: Filter }) {
  return (
    <nav class="tabs" aria-label="Tasks by state">
      {statesOf(queue.mode).map((state) => (
        <a
          key={state}
          href={hrefOf(queue.name, { ...filter, state })}
          aria-current={state === filter.state ? "page" : undefined}
        >
          {state || "all"}
          {state !== "ended" && <span class="tab-count">{countOf(queue, state)}</span>}
        </a>
      ))}
    </nav>
  );
}

function hrefOf(queue: string, filter: Filter): string {
  const query = new URLSearchParams();
  if (filter.state) query.set("state", filter.state);
  for (const field of FILTER_FIELDS) if (filter[field]) query.set(field, filter[field]);
  return pathOf({ page: "queue", queue }) + (query.size > 0 ? `?${query}` : "");
}

function countOf({ statistics }: WatchedQueue, state: Exclude<ListedState, "ended">): string {
  return state === "" ? count(statistics.tasks) : stateCount(statistics.states[state]);
}
