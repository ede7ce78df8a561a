// A time series chart. A canvas is not accessible to screen readers, so the label has
// the last values, and the marks are listed beside the charts.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { HistoryMark } from "../../core/metrics/history.ts";
import { When } from "../format/when.tsx";
import { useObservable } from "../observable.ts";
import { zone } from "../preferences.ts";
import { theme } from "../shell/theme.ts";
import { HEIGHT, type Line, optionsOf } from "./chart-options.ts";

interface Props {
  title: string;
  /** Seconds since 1970. */
  at: readonly number[];
  lines: readonly Line[];
  marks: readonly HistoryMark[];
  /** Formats a value with its unit. */
  words: (value: number) => string;
}

export function Chart({ title, at, lines, marks, words }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const [index, setIndex] = useState<number | null>(null);
  const shownMarks = useRef(marks);
  shownMarks.current = marks;
  const chosenTheme = useObservable(theme);
  const shownZone = useObservable(zone);
  const dark = useDarkness();
  const data = [at, ...lines.map(({ values }) => values)] as uPlot.AlignedData;
  const kinds = lines.map(({ label }) => label).join();

  // Recreated for other lines or colours; data are set below.
  useLayoutEffect(() => {
    const element = place.current as HTMLDivElement;
    const made = new uPlot(
      optionsOf({ element, lines, words, zone: shownZone, marks: shownMarks, setIndex }),
      data,
      element,
    );
    chart.current = made;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth !== made.width) {
        made.setSize({ width: element.clientWidth, height: HEIGHT });
      }
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [kinds, chosenTheme, shownZone, dark]);

  // The data depend on these two only.
  useLayoutEffect(() => chart.current?.setData(data), [at, lines]);

  const shownTime = index === null ? undefined : at[index];
  const value = ({ values }: Line) => {
    const found = index === null ? values.findLast((it) => it !== null) : values[index];
    return found === null || found === undefined ? "–" : words(found);
  };
  const label = lines.map((line) => `${line.label} ${value(line)}`).join(", ");
  const isEmpty = lines.every(({ values }) => values.every((it) => it === null));
  return (
    <figure class="chart">
      <figcaption>
        <b>
          {shownTime === undefined ? title : <When at={new Date(shownTime * 1000).toISOString()} />}
        </b>
        {lines.map((line) => (
          <span key={line.label} class={`legend legend-${line.colour}`}>
            {line.label} <span class="value">{value(line)}</span>
          </span>
        ))}
      </figcaption>
      <div ref={place} class="plot" role="img" aria-label={`${title}: ${label}`} />
      {isEmpty && <span class="plot-empty">no attempt in this time</span>}
    </figure>
  );
}

function useDarkness(): boolean {
  const query = matchMedia("(prefers-color-scheme: dark)");
  const [dark, setDark] = useState(query.matches);
  useEffect(() => {
    const look = () => setDark(query.matches);
    query.addEventListener("change", look);
    return () => query.removeEventListener("change", look);
  }, [query]);
  return dark;
}
