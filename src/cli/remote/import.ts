// `import`: takes in what was exported.

import { digestOf, markOf } from "../../remote/exporting.ts";
import type { RemoteQueue } from "../../remote/index.ts";
import { textOption } from "../given/command.ts";
import { type Exit, UsageError } from "../terminal/exit.ts";
import { printable } from "../terminal/printable.ts";
import { keepYoungHeapSmall } from "../terminal/young-heap.ts";
import { ImportStanding } from "./import-standing.ts";
import { type Line, linesOf } from "./lines.ts";
import { type Remote, remote } from "./queues-of.ts";

/** Records, and characters of their lines, in one call: with UTF-8 below its 30 MiB. */
const CALL = { records: 1000, length: 8 * 1024 * 1024 };

interface Counts {
  imported: number;
  skipped: number;
  refused: number;
}

export default remote(async (it) => {
  keepYoungHeapSmall();
  let exit: Exit = 0;
  for (const file of it.given.args) if ((await importFile(it, file)) !== 0) exit = 1;
  return exit;
});

async function importFile(it: Remote, file: string): Promise<Exit> {
  const taking = new Taking(it, file);
  let before = "";
  let page: string[] = [];
  let isWhole = false;
  for await (const line of linesOf(file)) {
    if (line.text.trim() === "") continue;
    const mark = markOf(line.text);
    if (mark?.digest === undefined) {
      page.push(line.text);
      await taking.take(line);
      continue;
    }
    before = await digestOf(before, page);
    if (before !== mark.digest) return taking.end("its lines are not as they were exported");
    page = [];
    isWhole = mark.kind === "end";
  }
  return taking.end(isWhole ? undefined : "it has no end: the export was cut off");
}

/** The lines of one file on their way to a queue. */
class Taking {
  readonly #it: Remote;
  readonly #file: string;
  readonly #counts: Counts = { imported: 0, skipped: 0, refused: 0 };
  readonly #progress;
  #queue: string | undefined;
  #standing: ImportStanding | undefined;
  #call: Line[] = [];
  #length = 0;

  constructor(it: Remote, file: string) {
    this.#it = it;
    this.#file = file;
    this.#queue = textOption(it.given, "queue");
    this.#progress = it.terminal.progress("imported");
  }

  async take(line: Line): Promise<void> {
    const { kind, queue } = headOf(line.text);
    if (kind === "export") {
      this.#queue ??= queue;
      return;
    }
    if (kind === "cron" || line.number <= this.#done) return;
    const isFull =
      this.#call.length === CALL.records || this.#length + line.text.length > CALL.length;
    if (isFull && this.#call.length > 0) await this.#send();
    this.#call.push(line);
    this.#length += line.text.length;
  }

  /** What is left is sent; `fault`: what is wrong with the file. */
  async end(fault: string | undefined): Promise<Exit> {
    if (this.#call.length > 0) await this.#send();
    this.#progress.end();
    const { terminal, say } = this.#it;
    if (fault !== undefined) terminal.note(`${this.#file}: ${fault}`);
    else this.#standing?.end();
    const { imported, skipped, refused } = this.#counts;
    say({ file: this.#file, queue: this.#queue ?? null, ...this.#counts }, () => [
      `${this.#file}: imported ${imported}, skipped ${skipped}, refused ${refused}`,
    ]);
    return fault === undefined && refused === 0 ? 0 : 1;
  }

  async #send(): Promise<void> {
    const lines = this.#call;
    const queue = this.#it.queues.get(this.#target()) as RemoteQueue;
    const texts = lines.map(({ text }) => text);
    const answer = await queue.import(texts, { signal: this.#it.signal, timeout: 300 });
    for (const name of ["imported", "skipped", "refused"] as const) {
      this.#counts[name] += answer[name];
    }
    for (const { line, error } of answer.results) {
      if (error) this.#complain(lines[line - 1]?.number ?? 0, error.code, error.message);
    }
    this.#standing?.reached(lines.at(-1)?.number ?? 0);
    this.#progress.add(lines.length);
    [this.#call, this.#length] = [[], 0];
  }

  #complain(number: number, code: string, message: string): void {
    this.#it.terminal.note(`${this.#file}:${number}: ${code}: ${printable(message)}`);
  }

  /** The last line that was taken in before. */
  get #done(): number {
    if (this.#file === "-") return 0;
    this.#standing ??= new ImportStanding(
      this.#file,
      this.#target(),
      this.#it.given.options.resume === true,
    );
    return this.#standing.done;
  }

  #target(): string {
    if (this.#queue !== undefined) return this.#queue;
    throw new UsageError(`--queue: missing, and ${this.#file} does not begin as an export does`);
  }
}

/** Of a line its kind, and of the first one its queue; what is no JSON the queue refuses. */
function headOf(text: string): { kind?: string; queue?: string } {
  const [, kind] = /^\{"kind":"(\w+)"/.exec(text) ?? [];
  if (kind !== "export") return kind === undefined ? {} : { kind };
  return JSON.parse(text) as { kind: string; queue: string };
}
