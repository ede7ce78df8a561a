// The lines of a file, one after another, however large it is; packed ones are unpacked.
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { UsageError } from "../terminal/exit.ts";

export interface Line {
  /** From 1. */
  number: number;
  text: string;
}

/** `-` is the standard input. Throws a UsageError where there is nothing to read. */
export async function* linesOf(file: string): AsyncGenerator<Line> {
  let rest = "";
  let number = 0;
  try {
    for await (const chunk of textOf(file)) {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      for (const text of parts) yield { number: ++number, text };
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UsageError(`${file}: cannot be read: ${message}`);
  }
  if (rest !== "") yield { number: ++number, text: rest };
}

function textOf(file: string): AsyncIterable<string> {
  const bytes =
    file === "-" ? process.stdin : createReadStream(file, { highWaterMark: 256 * 1024 });
  if (!file.endsWith(".gz")) return bytes.setEncoding("utf8");
  const unpacked = createGunzip();
  pipeline(bytes, unpacked, () => {});
  return unpacked.setEncoding("utf8") as AsyncIterable<string>;
}
