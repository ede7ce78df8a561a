// What the log is told, and the only place that writes to it. A line is one JSON object, so that whatever reads logs has
// its fields; what somebody reads in a terminal while writing a Worker is text.
import { LOG_LEVELS, type LogLevel, logLevelOf } from "../core/log-level.ts";

/** What a line says beside its level, event and message; a field that is undefined is left out. */
export type LogFields = Readonly<Record<string, string | number | readonly string[] | undefined>>;

let most = LOG_LEVELS.indexOf(logLevelOf(undefined));

/** From now on, by the setting TASKQUEUE_LOG. */
export function logBy(setting: unknown): void {
  most = LOG_LEVELS.indexOf(logLevelOf(setting));
}

/** Whether lines of this level are written: asked before anything is made for one. */
export function writes(level: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) <= most;
}

/** Writes a line. Nothing of a payload, a header or a secret may be in it. */
export function writeLine(
  level: LogLevel,
  event: string,
  message: string,
  fields: LogFields = {},
): void {
  if (writes(level)) console[level](JSON.stringify({ level, event, ...fields, message }));
}

/** Something failed that is done again, or goes on without. */
export function trouble(message: string, error?: unknown, fields?: LogFields): void {
  writeLine("error", "trouble", message, { ...fields, ...said(error) });
}

/** Something failed that is the library's fault, or the set-up's. */
export function fault(message: string, error: unknown): void {
  writeLine("error", "fault", message, said(error));
}

/** Of a handler, for who writes it: as text, in which a thrown error keeps its stack. */
export function writeText(level: LogLevel, ...text: readonly unknown[]): void {
  if (writes(level)) console[level](...text);
}

function said(error: unknown): LogFields {
  if (error === undefined) return {};
  const { stack } = Object(error) as { stack?: unknown };
  return { error: String(error), stack: typeof stack === "string" ? stack : undefined };
}
