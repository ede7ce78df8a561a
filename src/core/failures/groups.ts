// Failed tasks put together by what went wrong with them: one group for each fault.
import { expiryOf } from "../task/expiry.ts";
import type { Attempt, TaskSpec } from "../task/task.ts";
import { rfc3339 } from "../task/task-view.ts";
import { type Fault, type FaultRecord, hashOf, textOf, unnamedOf } from "./fingerprint.ts";

/** The record of a failed or expired task without what it was given; times in ms since 1970. */
export interface FailureRecord extends Omit<FaultRecord, "last"> {
  key: number;
  name: string;
  createdAt: number;
  /** seconds */
  expires?: TaskSpec["expires"];
  last?: Attempt;
}

/** Tasks that failed with the same fault; times RFC 3339. */
export interface FailureGroup extends Fault {
  count: number;
  /** When the first and the last of those that are kept failed. */
  firstSeen: string;
  lastSeen: string;
  /** Names of up to three of them, the last that failed first. */
  tasks: string[];
}

export interface FailurePage {
  /** The largest first. */
  failures: FailureGroup[];
  /** Records that were looked at, those of the tasks that failed last. */
  scanned: number;
  /** There are more, which were not looked at. */
  more: boolean;
  /** Of those that were looked at, the tasks in groups beyond the first 500. */
  ungrouped?: number;
}

/** What one object has of a page; times in ms since 1970. */
export interface FailurePart {
  groups: Group[];
  scanned: number;
  more: boolean;
  ungrouped: number;
}

interface Group {
  fault: Fault;
  count: number;
  first: number;
  last: number;
  names: string[];
}

const MOST_GROUPS = 500;
const MOST_NAMES = 3;
/** Faults that are remembered by what they were made of, which is long where each error is another. */
const MOST_KNOWN = 2000;

/** When the task failed or expired (ms). */
export function failedAt({ expired, last, createdAt, expires }: FailureRecord): number {
  const spec = expires === undefined ? {} : { expires };
  const expiredAt = expired ? expiryOf({ createdAt, spec }) : undefined;
  return expiredAt ?? last?.endedAt ?? createdAt;
}

/** Says of one record after the other what its fault is. */
export class Faults {
  readonly #home: string | undefined;
  /** By what they were made of, and by what they are. */
  readonly #made = new Map<string, Fault>();
  readonly #known = new Map<string, Fault>();

  /** `home`: the url of the queue's tasks that name none; undefined for a pull queue. */
  constructor(home: string | undefined) {
    this.#home = home;
  }

  of(record: FaultRecord): Fault {
    const { expired, url, target, last } = record;
    const from = `${expired} ${url} ${target} ${last?.status} ${last?.error}`;
    return remembered(this.#made, from, () => {
      const fault = unnamedOf(record, this.#home);
      const text = textOf(fault);
      return remembered(this.#known, text, () => ({ fingerprint: hashOf(text), ...fault }));
    });
  }
}

function remembered(known: Map<string, Fault>, by: string, make: () => Fault): Fault {
  const found = known.get(by);
  if (found) return found;
  const fault = make();
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(by, fault);
  return fault;
}

/** Counts records by their faults. They come with the last that failed first. */
export class FailureCount {
  readonly #faults: Faults;
  readonly #groups = new Map<string, Group>();
  #scanned = 0;
  #ungrouped = 0;

  constructor(home: string | undefined) {
    this.#faults = new Faults(home);
  }

  get scanned(): number {
    return this.#scanned;
  }

  add(record: FailureRecord): void {
    this.#scanned++;
    const fault = this.#faults.of(record);
    const at = failedAt(record);
    const one = { fault, count: 1, first: at, last: at, names: [record.name] };
    if (!put(this.#groups, one)) this.#ungrouped++;
  }

  part(more: boolean): FailurePart {
    const [scanned, ungrouped] = [this.#scanned, this.#ungrouped];
    return { groups: [...this.#groups.values()], scanned, more, ungrouped };
  }
}

/** False where there are too many groups for another one. */
function put(groups: Map<string, Group>, group: Group): boolean {
  const { fingerprint } = group.fault;
  const there = groups.get(fingerprint);
  if (!there && groups.size >= MOST_GROUPS) return false;
  groups.set(fingerprint, there ? together(there, group) : group);
  return true;
}

function together(one: Group, other: Group): Group {
  const [newer, older] = other.last > one.last ? [other, one] : [one, other];
  return {
    fault: one.fault,
    count: one.count + other.count,
    first: Math.min(one.first, other.first),
    last: newer.last,
    names:
      newer.names.length >= MOST_NAMES
        ? newer.names
        : [...newer.names, ...older.names].slice(0, MOST_NAMES),
  };
}

/** What the objects of a queue have, as one page. */
export function failurePage(parts: readonly FailurePart[]): FailurePage {
  const groups = new Map<string, Group>();
  let ungrouped = 0;
  for (const part of parts) {
    ungrouped += part.ungrouped;
    for (const group of part.groups) if (!put(groups, group)) ungrouped += group.count;
  }
  const sorted = [...groups.values()].sort((a, b) => b.count - a.count || b.last - a.last);
  return {
    failures: sorted.map(groupView),
    scanned: parts.reduce((sum, { scanned }) => sum + scanned, 0),
    more: parts.some(({ more }) => more),
    ...(ungrouped > 0 && { ungrouped }),
  };
}

function groupView({ fault, count, first, last, names }: Group): FailureGroup {
  const times = { firstSeen: rfc3339(first), lastSeen: rfc3339(last) };
  return { ...fault, count, ...times, tasks: names };
}
