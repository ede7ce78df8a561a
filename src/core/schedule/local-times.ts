// Times of day on days that match a rule: the common form of App Engine's schedules.

/** The next local time after this one (ms, see `zone.ts`), undefined when none ever comes. */
export type LocalTimes = (after: number) => number | undefined;

/** Which days; what is absent admits all. A day has to meet every rule that is there. */
export interface DayRule {
  /** 1 to 12 */
  months?: readonly number[];
  /** 1 to 31 */
  monthdays?: readonly number[];
  /** 0 is Sunday. */
  weekdays?: readonly number[];
  /** Of the weekday in its month: 1 is the first, 5 the last. */
  ordinals?: readonly number[];
}

const DAY_MS = 86_400_000;
/** A fifth Monday of February comes every 28 years, every 40 around 2100. */
const FAR_DAYS = 41 * 366;

/** `times`: ms after midnight, in their order. */
export function localTimes(rule: DayRule, times: readonly number[]): LocalTimes {
  const [earliest = 0] = times;
  return (after) => {
    const today = Math.floor(after / DAY_MS) * DAY_MS;
    const later = times.find((time) => today + time > after);
    if (later !== undefined && isDay(rule, today)) return today + later;
    for (let day = today + DAY_MS; day <= today + FAR_DAYS * DAY_MS; day += DAY_MS) {
      if (isDay(rule, day)) return day + earliest;
    }
    return undefined;
  };
}

function isDay({ months, monthdays, weekdays, ordinals }: DayRule, midnight: number): boolean {
  const date = new Date(midnight);
  const day = date.getUTCDate();
  return (
    isIn(months, date.getUTCMonth() + 1) &&
    isIn(monthdays, day) &&
    isIn(weekdays, date.getUTCDay()) &&
    isIn(ordinals, Math.ceil(day / 7))
  );
}

function isIn(rule: readonly number[] | undefined, value: number): boolean {
  return rule === undefined || rule.includes(value);
}
