// How much the log says: the setting TASKQUEUE_LOG.

/** The most urgent first. */
export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

const DEFAULT: LogLevel = "info";

/** The level of the setting; of one that is none, the default. */
export function logLevelOf(setting: unknown): LogLevel {
  return LOG_LEVELS.find((level) => level === setting) ?? DEFAULT;
}

/** What is wrong with the setting, for the start, or undefined. */
export function logLevelFault(setting: unknown): string | undefined {
  if (setting === undefined || setting === "") return undefined;
  if (LOG_LEVELS.some((level) => level === setting)) return undefined;
  return `TASKQUEUE_LOG: found ${JSON.stringify(setting)}, expected ${LOG_LEVELS.join(", ")}`;
}
