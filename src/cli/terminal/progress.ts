// How far long work is, on one line of a terminal; nothing elsewhere.
import { now } from "../../remote/clock.ts";

const WIDTH = 24;
const EVERY_MS = 100;

export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #what: string;
  readonly #total: number | undefined;
  #done = 0;
  #shownAt = 0;

  constructor(stream: NodeJS.WriteStream, what: string, total?: number) {
    this.#stream = stream;
    this.#what = what;
    this.#total = total;
  }

  add(count: number): void {
    this.#done += count;
    if (!this.#stream.isTTY) return;
    const at = now();
    if (at - this.#shownAt < EVERY_MS) return;
    this.#shownAt = at;
    this.#stream.write(`\r${progressLine(this.#what, this.#done, this.#total)}\u001b[K`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#stream.isTTY && this.#shownAt > 0) this.#stream.write("\r\u001b[K");
  }
}

export function progressLine(what: string, done: number, total: number | undefined): string {
  const count = done.toLocaleString("en-US");
  if (!total) return `${what} ${count}`;
  const part = Math.min(1, done / total);
  const full = Math.round(part * WIDTH);
  const bar = `${"#".repeat(full)}${".".repeat(WIDTH - full)}`;
  return `${what} [${bar}] ${count} of ${total.toLocaleString("en-US")}`;
}
