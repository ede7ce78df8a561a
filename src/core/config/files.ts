// The two files of an application: as text, or compiled beforehand, so that neither a YAML reader nor the files'
// schemas have to be in the Worker and be run at its start.
import type { CronFile } from "./cron-config.ts";
import type { CronDocument } from "./cron-schema.ts";
import { type QueueFile, queueFile } from "./queue-config.ts";
import type { QueueDocument } from "./queue-file-schema.ts";

/** Both files as configuration. */
export interface Files {
  readonly queues: QueueFile;
  /** Empty without a cron.yaml. */
  readonly cron: CronFile;
}

/** What a compiled file begins with. A version that reads it otherwise has another. */
const FORMAT = 1;

/** What `durable-taskqueue build` writes: what the files say, checked; as plain JSON. */
export interface CompiledFiles {
  readonly format: number;
  readonly queue: object;
  readonly cron?: object;
}

/** The files' checked values in the form that is written. */
export function compiledFiles(queue: QueueDocument, cron?: CronDocument): CompiledFiles {
  return { format: FORMAT, queue, ...(cron && { cron }) };
}

/** Whether it is meant as what `build` writes, of whatever version. */
export function isCompiled(given: unknown): given is CompiledFiles {
  return typeof given === "object" && given !== null && "format" in given;
}

/** Whether it is of the form that this version writes. */
export function isOfThisFormat({ format }: CompiledFiles): boolean {
  return format === FORMAT;
}

/**
 * What was compiled, or read already, as configuration; without `readCron` there must be no recurring tasks. Throws a
 * TypeError on anything else.
 */
export function filesOf(
  given: CompiledFiles | Files,
  readCron: ((document: CronDocument) => CronFile) | undefined,
): Files {
  const files = readFiles(given, readCron ?? lost);
  if (files.cron.size > 0 && !readCron) lost({ cron: [...files.cron.values()] });
  return files;
}

function lost({ cron = [] }: { cron?: readonly unknown[] | undefined }): CronFile {
  if (cron.length === 0) return new Map();
  throw new TypeError(
    "config: found recurring tasks, expected parts: [cron] beside it, which runs them",
  );
}

function readFiles(
  given: CompiledFiles | Files,
  readCron: (document: CronDocument) => CronFile,
): Files {
  if (Object(given).cron instanceof Map) return given as Files;
  const { format, queue, cron } = Object(given) as Partial<CompiledFiles>;
  if (format !== FORMAT || typeof queue !== "object") {
    const found = format === undefined ? typeof given : `format ${format}`;
    throw new TypeError(
      `config: found ${found}, expected what this version's \`npx durable-taskqueue build\` writes`,
    );
  }
  return {
    queues: queueFile(queue as QueueDocument),
    cron: readCron((cron ?? {}) as CronDocument),
  };
}
