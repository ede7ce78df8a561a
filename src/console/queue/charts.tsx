// A queue's recent history: four charts over one time span, with the changes marked.
import { useMemo } from "preact/hooks";
import type { HistoryMark, HistorySpan, QueueHistory } from "../../core/metrics/history.ts";
import type { WatchedQueue } from "../../core/metrics/queue-changes.ts";
import { queuePath } from "../api.ts";
import { Chart } from "../charts/chart.tsx";
import type { Line } from "../charts/chart-options.ts";
import { type Series, seriesOf } from "../charts/series.ts";
import { perSecond } from "../format/counts.ts";
import { duration } from "../format/times.ts";
import { When } from "../format/when.tsx";
import { useNow } from "../live/now.ts";
import { setQuery, useQuery } from "../navigation.ts";
import { useFetch } from "../use-fetch.ts";

const MINUTE_MS = 60_000;

export function Charts({ queue }: { queue: WatchedQueue }) {
  const span: HistorySpan = useQuery("span") === "6h" ? "6h" : "15m";
  const now = useNow();
  const path = span === "6h" ? `${queuePath(queue.name)}/history?span=6h` : undefined;
  const fetched = useFetch<QueueHistory>(path, Math.floor(now / MINUTE_MS));
  const history = span === "6h" ? fetched.value : queue.history;
  const slot = history ? Math.floor(now / 1000 / history.slotSeconds) : 0;
  // Recomputed once per slot, not every second.
  const series = useMemo(() => history && seriesOf(history, span, now), [history, span, slot]);
  return (
    <section class="panel charts" aria-label="What it did lately">
      <div class="panel-head">
        <h2>{span === "6h" ? "Last 6 hours" : "Last 15 minutes"}</h2>
        <SpanSwitch span={span} />
      </div>
      {series && history ? (
        <FourCharts series={series} marks={history.marks} />
      ) : (
        <div class="charts-space" />
      )}
      <Marks marks={history?.marks ?? []} />
    </section>
  );
}

function SpanSwitch({ span }: { span: HistorySpan }) {
  const button = (of: HistorySpan, label: string) => (
    <button
      type="button"
      aria-pressed={span === of}
      onClick={() => setQuery({ span: of === "6h" ? of : undefined })}
    >
      {label}
    </button>
  );
  return (
    <fieldset class="switch" aria-label="How far back">
      {button("15m", "15 min")}
      {button("6h", "6 h")}
    </fieldset>
  );
}

function FourCharts({ series, marks }: { series: Series; marks: readonly HistoryMark[] }) {
  const lines = useMemo(() => linesOf(series), [series]);
  const perSecondWords = (value: number) => `${perSecond(value)}/s`;
  return (
    <div class="chart-grid">
      <Chart
        title="In and out"
        at={series.at}
        lines={lines.flow}
        marks={marks}
        words={perSecondWords}
      />
      <Chart
        title="Outcomes"
        at={series.at}
        lines={lines.outcomes}
        marks={marks}
        words={perSecondWords}
      />
      <Chart
        title="Lateness"
        at={series.at}
        lines={lines.lateness}
        marks={marks}
        words={duration}
      />
      <Chart title="Run time" at={series.at} lines={lines.runTime} marks={marks} words={duration} />
    </div>
  );
}

function linesOf(series: Series): Record<"flow" | "outcomes" | "lateness" | "runTime", Line[]> {
  return {
    flow: [
      { label: "added", values: series.added, colour: "first" },
      { label: "done", values: series.done, colour: "second" },
    ],
    outcomes: [
      { label: "done", values: series.done, colour: "first" },
      { label: "retried", values: series.retried, colour: "second" },
      { label: "failed", values: series.failed, colour: "third" },
    ],
    lateness: percentiles(series.latenessP50, series.latenessP99),
    runTime: percentiles(series.runTimeP50, series.runTimeP99),
  };
}

function percentiles(p50: Line["values"], p99: Line["values"]): Line[] {
  return [
    { label: "p50", values: p50, colour: "first" },
    { label: "p99", values: p99, colour: "second" },
  ];
}

const MARK_WORDS: Record<HistoryMark["kind"], string> = {
  started: "started",
  paused: "paused",
  resumed: "resumed",
  purged: "purged",
  changed: "changed",
};

const SHOWN_MARKS = 6;

function Marks({ marks }: { marks: readonly HistoryMark[] }) {
  if (marks.length === 0) return null;
  return (
    <p class="marks">
      {marks.slice(-SHOWN_MARKS).map(({ at, kind, detail }) => (
        <span key={at + kind}>
          <i class="mark-line" />
          {MARK_WORDS[kind]}
          {detail ? ` (${detail})` : ""} <When at={at} />
        </span>
      ))}
    </p>
  );
}
