// Tasks that have been leased, in the order in which they are to be had again: by the end of their last lease,
// then by name. All of them, and those of each tag.

/** A task that can be leased, or is. */
export interface Leasable {
  key: number;
  name: string;
  /** When it is or was available from, ms since 1970. */
  from: number;
  tag: string | undefined;
  /** Where it is not the default. */
  priority?: number;
}

export function inOrder(a: Leasable, b: Leasable): number {
  return a.from - b.from || (a.name < b.name ? -1 : Number(a.name > b.name));
}

export class Ends {
  readonly #all: Leasable[] = [];
  readonly #ofTag = new Map<string, Leasable[]>();

  add(task: Leasable): void {
    insert(this.#all, task);
    if (task.tag === undefined) return;
    const tagged = this.#ofTag.get(task.tag) ?? [];
    insert(tagged, task);
    this.#ofTag.set(task.tag, tagged);
  }

  remove(task: Leasable): void {
    removeFrom(this.#all, task);
    if (task.tag === undefined) return;
    const tagged = this.#ofTag.get(task.tag) ?? [];
    removeFrom(tagged, task);
    if (tagged.length === 0) this.#ofTag.delete(task.tag);
  }

  /** The first `max` that are available at `now` (ms); of one tag, if it is given. */
  available(now: number, max: number, tag: string | undefined): Leasable[] {
    const tasks = tag === undefined ? this.#all : (this.#ofTag.get(tag) ?? []);
    return tasks.slice(0, Math.min(max, firstFrom(tasks, now)));
  }

  /** Those that became available between two moments (ms), the first moment among them. */
  between(since: number, now: number): Leasable[] {
    return this.#all.slice(firstFrom(this.#all, since), firstFrom(this.#all, now));
  }

  /** How many are not available at `now` (ms). */
  leasedAt(now: number): number {
    return this.#all.length - firstFrom(this.#all, now);
  }

  /** When the first of those is available from (ms), infinite if there is none. */
  next(now: number): number {
    return this.#all[firstFrom(this.#all, now)]?.from ?? Number.POSITIVE_INFINITY;
  }
}

/** How many are available from before `moment`. */
function firstFrom(tasks: readonly Leasable[], moment: number): number {
  return search(tasks, (task) => task.from < moment);
}

function insert(tasks: Leasable[], task: Leasable): void {
  tasks.splice(placeOf(tasks, task), 0, task);
}

function removeFrom(tasks: Leasable[], task: Leasable): void {
  const at = placeOf(tasks, task);
  if (tasks[at] === task) tasks.splice(at, 1);
}

function placeOf(tasks: readonly Leasable[], task: Leasable): number {
  return search(tasks, (other) => inOrder(other, task) < 0);
}

/** How many of the first tasks are `before` something. */
function search(tasks: readonly Leasable[], before: (task: Leasable) => boolean): number {
  let [low, high] = [0, tasks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (before(tasks[middle] as Leasable)) low = middle + 1;
    else high = middle;
  }
  return low;
}
