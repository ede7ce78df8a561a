// The file of an export. Beside it lies, while it is not whole, how far it is: what was written behind that is cut off
// when it is gone on with, so that it does not matter when the command was ended.
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { gzipSync } from "node:zlib";
import type { ExportedPage } from "../../remote/index.ts";
import { UsageError } from "../terminal/exit.ts";

interface Standing {
  queue: string;
  cursor: string;
  digest: string;
  /** Bytes of the file up to there. */
  bytes: number;
}

export class ExportFile {
  readonly #path: string;
  readonly #queue: string;
  readonly #fd: number;
  readonly #begun: Standing | undefined;
  #bytes: number;

  constructor(path: string, queue: string, isResumed: boolean) {
    this.#path = path;
    this.#queue = queue;
    this.#begun = isResumed ? this.#standing() : undefined;
    this.#fd = this.#open();
    this.#bytes = this.#begun?.bytes ?? 0;
    ftruncateSync(this.#fd, this.#bytes);
  }

  /** Where to go on. */
  get place(): { cursor?: string; digest?: string } {
    const { cursor, digest } = this.#begun ?? {};
    return cursor === undefined ? {} : { cursor, digest: digest as string };
  }

  /** Each page is packed by itself, so that a file can be cut between any two. */
  write({ lines, cursor, digest }: ExportedPage): void {
    const text = `${lines.join("\n")}\n`;
    const bytes = this.#path.endsWith(".gz") ? gzipSync(text) : Buffer.from(text);
    for (let at = 0; at < bytes.byteLength; ) {
      at += writeSync(this.#fd, bytes, at, bytes.byteLength - at, this.#bytes + at);
    }
    this.#bytes += bytes.byteLength;
    if (cursor !== undefined)
      this.#note({ queue: this.#queue, cursor, digest, bytes: this.#bytes });
  }

  /** It is whole. */
  end(): void {
    fsyncSync(this.#fd);
    rmSync(this.#notePath, { force: true });
  }

  close(): void {
    closeSync(this.#fd);
  }

  get #notePath(): string {
    return `${this.#path}.resume`;
  }

  #open(): number {
    try {
      return openSync(this.#path, this.#begun ? "r+" : "w");
    } catch (error) {
      throw new UsageError(`--out: ${(error as Error).message}`);
    }
  }

  // By another name first: there is never half of one.
  #note(standing: Standing): void {
    writeFileSync(`${this.#notePath}.new`, JSON.stringify(standing));
    renameSync(`${this.#notePath}.new`, this.#notePath);
  }

  #standing(): Standing | undefined {
    if (!existsSync(this.#notePath)) {
      if (!existsSync(this.#path)) return undefined;
      throw new UsageError(`--resume: ${this.#path} is whole, or was not begun by an export`);
    }
    const standing: Standing = JSON.parse(readFileSync(this.#notePath, "utf8"));
    if (standing.queue === this.#queue) return standing;
    throw new UsageError(
      `--resume: found an export of "${standing.queue}" in ${this.#path}, expected one of "${this.#queue}"`,
    );
  }
}
