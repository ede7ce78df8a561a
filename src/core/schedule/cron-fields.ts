// The fields of a cron expression, each read alone: undefined for a text that can be none.

/** A field's numbers, from its least to its greatest. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly names?: readonly string[];
}

const ITEM = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/;

/** `5`, `1-5`, `1-5/2`, `*` and `*` with a step, any of them with commas between. */
export function numbersOf(text: string, span: Span): readonly number[] | undefined {
  const items = plain(text, span)
    .split(",")
    .map((item) => itemOf(item, span));
  if (items.includes(undefined)) return undefined;
  return [...new Set(items.flat() as number[])].sort((a, b) => a - b);
}

function itemOf(text: string, { from, to }: Span, most = to): number[] | undefined {
  const [all, first, last, step = "1"] = ITEM.exec(text) ?? [];
  // `5/15` has two meanings in the world: `5-59/15`, and 5 alone.
  if (all === undefined || (first !== undefined && last === undefined && all.includes("/"))) {
    return undefined;
  }
  const [low, high] = [Number(first ?? from), Number(last ?? first ?? to)];
  const by = Number(step);
  const steps = Math.floor((high - low) / by);
  if (low < from || low > high || by < 1 || by > to - from + 1) return undefined;
  // Elsewhere `0-24/5` counts as good: what is stepped over may be too high.
  if (low + steps * by > most) return undefined;
  return Array.from({ length: steps + 1 }, (_, i) => low + i * by);
}

/** With names as numbers. A name stands alone: not in a longer word, nor as a step. */
function plain(text: string, { names = [], from }: Span): string {
  const any = text.replaceAll("?", "*");
  if (names.length === 0) return any;
  const name = new RegExp(`(?<![a-z\\d/#])(${names.join("|")})(?![a-km-z\\d])`, "gi");
  return any.replace(name, (it) => `${names.indexOf(it.toLowerCase()) + from}`);
}

/** Whether a day is named. */
export interface DayField {
  readonly isAny: boolean;
  has(day: Date): boolean;
}

const MONTHDAYS = { from: 1, to: 31 };

/** Numbers, `L` for the last day, `15W` for the weekday nearest to the 15th, `LW` for the last weekday. */
export function monthdaysOf(text: string): DayField | undefined {
  if (text.toUpperCase() === "LW") return { isAny: false, has: isLastWeekday };
  const items = text.toUpperCase().split(",");
  const nearest = items.flatMap((item) => /^(\d+)W$/.exec(item)?.[1] ?? []);
  const rest = items.filter((item) => item !== "L" && !/^\d+W$/.test(item));
  const days = rest.length > 0 ? numbersOf(rest.join(","), MONTHDAYS) : [];
  const weekdays = nearest.length > 0 ? numbersOf(nearest.join(","), MONTHDAYS) : [];
  if (!days || !weekdays) return undefined;
  const hasLast = items.includes("L");
  const has = (day: Date) =>
    days.includes(day.getUTCDate()) ||
    (hasLast && day.getUTCDate() === lengthOf(day)) ||
    weekdays.some((it) => nearestWeekday(day, it) === day.getUTCDate());
  return { isAny: isAny(items.filter((item) => item !== "L").join(",")), has };
}

const WEEKDAYS: Span = {
  from: 0,
  to: 6,
  names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};
const SUNDAY = 7;

/** Numbers, of which 0 and 7 are Sunday, names, `MON#2` for the second Monday, `5L` for the last Friday. */
export function weekdaysOf(text: string): DayField | undefined {
  const named = plain(text.replace(/-sun(?![a-z\d])/gi, `-${SUNDAY}`), WEEKDAYS);
  const items = named.split(",").map(weekdayItem);
  if (items.includes(undefined)) return undefined;
  const has = (day: Date) => items.some((item) => item?.(day));
  return { isAny: isAny(text), has };
}

function weekdayItem(text: string): ((day: Date) => boolean) | undefined {
  const [, numbers = "", ordinal, last] = /^([^#l]+)(?:#0*([1-5])|(#?l))?$/i.exec(text) ?? [];
  const isMarked = ordinal !== undefined || last !== undefined;
  const days = itemOf(numbers, WEEKDAYS, SUNDAY)?.map((it) => it % SUNDAY);
  if (!days || (numbers === "*" && isMarked)) return undefined;
  return (day) => {
    if (!days.includes(day.getUTCDay())) return false;
    if (last !== undefined) return day.getUTCDate() + 7 > lengthOf(day);
    return ordinal === undefined || Math.ceil(day.getUTCDate() / 7) === Number(ordinal);
  };
}

function isAny(text: string): boolean {
  return text === "*" || text === "?";
}

/** Days in the month of this one. */
function lengthOf(day: Date): number {
  return new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate();
}

function isLastWeekday(day: Date): boolean {
  return nearestWeekday(day, lengthOf(day)) === day.getUTCDate();
}

/** The day of the month that is a weekday and nearest to this one in it; undefined where it has no such day. */
function nearestWeekday(month: Date, date: number): number | undefined {
  const length = lengthOf(month);
  if (date > length) return undefined;
  const at = new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth(), date)).getUTCDay();
  if (at === 6) return date === 1 ? 3 : date - 1;
  if (at === 0) return date === length ? date - 2 : date + 1;
  return date;
}
