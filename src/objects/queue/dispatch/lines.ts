// Which of a queue's scheduled tasks start, where some are in lines: fair turns between keys, and within a line the
// task with the least rank. The counterpart of a Lane, for queues that ever had a task with a key or a priority.
//
// Tasks are met in due order, once, behind a cursor, and noted in the lines they stand in. So what is remembered are
// lines with tasks that are due and may start, MOST_LINES at most; a line that waits for a token, a slot or a retry is
// none of them, and comes back by the time or the end of an attempt. With more lines than are remembered, some are
// left out; then a sweep over the index of lines brings them, a page of names at a time, each for one turn, and only tasks
// without a key are met, until a sweep has found no more lines than are remembered. It also finds lines that begin behind
// very many tasks of others, which take a while to be met.
import { BEGUN } from "../../../core/dispatch/rank.ts";
import { Turns } from "../../../core/dispatch/turns.ts";
import { DEFAULT_PRIORITY } from "../../../core/task/task.ts";
import type { LinePlace, LineRows } from "../../../store/queue/lines.ts";
import {
  dueOf,
  LAST_EXPEDITED_KEY,
  LAST_SCHEDULED_KEY,
  lastKeyOf,
} from "../../../store/queue/row-key.ts";
import type { TaskRow, Tasks } from "../../../store/queue/tasks.ts";
import type { KeysAtWork } from "./keys-at-work.ts";
import { type Head, Line, type Look } from "./line.ts";

/** What is read of a task that is to start. */
type Startable = Pick<TaskRow, "key" | "name">;

export interface LinesDeps<Row extends Startable = TaskRow> {
  lines: LineRows;
  /** The tasks at these keys, in this order, with their lines; fewer, when some are gone. */
  at: (keys: readonly number[]) => { task: Row; line: string }[];
  tasks: Tasks;
  keys: KeysAtWork;
  /** Whether the task at this key cannot start, for it runs or is held back. */
  isTaken: (key: number) => boolean;
  /** The same by its name, for those that are on their way to another shard. */
  isRunning: (key: number, name: string) => boolean;
  /** Whether a task of this line that is due is held back: in a key in order none goes before it. */
  isHeldBack?: (line: string) => boolean;
  /** The key behind which tasks are met, in due order. */
  from?: number;
  /** The last key of the moments that are over at `now`, if more may still come at `now` itself. */
  lastOver?: (now: number) => number;
  /** Tasks that are in no such order, for they have come back. */
  back?: TasksBack;
  /** Lines that are remembered. */
  most?: number;
}

/** Tasks of lines that have come back, and are where they were. */
export interface TasksBack {
  first(line: string): Head | undefined;
  /** Whether others of the line wait for one of these that cannot start here. */
  holds(line: string): boolean;
  /** The first one is chosen. */
  take(line: string): void;
  /** One that was chosen does not start; whether it is one of these. */
  untake(key: number): boolean;
}

/** Lines that may start something, and as many that wait and are remembered for what is known of them. */
const MOST_LINES = 10_000;
/** Of tasks without a key: between them may lie any number of others. */
const PLAIN_REMEMBERED = 4096;
const PAGE = 500;
/** Rows that are met in one turn, and looked through for tasks without a key, so that a turn stays short. */
const MET_PER_TURN = 2000;
/** While tasks with keys are passed over: so many rows for each task that starts, and in each turn, a page at a time. */
const PASSED = { start: 4, turn: 20 };
/** Turns in which all that there is to look through is looked through, with room. */
const MOST_TURNS = 100_000;
/** Rows of lines that are swept at once; where lines are long, names alone. */
const SWEPT = { first: 32, most: 1024, names: 100 };
const SWEEPS_PER_TURN = 8;
/** The same while there are tasks that were not met yet. */
const SWEEPS_BEHIND = 2;

/** A sweep over the names of lines. */
interface Sweep {
  /** The name behind which it goes on. */
  after: string;
  /** How many rows it reads next, 0: names alone. */
  rows: number;
  /** Whether no line was left out since it began. */
  isClean: boolean;
  /** Whether there are more lines than are remembered. */
  isCrowded: boolean;
  /** How many lines it has found. */
  lines: number;
}

export class Lines<Row extends Startable = TaskRow> {
  readonly #deps: LinesDeps<Row>;
  readonly #lines = new Map<string, Line>();
  readonly #turns = new Turns<Line>();
  // Every due task up to this key is known, or its line is left out.
  #cursor: number;
  // The same while it is this moment, in which more may come before those that were met.
  #reached = { at: 0, key: 0 };
  #areAllMet = false;
  // Where the cursor was when tasks with keys began to be passed over; undefined: none are.
  #passedFrom: number | undefined;
  #mayPass = PAGE;
  // When the first task behind the cursor is due (ms); undefined when the rows have to be asked.
  #next: number | undefined;
  #sweep: Sweep | undefined;
  // Chosen, and not started yet.
  readonly #chosen = new Map<number, { line: string; priority: number }>();
  #now = 0;
  #mayLook = 0;
  readonly #most: number;

  constructor(deps: LinesDeps<Row>) {
    this.#deps = deps;
    this.#cursor = deps.from ?? LAST_EXPEDITED_KEY;
    this.#most = deps.most ?? MOST_LINES;
  }

  /** A row was written at `key`: if that lies before the cursor, the cursor goes back. */
  rewindTo(key: number): void {
    this.#cursor = Math.min(this.#cursor, key - 1);
    this.#reached.key = Math.min(this.#reached.key, key - 1);
    if (this.#next !== undefined) this.#next = Math.min(this.#next, dueOf(key));
  }

  /** The row at `key` is there no more; `line`: whose task it was, if that is known. */
  gone(key: number, line?: string): void {
    if (dueOf(key) === this.#next) this.#next = undefined;
    // It may be one that others of its line have waited for.
    if (line !== undefined) this.meetAnew(line);
    else if (this.#deps.keys.areLimited) this.#sweepAnew();
  }

  /** The rows may have changed in any way. */
  reread(): void {
    this.#next = undefined;
  }

  /** Limits of keys have changed. */
  limitsChanged(): void {
    const { keys } = this.#deps;
    for (const key of keys.release()) this.meet(key);
    for (const line of this.#lines.values()) line.weight = keys.of(line.name).weight;
    this.#sweepAnew();
  }

  /** An attempt or a task of a line is no more: of a key in order the next may start. */
  meetAnew(name: string): void {
    if (name === "" || !this.#deps.keys.isInOrder(name)) return;
    const known = this.#lines.get(name);
    if (known) known.isUnknown = true;
    this.meet(name);
  }

  /** The line waits for nothing any more. */
  meet(name: string): void {
    this.#join(name, true);
  }

  /** The task waits at this place, and was not met there. */
  waits(place: LinePlace): void {
    this.#met(place);
  }

  /** A task of the line has started that was not chosen here. */
  owes(name: string): void {
    const line = this.#lines.get(name);
    if (line) this.#turns.owes(line);
  }

  /** Up to `limit` tasks that are due at `now`, whose turn it is. */
  due(now: number, limit: number): Row[] {
    this.#now = now;
    this.#putBack();
    return limit <= 0 ? [] : this.#turn(limit);
  }

  /** The same, with all that was not met yet if it takes that. */
  dueOfAll(now: number, limit: number): Row[] {
    const found = this.due(now, limit);
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      if (found.length >= limit || (this.#areAllMet && !this.#sweep && this.#turns.size === 0))
        break;
      this.#mayPass = PAGE;
      found.push(...this.#turn(limit - found.length));
    }
    return found;
  }

  /** What was chosen and has not started has its turn before all others again, as if nobody had asked. */
  giveBack(): void {
    this.#deps.keys.noneChosen();
    if (this.#chosen.size === 0) return;
    const waiting = [...this.#chosen];
    this.#chosen.clear();
    const unserved = new Map<Line, number>();
    for (const [key, { line, priority }] of waiting) {
      const known = this.#join(line, true);
      if (!this.#deps.back?.untake(key)) known?.put(priority, key);
      if (known) unserved.set(known, (unserved.get(known) ?? 0) + 1);
    }
    this.#turns.unserved(unserved);
  }

  #turn(limit: number): Row[] {
    const now = this.#now;
    this.#mayLook = MET_PER_TURN;
    for (const key of this.#deps.keys.due(now)) this.meet(key);
    this.#areAllMet = this.#meetDue(now);
    if (!this.#areAllMet && !this.#sweep?.isCrowded) {
      // Lines that begin behind very many tasks of others are found by their names.
      this.#sweep ??= newSweep();
      for (let i = 0; i < SWEEPS_BEHIND && this.#sweep; i++) this.#sweepPage(this.#sweep);
    }
    const chosen = this.#choose(limit);
    const passed = PASSED.turn + PASSED.start * chosen.length;
    this.#mayPass = Math.min(PAGE, this.#mayPass + passed);
    return this.#rows(chosen);
  }

  /** The task at `key` is in flight now; whether it was chosen here. */
  started(key: number): boolean {
    return this.#chosen.delete(key);
  }

  /** When a task may start next (ms), as far as lines are concerned; undefined when time alone changes nothing. */
  nextDue(): number | undefined {
    if (this.#turns.size > 0 || this.#chosen.size > 0 || this.#sweep) return this.#now;
    const next = Math.min(this.#nextBehind(), this.#deps.keys.nextTime());
    return Number.isFinite(next) ? next : undefined;
  }

  /** How many tasks are due at `now` and not in flight, `limit` at most. */
  countDue(now: number, limit: number): number {
    const { tasks, isRunning } = this.#deps;
    return tasks.countDue(LAST_EXPEDITED_KEY, lastKeyOf(now), limit, isRunning);
  }

  #nextBehind(): number {
    this.#next ??=
      this.#deps.tasks.nextDue(this.#cursor, () => false, LAST_SCHEDULED_KEY) ??
      Number.POSITIVE_INFINITY;
    return this.#next;
  }

  /** Whether all that are due have been met. */
  #meetDue(now: number): boolean {
    if (this.#next !== undefined && this.#next > now) return true;
    this.#next = undefined;
    const upTo = lastKeyOf(now);
    if (this.#reached.at !== now) this.#reached = { at: now, key: this.#cursor };
    if (this.#sweep?.isCrowded) return this.#meetWithoutKey(now, upTo);
    for (let met = 0; met < MET_PER_TURN; met += PAGE) {
      const places = this.#deps.lines.inOrder(this.#reached.key, upTo, PAGE);
      this.#metUpTo(places.at(-1)?.key ?? this.#reached.key, places, now);
      if (places.length < PAGE) return true;
    }
    return false;
  }

  /** The same of those without a key alone, where lines are left out. */
  #meetWithoutKey(now: number, upTo: number): boolean {
    if (this.#mayPass < PAGE) return false;
    this.#mayPass -= PAGE;
    this.#passedFrom ??= this.#cursor;
    const { places, last } = this.#deps.lines.withoutKey(this.#reached.key, upTo, PAGE);
    this.#metUpTo(last, places, now);
    return last === upTo;
  }

  #metUpTo(last: number, places: readonly LinePlace[], now: number): void {
    for (const place of places) this.#met(place);
    this.#reached.key = last;
    this.#cursor = Math.min(last, this.#deps.lastOver?.(now) ?? last);
  }

  #met({ key, line, priority }: LinePlace): void {
    if (!this.#deps.isTaken(key) && !this.#chosen.has(key)) this.#join(line)?.put(priority, key);
  }

  /**
   * The line with this name, which has its turns from now on; undefined if it has to be left out. `isBack`: it was there
   * before, and has waited.
   */
  #join(name: string, isBack = false): Line | undefined {
    const known = this.#lines.get(name);
    const isRoom = isBack || known || !this.#sweep?.isCrowded;
    if (name !== "" && !known?.isIn && !(isRoom && this.#turns.size < this.#most)) {
      this.#leftOut(known);
      return undefined;
    }
    const line = known ?? this.#newLine(name, isBack);
    this.#turns.join(line);
    return line;
  }

  #newLine(name: string, isBack: boolean): Line {
    const { keys } = this.#deps;
    const most = name === "" ? PLAIN_REMEMBERED : undefined;
    // Of a key that waits more was known once; of one in order a task may have begun that is due later.
    const isUnknown = isBack || (name !== "" && (keys.waits(name) || keys.isInOrder(name)));
    const line = new Line(name, keys.of(name).weight, isUnknown, most);
    this.#lines.set(name, line);
    return line;
  }

  #leftOut(line: Line | undefined): void {
    if (line) this.#lines.delete(line.name);
    this.#sweepAnew().isCrowded = true;
  }

  #sweepAnew(): Sweep {
    this.#sweep ??= newSweep();
    this.#sweep.isClean = false;
    return this.#sweep;
  }

  #choose(limit: number): number[] {
    const chosen: number[] = [];
    let sweeps = SWEEPS_PER_TURN;
    // Lines that were asked in vain, for there is more to look through than a turn has time for.
    const later: Line[] = [];
    while (chosen.length < limit) {
      const line = this.#turns.next();
      if (!line) {
        if (!this.#sweep || sweeps-- === 0) break;
        this.#sweepPage(this.#sweep);
        continue;
      }
      const key = this.#take(line, later);
      if (key !== undefined) chosen.push(key);
    }
    for (const line of later) this.#turns.join(line);
    return chosen;
  }

  /** Takes the first task of the line whose turn it is; undefined when it has none that may start. */
  #take(line: Line, later: Line[]): number | undefined {
    const { keys } = this.#deps;
    const isWaiting = !keys.admits(line.name, this.#now);
    const back = this.#deps.back?.first(line.name);
    const first = isWaiting || this.#isHeld(line) ? undefined : this.#firstOf(line, back);
    if (!first) {
      this.#turns.leave();
      if (line.isMore && !isWaiting && !this.#isHeld(line)) later.push(line);
      else if (!isWaiting || !this.#mayKeep()) this.#lines.delete(line.name);
      return undefined;
    }
    if (first === back) this.#deps.back?.take(line.name);
    keys.chosen(line.name);
    this.#chosen.set(first.key, { line: line.name, priority: first.priority });
    this.#served(line);
    return first.key;
  }

  // What it knows of may have started elsewhere since.
  #firstOf(line: Line, back: Head | undefined): { priority: number; key: number } | undefined {
    for (;;) {
      const first = line.take(this.#lookIn(line), back);
      if (!first || first === back || !this.#deps.isTaken(first.key)) return first;
    }
  }

  #isHeld(line: Line): boolean {
    if (line.isUnknown && line.name !== "") {
      line.know(this.#deps.lines.firstOfEach(line.name, lastKeyOf(this.#now)), this.#now);
    }
    const isFirstHeld = line.isHeld || (this.#deps.isHeldBack?.(line.name) ?? false);
    const isHeld = isFirstHeld && this.#deps.keys.isInOrder(line.name);
    return isHeld || (this.#deps.back?.holds(line.name) ?? false);
  }

  #mayKeep(): boolean {
    return !this.#sweep?.isCrowded && this.#lines.size < this.#turns.size + this.#most;
  }

  // Where some are left out, each has one turn before any has its second.
  #served(line: Line): void {
    const isOver = this.#turns.served();
    if (!isOver || !this.#sweep?.isCrowded || line.name === "") return;
    this.#turns.leaveLast();
    const isEmpty = line.isEmpty && !this.#deps.back?.first(line.name);
    const hasMore = !isEmpty && this.#deps.keys.admits(line.name, this.#now);
    if (hasMore) this.#leftOut(line);
    else this.#lines.delete(line.name);
  }

  #lookIn(line: Line): Look {
    return line.name === "" ? this.#lookInPlain : this.#lookOf(line.name);
  }

  #lookOf(line: string): Look {
    const { lines, isTaken } = this.#deps;
    const upTo = lastKeyOf(this.#now);
    return (priority, from, limit) => {
      for (let after = from; ; ) {
        const found = lines.ofPriority(line, priority, [after, upTo], limit);
        after = found.at(-1) ?? after;
        const keys = found.filter((key) => !isTaken(key) && !this.#chosen.has(key));
        const isAll = found.length < limit;
        if (keys.length > 0 || isAll) return { keys, last: after, isAll };
      }
    };
  }

  readonly #lookInPlain: Look = (priority, after, limit) => {
    if (priority !== DEFAULT_PRIORITY) return this.#lookOf("")(priority, after, limit);
    const upTo = lastKeyOf(this.#now);
    if (this.#mayLook <= 0) return { keys: [], last: after, isAll: false };
    this.#mayLook -= PAGE;
    const { keys: found, last } = this.#deps.lines.plain(after, upTo, limit, PAGE);
    const { isTaken } = this.#deps;
    const keys = found.filter((key) => !isTaken(key) && !this.#chosen.has(key));
    return { keys, last, isAll: last >= upTo };
  };

  // What is gone, or another's by now, is passed over.
  #rows(keys: readonly number[]): Row[] {
    if (keys.length === 0) return [];
    const rows: Row[] = [];
    for (const { task, line } of this.#deps.at(keys)) {
      const isChosen = this.#chosen.get(task.key)?.line === line;
      if (isChosen && !this.#deps.isRunning(task.key, task.name)) rows.push(task);
    }
    if (rows.length === keys.length) return rows;
    const found = new Set(rows.map(({ key }) => key));
    for (const key of keys) if (!found.has(key)) this.#passOver(key);
    return rows;
  }

  #passOver(key: number): void {
    const { line = "" } = this.#chosen.get(key) ?? {};
    this.#chosen.delete(key);
    if (this.#deps.keys.passedOver(line)) this.meet(line);
  }

  // What was chosen and has not started waits again, unless it is held back.
  #putBack(): void {
    this.#deps.keys.noneChosen();
    if (this.#chosen.size === 0) return;
    const waiting = [...this.#chosen];
    this.#chosen.clear();
    for (const [key, { line, priority }] of waiting) {
      const known = this.#join(line, true);
      if (!this.#deps.isTaken(key)) known?.put(priority, key);
    }
  }

  #sweepPage(sweep: Sweep): void {
    if (this.#turns.size >= this.#most) return;
    if (sweep.rows === 0) {
      const names = this.#deps.lines.namesBehind(sweep.after, SWEPT.names);
      const lines = new Map(names.map((name) => [name, NO_PLACES]));
      this.#sweptPage(sweep, lines, names.length < SWEPT.names, true);
      return;
    }
    const places = this.#deps.lines.behind(sweep.after, sweep.rows);
    const lines = groupedByLine(places);
    const areShort = lines.size * 2 > places.length;
    const isLast = places.length < sweep.rows;
    sweep.rows = areShort ? Math.min(SWEPT.most, sweep.rows * 2) : 0;
    this.#sweptPage(sweep, lines, isLast, false);
  }

  #sweptPage(
    sweep: Sweep,
    lines: ReadonlyMap<string, readonly LinePlace[]>,
    isLast: boolean,
    areNames: boolean,
  ): void {
    const names = [...lines.keys()];
    // Of the last one there may be more, which the next page does not begin with.
    const cut = isLast ? undefined : names.at(-1);
    for (const [name, own] of lines) {
      if (this.#turns.size >= this.#most) return;
      sweep.after = name;
      sweep.lines++;
      this.#swept(name, own, areNames || name === cut);
    }
    if (isLast) this.#sweptAll(sweep);
  }

  #sweptAll({ isClean, isCrowded, lines }: Sweep): void {
    const isStillCrowded = isCrowded && lines > this.#most;
    this.#sweep = isClean ? undefined : { ...newSweep(), isCrowded: isStillCrowded };
    if (isCrowded && !(isStillCrowded && this.#sweep)) this.#meetPassedOver();
  }

  #meetPassedOver(): void {
    if (this.#passedFrom !== undefined) this.rewindTo(this.#passedFrom + 1);
    this.#passedFrom = undefined;
  }

  #swept(name: string, places: readonly LinePlace[], isCut: boolean): void {
    const { isTaken, keys } = this.#deps;
    if (this.#lines.get(name)?.isIn) return;
    const upTo = this.#deps.lastOver?.(this.#now) ?? lastKeyOf(this.#now);
    const isBegun = places.some(({ priority }) => priority === BEGUN);
    const waiting = places.filter(
      ({ key }) => key > LAST_EXPEDITED_KEY && key <= upTo && !isTaken(key),
    );
    if (!isCut && !isBegun && waiting.length === 0 && !this.#deps.back?.first(name)) return;
    const line = new Line(name, keys.of(name).weight, isCut || isBegun);
    this.#lines.set(name, line);
    this.#turns.join(line);
    for (const { key, priority } of waiting) {
      if (!this.#chosen.has(key)) line.put(priority, key);
    }
  }
}

const NO_PLACES: readonly LinePlace[] = [];

function newSweep(): Sweep {
  return { after: "", rows: SWEPT.first, isClean: true, isCrowded: false, lines: 0 };
}

function groupedByLine(places: readonly LinePlace[]): Map<string, LinePlace[]> {
  const lines = new Map<string, LinePlace[]>();
  for (const place of places) {
    const own = lines.get(place.line);
    if (own) own.push(place);
    else lines.set(place.line, [place]);
  }
  return lines;
}
