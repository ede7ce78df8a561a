// Failures and redrives in words.
import type { FailureGroup, FailurePage } from "../../core/failures/groups.ts";
import type { Redrive } from "../../core/failures/redrive.ts";
import { counted } from "../format/counts.ts";

const REASONS: Readonly<Record<NonNullable<FailureGroup["reason"]>, string>> = {
  deadline: "no answer in time",
  connection: "no answer",
  cut_off: "cut off",
  lease: "not acknowledged",
  worker: "given up by its worker",
};

/** How the tasks of a group ended. */
export function endOf({ state, status, reason }: FailureGroup): string {
  if (state === "expired") return "expired";
  return status === undefined ? REASONS[reason ?? "connection"] : `${status}`;
}

/** What a button for a group is called, for those who do not see it. */
export function titleOf(group: FailureGroup): string {
  return [endOf(group), group.target, group.error].filter(Boolean).join(" ");
}

/** How far the list came; nothing where it is whole. */
export function reachWords({ scanned, more, ungrouped = 0 }: FailurePage): string {
  const beyond =
    ungrouped > 0 ? ` ${counted(ungrouped, "task")} of other faults are not shown.` : "";
  const reach = more ? `Looked at the last ${counted(scanned, "task")} that failed.` : "";
  return `${reach}${beyond}`.trim();
}

export function stateWords({ state, redriven, why }: Redrive): string {
  const back = `${counted(redriven, "task")} back on the queue`;
  const reason = why === undefined ? "" : `, ${why}`;
  if (state === "running") return why === undefined ? back : `${back}; waits: ${why}`;
  return state === "done" ? `done, ${back}` : `stopped${reason}, ${back}`;
}

/** The one under way for a group, or for all. */
export function runningOf(
  redrives: readonly Redrive[],
  fingerprint: string | undefined,
): Redrive | undefined {
  return redrives.find((it) => it.state === "running" && it.fingerprint === fingerprint);
}
