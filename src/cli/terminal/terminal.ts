// Where a command writes and asks: colours, questions and progress are for terminals alone, and what reads its output
// may go away whenever it likes.
import { createInterface } from "node:readline/promises";
import { UsageError } from "./exit.ts";
import { Progress } from "./progress.ts";

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

export type Style = keyof typeof STYLES;

export class Terminal {
  readonly #interruption = new AbortController();

  constructor() {
    // What reads it has read enough: `| head`.
    for (const stream of [process.stdout, process.stderr]) {
      stream.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code !== "EPIPE") throw error;
        process.exit(0);
      });
    }
  }

  /** Aborts at the first Ctrl-C; a second one ends the process. */
  get signal(): AbortSignal {
    if (process.listenerCount("SIGINT") === 0) {
      process.once("SIGINT", () => this.#interruption.abort(new Interrupted()));
    }
    return this.#interruption.signal;
  }

  /** Columns of a terminal; undefined where the output goes elsewhere, and lines may have any length. */
  get width(): number | undefined {
    return process.stdout.isTTY ? process.stdout.columns : undefined;
  }

  line(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** Waits where what reads it is slower. */
  async write(text: string | Uint8Array): Promise<void> {
    if (process.stdout.write(text)) return;
    await new Promise<void>((resolve) => process.stdout.once("drain", resolve));
  }

  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  paint(style: Style, text: string): string {
    const isPlain = !process.stdout.isTTY || (process.env.NO_COLOR ?? "") !== "";
    return isPlain ? text : `\u001b[${STYLES[style]}m${text}\u001b[0m`;
  }

  /** Whether somebody says yes; without somebody to ask it throws a UsageError. */
  async isAgreed(question: string): Promise<boolean> {
    if (!process.stdin.isTTY || !process.stderr.isTTY) {
      throw new UsageError(`${question} found no terminal to ask at, expected --yes`);
    }
    const asking = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const answer = await asking.question(`${question} [y/N] `, { signal: this.signal });
      return /^y(es)?$/i.test(answer.trim());
    } finally {
      asking.close();
    }
  }

  progress(what: string, total?: number): Progress {
    return new Progress(process.stderr, what, total);
  }
}

export class Interrupted extends Error {
  constructor() {
    super("interrupted");
  }
}
