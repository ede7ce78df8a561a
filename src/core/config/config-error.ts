/** One fault of a configuration file; line and column count from 1. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Everything that is wrong with a queue.yaml or a cron.yaml, one `file:line:column: message` a line. */
export class QueueConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
    super(sorted.map((it) => `${file}:${it.line}:${it.column}: ${it.message}`).join("\n"));
    this.name = "QueueConfigError";
    this.problems = sorted;
  }
}
