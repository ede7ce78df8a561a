// A walk over everything a queue has, in an order in which nothing ever moves: by name. Named tasks, tasks that have
// moved, and what has ended, have rows under their names. A task without a name of its own that has not moved has none,
// but its generated name begins with the key at which it lies, so that in the order of keys these are in the order of
// their names too. So whatever is added, retried, rescheduled or ended during a walk, each name is come to once.
import type { Names } from "./names.ts";
import { firstNameOf, keyInName } from "./row-key.ts";
import type { Tasks } from "./tasks.ts";

/** Behind a name; `key`: behind which tasks that have not moved are still to come. */
export interface NamePlace {
  name: string;
  key: number;
}

export interface NamesPage {
  names: string[];
  /** Absent behind the last. */
  next?: NamePlace;
}

/** Rows looked at together, and in one page at most while nothing is found. */
const LOOK = 1000;
const MOST_LOOKS = 20;

export function walkNames(tasks: Tasks, names: Names, from: NamePlace, limit: number): NamesPage {
  let page: NamesPage = { names: [], next: from };
  for (let looks = 0; looks < MOST_LOOKS && page.next && page.names.length === 0; looks++) {
    page = onePage(tasks, names, page.next, limit);
  }
  return page;
}

function onePage(tasks: Tasks, names: Names, { name, key }: NamePlace, limit: number): NamesPage {
  const rows = names.page(name, limit);
  const looked = tasks.places(key, LOOK);
  const unmoved = looked.filter((it) => keyInName(it.name) === it.key && it.name > name);
  // Up to there both are known.
  const ends = [
    ...(rows.length < limit ? [] : [rows.at(-1) as string]),
    ...(looked.length < LOOK ? [] : [firstNameOf((looked.at(-1) as { key: number }).key + 1)]),
  ];
  const end = ends.sort()[0];
  const all = [...new Set([...rows, ...unmoved.map((it) => it.name)])].sort();
  const known = end === undefined ? all : all.filter((it) => it <= end);
  const some = known.slice(0, limit);
  if (end === undefined && some.length === known.length) return { names: some };
  const last = some.length < known.length ? (some.at(-1) as string) : (end as string);
  const ahead = unmoved.find((it) => it.name > last);
  const upTo = ahead ? ahead.key - 1 : (looked.at(-1)?.key ?? key);
  return { names: some, next: { name: last > name ? last : name, key: upTo } };
}
