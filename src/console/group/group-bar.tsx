// A group's progress bar.
import type { GroupProgress } from "../../core/task/group.ts";
import { count } from "../format/counts.ts";

export function GroupBar({ group }: { group: GroupProgress }) {
  const { total, done, failed, deleted, running } = group;
  const of = Math.max(1, total);
  const parts = [
    ["done", done],
    ["failed", failed],
    ["deleted", deleted],
    ["running", running],
  ] as const;
  const waiting = Math.max(0, total - done - failed - deleted - running);
  let x = 0;
  return (
    <div class="group-bar">
      <svg
        class="bar bar-tall"
        viewBox="0 0 100 8"
        preserveAspectRatio="none"
        role="progressbar"
        aria-label={`Group ${group.name}`}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done + failed + deleted}
      >
        <rect class="bar-all" width="100" height="8" />
        {parts.map(([state, n]) => {
          const width = (n / of) * 100;
          x += width;
          return (
            <rect key={state} class={`fill-${state}`} x={x - width} width={width} height="8" />
          );
        })}
      </svg>
      <span class="depth-words">
        {parts.map(([state, n]) => (
          <span key={state} class={`depth-${state} ${n === 0 ? "muted" : ""}`}>
            <i class="swatch" />
            {count(n)} {state}
          </span>
        ))}
        <span class="muted">
          {count(waiting)} waiting, of {count(total)}
        </span>
      </span>
    </div>
  );
}
