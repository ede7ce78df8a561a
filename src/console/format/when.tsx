// An instant on the page: by the clock, or how far off it is; the other ways to say it come on hovering.
import { useNow } from "../live/now.ts";
import { useObservable } from "../observable.ts";
import { clockTime, dateTime, fromNow } from "./times.ts";
import { zone } from "./zone.ts";

interface Props {
  /** RFC 3339 */
  at: string;
  /** Beside the time of day how far off it is, or that alone. Default the time of day alone. */
  as?: "clock" | "both" | "relative";
}

export function When({ at, as = "clock" }: Props) {
  const now = useNow();
  const shown = useObservable(zone);
  const ms = Date.parse(at);
  const other = shown === "utc" ? "local" : "utc";
  const title = [
    dateTime(ms, shown) + label(shown),
    dateTime(ms, other) + label(other),
    fromNow(ms, now),
  ];
  return (
    <time dateTime={at} title={title.join("\n")}>
      {as === "relative" ? fromNow(ms, now) : clockTime(ms, shown, now)}
      {as === "both" && <span class="muted"> {fromNow(ms, now)}</span>}
    </time>
  );
}

function label(of: "local" | "utc"): string {
  return of === "utc" ? " UTC" : " local time";
}
