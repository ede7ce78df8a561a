// How far a file has been taken in, noted beside it. It saves time alone: what was taken in is skipped by the queue.
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

export class ImportStanding {
  readonly #path: string;
  readonly #queue: string;
  /** The last line. */
  done = 0;

  constructor(file: string, queue: string, isResumed: boolean) {
    this.#path = `${file}.imported`;
    this.#queue = queue;
    if (isResumed) this.done = this.#read();
  }

  reached(line: number): void {
    this.#try(() => {
      writeFileSync(`${this.#path}.new`, JSON.stringify({ queue: this.#queue, line }));
      renameSync(`${this.#path}.new`, this.#path);
    });
  }

  end(): void {
    this.#try(() => rmSync(this.#path, { force: true }));
  }

  #read(): number {
    try {
      const { queue, line } = JSON.parse(readFileSync(this.#path, "utf8"));
      return queue === this.#queue && Number.isInteger(line) ? line : 0;
    } catch {
      return 0;
    }
  }

  // The folder may be one that cannot be written to.
  #try(write: () => void): void {
    try {
      write();
    } catch {}
  }
}
