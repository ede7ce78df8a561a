// Tokens of a schedule's text.
import { cut } from "../errors.ts";

/** A schedule that cannot be read; the message is the second half of "found X, expected ...". */
export class ScheduleError extends Error {}

type Meaning = number | true;

/** What a word means, undefined when it is none of this kind. */
export type Kind<T extends Meaning> = (word: string) => T | undefined;

export class Words {
  readonly #words: readonly string[];
  #next = 0;

  constructor(text: string) {
    this.#words = text.toLowerCase().match(/,|[^\s,]+/g) ?? [];
  }

  /** Whether the next word is one of these; it is not taken. */
  isNext(words: RegExp): boolean {
    return words.test(this.#words[this.#next] ?? "");
  }

  /** Takes the next word if it is of this kind. */
  maybe<T extends Meaning>(kind: Kind<T>): T | undefined {
    const word = this.#words[this.#next];
    const value = word === undefined ? undefined : kind(word);
    if (value !== undefined) this.#next++;
    return value;
  }

  need<T extends Meaning>(kind: Kind<T>, expected: string): T {
    return this.maybe(kind) ?? this.fail(expected);
  }

  /** One or more of a kind, with commas between them; undefined when there is none. */
  list<T extends Meaning>(kind: Kind<T>, expected: string): T[] | undefined {
    const first = this.maybe(kind);
    if (first === undefined) return undefined;
    const all = [first];
    while (this.maybe(only(","))) all.push(this.need(kind, expected));
    return all;
  }

  end(expected = "the end"): void {
    if (this.#next < this.#words.length) this.fail(expected);
  }

  fail(expected: string): never {
    const before = this.#words.slice(0, this.#next).join(" ").replace(/ ?, ?/g, ",");
    const where = before && ` after "${before}"`;
    const word = this.#words[this.#next];
    throw new ScheduleError(
      `${expected}${where}${word === undefined ? "" : `, not "${cut(word)}"`}`,
    );
  }
}

/** The kind of exactly these words. */
export function only(...words: string[]): Kind<true> {
  return (word) => (words.includes(word) ? true : undefined);
}
