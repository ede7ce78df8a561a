// An export, page by page: a page is handed on when all of it has come and its digest says so. What breaks off is asked
// for again behind the last page.
import { utf8 } from "../core/bytes.ts";
import { errorOf, type Failure } from "../core/errors.ts";
import { backoff, sleep } from "./clock.ts";
import type { Connection } from "./connection.ts";
import { NoAnswerError } from "./no-answer.ts";

export interface ExportOptions {
  /** Of a page of an earlier export: goes on behind it. */
  cursor?: string | undefined;
  /** The digest that the page said, by which the next one is checked. */
  digest?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** Whole lines, the last of which is that of the cursor or the end. */
export interface ExportedPage {
  lines: string[];
  /** Behind it the next page begins; absent on the last. */
  cursor?: string;
  digest: string;
}

/** What became of the lines of an import. */
export interface Imported {
  imported: number;
  skipped: number;
  refused: number;
  results: {
    line: number;
    outcome: "imported" | "skipped" | "refused" | "passed";
    error?: Failure;
  }[];
}

/** Connections in a row that bring no page. */
const MOST_FAILURES = 6;

export async function* exportedPages(
  connection: Connection,
  path: string,
  { cursor, digest = "", signal }: ExportOptions,
): AsyncGenerator<ExportedPage, undefined> {
  let place = { cursor, digest };
  for (let failures = 0; ; ) {
    try {
      const stream = await connection.stream(path, { cursor: place.cursor }, signal);
      for await (const page of pagesIn(linesIn(stream), place.digest)) {
        failures = 0;
        yield page;
        if (page.cursor === undefined) return;
        place = { cursor: page.cursor, digest: page.digest };
      }
      throw new NoAnswerError(cutOff(path, failures + 1, "the answer ended before its last line"));
    } catch (error) {
      signal?.throwIfAborted();
      if (isFinal(error) || ++failures === MOST_FAILURES) throw error;
      await sleep(backoff(failures), signal);
    }
  }
}

function isFinal(error: unknown): boolean {
  return !(error instanceof NoAnswerError || error instanceof TypeError);
}

function cutOff(path: string, tries: number, why: string) {
  return { request: `GET ${path}`, why, tries, status: undefined, cause: undefined };
}

/** What says something of the whole. */
interface Mark {
  kind: string;
  cursor?: string;
  digest?: string;
  error?: Failure;
}

async function* pagesIn(lines: AsyncIterable<string>, begun: string): AsyncGenerator<ExportedPage> {
  let page: string[] = [];
  let before = begun;
  for await (const line of lines) {
    const mark = markOf(line);
    if (mark?.kind === "error") throw errorOf(mark.error as Failure);
    if (!mark?.digest) {
      page.push(line);
      continue;
    }
    const digest = await digestOf(before, page);
    if (digest !== mark.digest) {
      throw new NoAnswerError(
        cutOff("the export", 1, "found lines that are not as they were sent"),
      );
    }
    const { cursor } = mark;
    yield { lines: [...page, line], digest, ...(cursor !== undefined && { cursor }) };
    [page, before] = [[], digest];
  }
}

const MARK = /^\{"kind":"(cursor|end|error)"/;

/** Undefined for a line that is none. */
export function markOf(line: string): Mark | undefined {
  return MARK.test(line) ? (JSON.parse(line) as Mark) : undefined;
}

export async function digestOf(before: string, lines: readonly string[]): Promise<string> {
  const text = before + lines.map((line) => `${line}\n`).join("");
  const bytes = utf8(text) as Uint8Array<ArrayBuffer>;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function* linesIn(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const parts = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      yield* parts;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
