// Summary figures over all queues.
import type { ComponentChildren } from "preact";
import type { Costs } from "../../core/metrics/costs.ts";
import type { WatchedQueue } from "../../core/metrics/queue-changes.ts";
import { count, dollars, percent, perSecond } from "../format/counts.ts";
import { duration } from "../format/times.ts";
import { useFetch } from "../use-fetch.ts";
import { overviewOf, type Spread } from "./overview.ts";

export function QueuesSummary({ queues }: { queues: readonly WatchedQueue[] }) {
  const { added, done, success, lateness, runTime, tasks, failed } = overviewOf(queues);
  return (
    <dl class="strip" aria-label="All queues, last minute">
      <Figure name="Added" value={perSecond(added)} unit="/s" />
      <Figure name="Done" value={perSecond(done)} unit="/s" />
      <Figure name="Success" value={success === null ? "–" : percent(success)} />
      <SpreadFigure name="Lateness" spread={lateness} />
      <SpreadFigure name="Run time" spread={runTime} />
      <Figure name="On queues" value={count(tasks)} />
      <Figure name="Failed" value={count(failed)} />
      <CostFigure />
    </dl>
  );
}

/** Of one queue, or of all. */
export function CostFigure({ queue }: { queue?: string }) {
  const { value } = useFetch<Costs>("/costs");
  const of = queue === undefined ? value?.total : value?.queues.find(({ name }) => name === queue);
  if (!of) return null;
  const since = "On average since it was first counted, at list price, as if nothing were included";
  return (
    <div class="figure" title={since}>
      <dt>Costs a month</dt>
      <dd>{dollars(of.perMonth.dollars)}</dd>
    </div>
  );
}

interface FigureProps {
  name: string;
  value: ComponentChildren;
  unit?: string;
  isWide?: boolean;
}

export function Figure({ name, value, unit = "", isWide = false }: FigureProps) {
  return (
    <div class={isWide ? "figure figure-wide" : "figure"}>
      <dt>{name}</dt>
      <dd>
        {value}
        {unit && <small>{unit}</small>}
      </dd>
    </div>
  );
}

export function SpreadFigure({ name, spread }: { name: string; spread: Spread }) {
  const words = (seconds: number | null) => (seconds === null ? "–" : duration(seconds));
  return (
    <div
      class="figure figure-wide figure-spread"
      title="Half of all took at most the first; 99 of 100 at most the second"
    >
      <dt>
        {name} <span class="ranks">p50 · p99</span>
      </dt>
      <dd>
        <span>{words(spread.p50)}</span> <small>·</small> <span>{words(spread.p99)}</span>
      </dd>
    </div>
  );
}
