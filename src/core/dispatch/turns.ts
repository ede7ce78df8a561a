// Fair turns between lines of tasks: each in its turn starts as many as its weight says, then those behind it have
// theirs (deficit round robin). A line that comes has the turn behind all that are there, so that one that comes
// again and again is never twice before another.

/** A line that waits for its turn. A weight may be a fraction: what of it is no whole task is kept for the next turn. */
export interface Turn {
  weight: number;
  /** Tasks it may start before the next line. */
  credit: number;
  isIn: boolean;
}

// Ten tenths make a whole.
const ROUNDING = 1e-9;
const COMPACT_FROM = 1024;

export class Turns<Line extends Turn> {
  #lines: Line[] = [];
  #first = 0;

  get size(): number {
    return this.#lines.length - this.#first;
  }

  /** Behind all others, unless it is there already. */
  join(line: Line): void {
    if (line.isIn) return;
    line.isIn = true;
    line.credit = 0;
    this.#lines.push(line);
  }

  /** Whose turn it is. */
  next(): Line | undefined {
    for (let passed = 0; this.size > 0; passed++) {
      if (passed === this.size) this.#skipRounds();
      const line = this.#lines[this.#first] as Line;
      if (isWhole(line.credit)) return line;
      line.credit += line.weight;
      if (isWhole(line.credit)) return line;
      this.#goBehind();
    }
    return undefined;
  }

  /** The line whose turn it is has started a task; whether its turn is over. */
  served(): boolean {
    const line = this.#lines[this.#first] as Line;
    line.credit -= 1;
    if (isWhole(line.credit)) return false;
    this.#goBehind();
    return true;
  }

  /** Lines that were served and did not start so many tasks: their turns are before all others again, in this order. */
  unserved(lines: ReadonlyMap<Line, number>): void {
    const others = this.#lines.slice(this.#first).filter((line) => !lines.has(line));
    this.#lines = [...lines.keys(), ...others];
    this.#first = 0;
    for (const [line, tasks] of lines) {
      line.isIn = true;
      line.credit = Math.min(line.credit + tasks, Math.max(1, line.weight));
    }
  }

  /** The line has started a task out of its turn, and has so much less of its next one. */
  owes(line: Line): void {
    if (!line.isIn) return;
    const isInTurn = isWhole(line.credit);
    line.credit -= 1;
    if (isInTurn && !isWhole(line.credit)) line.credit -= line.weight;
  }

  /** The line whose turn it is has nothing to start. */
  leave(): void {
    this.#out(this.#shift());
  }

  /** The same of the one whose turn has just ended. */
  leaveLast(): void {
    this.#out(this.#lines.pop() as Line);
  }

  clear(): void {
    for (const line of this.#lines.slice(this.#first)) this.#out(line);
    this.#lines = [];
    this.#first = 0;
  }

  #out(line: Line): void {
    line.isIn = false;
    line.credit = 0;
  }

  // All weights are fractions, and nobody has a whole task yet: to the round in which the first one has.
  #skipRounds(): void {
    const waiting = this.#lines.slice(this.#first);
    const rounds = Math.min(
      ...waiting.map(({ credit, weight }) => Math.ceil((1 - credit - ROUNDING) / weight)),
    );
    for (const line of waiting) line.credit += (rounds - 1) * line.weight;
  }

  #goBehind(): void {
    const line = this.#shift();
    // Not before: taking it out may have moved all others to a new list.
    this.#lines.push(line);
  }

  #shift(): Line {
    const line = this.#lines[this.#first++] as Line;
    if (this.#first >= COMPACT_FROM && this.#first * 2 >= this.#lines.length) {
      this.#lines = this.#lines.slice(this.#first);
      this.#first = 0;
    }
    return line;
  }
}

function isWhole(credit: number): boolean {
  return credit >= 1 - ROUNDING;
}
