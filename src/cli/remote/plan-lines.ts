// A plan for readers.
import type { SettingChange } from "../../core/config/config-changes.ts";
import type { CronPlan } from "../../core/config/cron-plan.ts";
import type { DeployPlan } from "../../core/config/plan.ts";
import type { QueuePlan } from "../../core/config/queue-plan.ts";
import { duration, printable } from "../terminal/printable.ts";
import type { Terminal } from "../terminal/terminal.ts";

type Paint = Pick<Terminal, "paint">;

const MARKS = { new: "+", changed: "~", removed: "-", taken: "~", returns: "+" };
const SAID: Partial<Record<QueuePlan["change"], string>> = {
  taken: " (made over the API, then the file's)",
  returns: " (taken out of the file before)",
};

export function planLines(plan: DeployPlan, terminal: Paint): string[] {
  const { file, limits, queues, cron = [], unchanged, untouched } = plan;
  const lines = [
    ...changeLines(file, ""),
    ...limits.flatMap((it) => [
      `${MARKS[it.change]} limit ${it.name}`,
      ...(it.change === "removed" ? [] : changeLines(it.changes)),
    ]),
    ...queues.flatMap((it) => queueLines(it, terminal)),
    ...cron.flatMap((it) => cronLines(it, terminal)),
  ];
  const rest = [
    lines.length === 0 ? "Nothing changes." : "",
    `${counted(unchanged, "queue")} of the file unchanged`,
    untouched > 0 ? `${counted(untouched, "queue")} not the file's, left alone` : "",
    plan.lost ? terminal.paint("red", "Something is lost.") : "",
  ];
  return [...lines, ...rest.filter((it) => it !== "")];
}

function queueLines({ name, change, changes, backlog, effects }: QueuePlan, terminal: Paint) {
  const told = backlog && backlog.tasks > 0 ? [`    ${backlogLine(backlog)}`] : [];
  return [
    terminal.paint("bold", `${MARKS[change]} queue ${name}${SAID[change] ?? ""}`),
    ...changeLines(changes),
    ...told,
    ...effects.map(({ lost, message }) => {
      const line = `    ${lost ? "lost: " : ""}${printable(message)}`;
      return lost ? terminal.paint("red", line) : line;
    }),
  ];
}

function backlogLine({ tasks, due, drainSeconds }: NonNullable<QueuePlan["backlog"]>): string {
  const { before, after } = drainSeconds;
  const drain = due === 0 ? "" : `, done in ${drainOf(before)} now, ${drainOf(after)} then`;
  return `${counted(tasks, "task")} on it, ${due} due${drain}`;
}

function drainOf(seconds: number | null): string {
  return seconds === null ? "no time" : duration(seconds);
}

function cronLines({ name, change, changes, nextRun, lost }: CronPlan, terminal: Paint): string[] {
  const next = `    next run ${nextRun.before ?? "none"} → ${nextRun.after ?? "none"}`;
  return [
    terminal.paint("bold", `${MARKS[change]} cron ${name}`),
    ...changeLines(changes),
    lost ? terminal.paint("red", `    lost:${next.trimEnd().slice(3)}`) : next,
  ];
}

function changeLines(changes: readonly SettingChange[], indent = "    "): string[] {
  return changes.map(({ key, before, after }) => printable(`${indent}${key} ${before} → ${after}`));
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
