// A time, absolute or relative; the tooltip has the other forms.
import { useNow } from "../live/now.ts";
import { useObservable } from "../observable.ts";
import { zone } from "../preferences.ts";
import { clockTime, dateTime, fromNow } from "./times.ts";

interface Props {
  /** RFC 3339 */
  at: string;
  /** Time of day (default), relative time, or both. */
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
