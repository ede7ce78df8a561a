// Tasks added and done in the last fifteen minutes.
import type { WatchedQueue } from "../../core/metrics/queue-changes.ts";
import { counted } from "../format/counts.ts";
import { seriesOf } from "./series.ts";

const WIDTH = 120;
const HEIGHT = 28;

export function Sparkline({ queue, now }: { queue: WatchedQueue; now: number }) {
  const { added, done } = seriesOf(queue.history, "15m", now);
  const most = Math.max(...[...added, ...done].map(Number));
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
      {most > 0 && <path class="spark-in" d={`${lineOf(added, most)}V${HEIGHT - 1}H0Z`} />}
      {most > 0 && <path class="spark-out" d={lineOf(done, most)} />}
    </svg>
  );
}

function lineOf(values: readonly (number | null)[], most: number): string {
  const x = (index: number) => ((index * WIDTH) / (values.length - 1)).toFixed(1);
  const y = (value: number) => (HEIGHT - 1 - (value / most) * (HEIGHT - 3)).toFixed(1);
  const points = values.flatMap((value, index) =>
    value === null ? [] : [`${x(index)} ${y(value)}`],
  );
  return `M${points.join("L")}`;
}
