// Input for a task's new time.

import { clockTime } from "../format/times.ts";
import { useNow } from "../live/now.ts";
import { useObservable } from "../observable.ts";
import { zone } from "../preferences.ts";
import { parseNewTime } from "./parse-new-time.ts";

interface Props {
  value: string;
  onInput: (value: string) => void;
}

export function TimeField({ value, onInput }: Props) {
  const now = useNow();
  const shown = useObservable(zone);
  const { countdown, eta } = parseNewTime(value);
  const at = countdown === undefined ? Date.parse(String(eta)) : now + Number(countdown) * 1000;
  return (
    <label class="field">
      <span>To run in so many seconds, or at a time such as 2026-01-31T15:00:00Z</span>
      <input
        value={value}
        autocomplete="off"
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      <small>
        {Number.isNaN(at)
          ? "not a time"
          : `at ${clockTime(at, shown, now)}${shown === "utc" ? " UTC" : ""}`}
      </small>
    </label>
  );
}
