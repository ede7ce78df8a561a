// A queue's task counts by state.
import type { WatchedQueue } from "../../core/metrics/queue-changes.ts";
import { count } from "../format/counts.ts";

const SHOWN = ["due", "running", "leased", "scheduled", "waiting", "failed", "expired"] as const;

export function Depth({ queue: { statistics } }: { queue: WatchedQueue }) {
  const present = SHOWN.filter((state) => statistics.states[state] !== 0);
  if (present.length === 0) return <span class="muted">empty</span>;
  return (
    <span class="depth">
      <DepthBar statistics={statistics} />
      <span class="depth-words">
        {present.map((state) => (
          <span key={state} class={`depth-${state}`}>
            <i class="swatch" />
            {stateCount(statistics.states[state])} {state}
          </span>
        ))}
      </span>
    </span>
  );
}

/** Beyond a thousand of each, scheduled and due tasks are not counted separately. */
export function stateCount(n: number | null): string {
  return n === null ? "over 1,000" : count(n);
}

function DepthBar({
  statistics: { tasks, failed, expired, states },
}: Pick<WatchedQueue, "statistics">) {
  const all = Math.max(1, tasks + failed + expired);
  let x = 0;
  return (
    <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect class="bar-all" width="100" height="4" />
      {SHOWN.map((state) => {
        const width = ((states[state] ?? 0) / all) * 100;
        x += width;
        return <rect key={state} class={`fill-${state}`} x={x - width} width={width} height="4" />;
      })}
    </svg>
  );
}
