// What came in and what went out in the last fifteen minutes, as two lines.
import type { WatchedQueue } from "../../core/metrics/queue-changes.ts";
import { counted } from "../format/counts.ts";
import { seriesOf } from "./series.ts";

const WIDTH = 120;
const HEIGHT = 28;

export function Sparkline({ queue, now }: { queue: WatchedQueue; now: number }) {
  const { added, done } = seriesOf(queue.history, "15m", now);
  const max = Math.max(...[...added, ...done].map(Number));
  const total = (pick: "added" | "done") =>
    queue.history.points.reduce((sum, point) => sum + point[pick], 0);
  const label = `15 minutes: ${counted(total("added"), "task")} added, ${total("done")} done`;
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      <path class="spark-base" d={`M0 ${HEIGHT - 1}H${WIDTH}`} />
      {max > 0 && <path class="spark-in" d={`${lineOf(added, max)}V${HEIGHT - 1}H0Z`} />}
      {max > 0 && <path class="spark-out" d={lineOf(done, max)} />}
    </svg>
  );
}

function lineOf(values: readonly (number | null)[], max: number): string {
  const x = (index: number) => ((index * WIDTH) / (values.length - 1)).toFixed(1);
  const y = (value: number) => (HEIGHT - 1 - (value / max) * (HEIGHT - 3)).toFixed(1);
  const points = values.flatMap((value, index) =>
    value === null ? [] : [`${x(index)} ${y(value)}`],
  );
  return `M${points.join("L")}`;
}
