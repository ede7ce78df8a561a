// Reading queue.yaml and cron.yaml from disk, and what is said when that fails.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { exactText, fromUtf8 } from "../../core/bytes.ts";
import { QueueConfigError } from "../../core/config/yaml-document.ts";
import { faultInUtf8 } from "../../core/utf8.ts";

/** The file's text; throws a QueueConfigError where it is not UTF-8, which calls the file by its name. */
export function textOf(file: string, name = file): string {
  const bytes = readFileSync(file);
  const text = exactText(bytes);
  if (text !== undefined) return text;
  const { at, found } = faultInUtf8(bytes);
  const lines = fromUtf8(bytes.subarray(0, at)).split("\n");
  const message = `found bytes that are not UTF-8 (${found}), expected UTF-8`;
  const column = (lines.at(-1)?.length ?? 0) + 1;
  throw new QueueConfigError(name, [{ line: lines.length, column, message }]);
}

/** The cron.yaml in the same folder, if there is one. */
export function cronBeside(queueFile: string): string | undefined {
  const beside = join(dirname(queueFile), "cron.yaml");
  return existsSync(beside) ? beside : undefined;
}

/** What is wrong, as the command says it; rethrows what is no fault of the file. */
export function complaint(file: string, error: unknown): string {
  if (error instanceof QueueConfigError) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return `${file}: no such file`;
  if (code !== undefined) return `${file}: cannot be read: ${message}`;
  throw error;
}
