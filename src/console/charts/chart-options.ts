// uPlot options: axes, lines and marks, in the style sheet's colours.
import uPlot from "uplot";
import type { HistoryMark } from "../../core/metrics/history.ts";
import type { Zone } from "../format/times.ts";

export interface Line {
  label: string;
  values: readonly (number | null)[];
  /** One of the style sheet's chart colours. */
  colour: "first" | "second" | "third";
}

export const HEIGHT = 132;
/** Lines differ by dash pattern as well as colour. */
const DASHES: Record<Line["colour"], number[]> = { first: [], second: [5, 3], third: [1.5, 2.5] };

export interface Drawn {
  element: HTMLElement;
  lines: readonly Line[];
  words: (value: number) => string;
  zone: Zone;
  marks: { current: readonly HistoryMark[] };
  setIndex: (index: number | null) => void;
}

export function optionsOf({ element, lines, words, zone, marks, setIndex }: Drawn): uPlot.Options {
  const colour = (name: string) => colourOf(element, name);
  const axis = {
    stroke: colour("axis"),
    font: `11px ${getComputedStyle(element).fontFamily}`,
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    padding: [8, 17, 0, 0],
    tzDate: (seconds) =>
      zone === "utc" ? uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC") : new Date(seconds * 1000),
    cursor: {
      y: false,
      drag: { x: false, y: false },
      sync: { key: "history" },
      points: { size: 5 },
    },
    scales: { y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] } },
    axes: [
      { ...axis, grid: { show: false }, size: 22, space: 60, values: TIME_VALUES },
      {
        ...axis,
        grid: { stroke: colour("grid-line"), width: 1 },
        size: (_, labels) => widthOf(labels),
        space: 28,
        values: (_, ticks) => ticks.map(words),
      },
    ],
    series: [
      {},
      ...lines.map(({ label, colour: name }) => ({
        label,
        stroke: colour(name),
        width: 1.5,
        dash: DASHES[name],
        points: { show: true, filter: isolated, size: 4 },
        ...(name === "first" ? { fill: colour("fill") } : {}),
      })),
    ],
    hooks: {
      setCursor: [(chart) => setIndex(chart.cursor.idx ?? null)],
      drawClear: [(chart) => drawMarks(chart, marks.current, colour("mark"))],
    },
  };
}

const LETTER_PX = 6.5;
const LEAST_LABEL_PX = 40;

// As wide as its longest label: the canvas would cut off the rest.
function widthOf(labels: readonly string[] | null): number {
  const longest = Math.max(0, ...(labels ?? []).map((label) => label.length));
  return Math.max(LEAST_LABEL_PX, Math.ceil(longest * LETTER_PX) + 12);
}

// 24-hour times regardless of locale, like the log.
const TIME_VALUES: uPlot.Axis.Values = [
  [3600, "{HH}:{mm}", null, null, null, null, null, null, 1],
  [60, "{HH}:{mm}", null, null, null, null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", null, null, null, null, null, null, 1],
];

// An isolated value makes no line, so it gets a point.
function isolated(chart: uPlot, series: number): number[] {
  const values = chart.data[series] ?? [];
  return [...values.keys()].filter((index) => values[index] !== null && isAlone(values, index));
}

function isAlone(values: ArrayLike<number | null | undefined>, index: number): boolean {
  return (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null;
}

function drawMarks(chart: uPlot, marks: readonly HistoryMark[], stroke: string): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = 1;
  ctx.setLineDash([2, 3]);
  for (const { at } of marks) {
    const x = Math.round(chart.valToPos(Date.parse(at) / 1000, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

// A canvas cannot use custom properties, so colours are read from an element of the class.
function colourOf(element: HTMLElement, name: string): string {
  const probe = document.createElement("i");
  probe.className = `chart-${name}`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
