// What the log is told while a test runs.
import { onTestFinished, vi } from "vitest";
import { LOG_LEVELS, type LogLevel } from "../../src/core/log-level.ts";
import { logBy } from "../../src/objects/log.ts";
import { crash } from "./time.ts";

export type Line = Record<string, unknown> & { level: LogLevel; event: string; message: string };

/** From now on, by this level; each line of JSON as what it says. Lines that are text are left out. */
export async function logged(level: LogLevel): Promise<Line[]> {
  const lines: Line[] = [];
  for (const by of LOG_LEVELS) {
    const spy = vi.spyOn(console, by).mockImplementation((text: unknown) => {
      if (typeof text !== "string" || !text.startsWith("{")) return;
      const line = JSON.parse(text) as Line;
      lines.push(line.level === by ? line : { ...line, message: `by console.${by}` });
    });
    onTestFinished(() => spy.mockRestore());
  }
  logBy(level);
  onTestFinished(() => logBy("error"));
  // Objects ask for the level when they start.
  await crash();
  return lines;
}
