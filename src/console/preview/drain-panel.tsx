// The drain curve of a backlog.
import { count } from "../format/counts.ts";
import { duration } from "../format/times.ts";
import type { DrainCurve, DrainPoint } from "./drain-curve.ts";
import type { Knobs } from "./knobs.ts";
import { Plot } from "./plot.tsx";

export function DrainPanel({
  curve: { points, drainedAt },
  knobs,
}: {
  curve: DrainCurve;
  knobs: Knobs;
}) {
  const tasks = Number(knobs.tasks);
  const end = Math.max(points.at(-1)?.at ?? 0, 0.001);
  const last =
    drainedAt === undefined
      ? `${count(points.at(-1)?.left ?? tasks)} are still left after ${duration(end)}`
      : `gone after ${duration(drainedAt)}`;
  const most = points.reduce((top, { running }) => Math.max(top, running), 0);
  return (
    <section class="panel" aria-label="Drain curve">
      <div class="panel-head">
        <h2>
          {count(tasks)} tasks due at once: {last}
        </h2>
        <span class="muted">at most {count(most)} running</span>
      </div>
      <Plot
        label={`Tasks left over ${duration(end)}: ${last}`}
        steps={points.map(({ at, left }: DrainPoint) => [at / end, left / tasks])}
        left={[count(tasks), "0"]}
        bottom={["0 s", duration(end / 2), duration(end)]}
      />
    </section>
  );
}
