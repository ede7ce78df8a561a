// The transitions of tasks: counted, and one by one gathered in a transaction for whoever hears of them once it is through.
// What nobody hears of is counted alone.
import type { GroupCounts, GroupStep } from "../../core/metrics/group-counts.ts";
import {
  noTransitions,
  type TransitionCounts,
  type TransitionKind,
} from "../../core/metrics/transitions.ts";
import type { Progress } from "../../core/task/task.ts";
import type { BriefTask } from "./tasks.ts";

export type StepKind =
  | "added"
  | "leased"
  | "done"
  | "retried"
  | "failed"
  | "expired"
  | "deleted"
  | "redriven"
  | "purged";

type OwnKind = Exclude<StepKind, "purged">;

/** `progress`: after the step. `due`: when it is tried again, or its lease ends (ms). */
export type TaskStep =
  | { kind: OwnKind; task: BriefTask; progress?: Progress | undefined; due?: number | undefined }
  | { kind: "purged"; count: number };

export type Hears = { [Kind in StepKind]?: boolean };

/** What `restore` goes back to. */
export interface StepsState {
  counts: TransitionCounts;
  ofGroups: GroupCounts;
  gathered: number;
}

/** What a step counts as. A lease began no attempt before: it counts once it has ended. */
const COUNTED: Readonly<Record<OwnKind, TransitionKind | undefined>> = {
  ...{ added: "added", done: "done", retried: "retried", failed: "failed", expired: "expired" },
  ...{ deleted: "deleted", redriven: "added", leased: undefined },
};

const NO_GROUPS: GroupCounts = Object.freeze({});

export class TaskSteps {
  /** What is gathered. */
  hears: Hears = {};
  #steps: TaskStep[] = [];
  #counts = noTransitions();
  #ofGroups: GroupCounts = NO_GROUPS;

  /** A task made a step. */
  made(kind: OwnKind, task: BriefTask, progress?: Progress, due?: number): void {
    const counted = COUNTED[kind];
    if (counted) this.#counts[counted]++;
    if (counted === "added" && task.spec.group?.index !== undefined) this.ofGroup("added");
    if (this.hears[kind]) this.#steps.push({ kind, task, progress, due });
  }

  /** A subtask, or a group, made a step. */
  ofGroup(step: GroupStep): void {
    this.#ofGroups = { ...this.#ofGroups, [step]: (this.#ofGroups[step] ?? 0) + 1 };
  }

  /** Tasks made the same step. */
  allMade(kind: OwnKind, tasks: readonly BriefTask[]): void {
    for (const task of tasks) this.made(kind, task);
  }

  /** A lease ended without an end of its task. */
  leaseEnded(): void {
    this.#counts.retried++;
  }

  /** Records of tasks that had ended before were deleted, which is heard of and counts as nothing. */
  recordsDeleted(tasks: readonly BriefTask[]): void {
    if (this.hears.deleted) for (const task of tasks) this.#steps.push({ kind: "deleted", task });
  }

  /** So many tasks were deleted at once. */
  purged(count: number): void {
    this.#counts.deleted += count;
    if (this.hears.purged) this.#steps.push({ kind: "purged", count });
  }

  /** Those heard of since this was last asked. */
  take(): readonly TaskStep[] {
    if (this.#steps.length === 0) return this.#steps;
    const steps = this.#steps;
    this.#steps = [];
    return steps;
  }

  /** The counts since this was last asked. */
  takeCounts(): TransitionCounts {
    const counts = this.#counts;
    this.#counts = noTransitions();
    return counts;
  }

  /** The same of groups; undefined where there was nothing. */
  takeOfGroups(): GroupCounts | undefined {
    const counts = this.#ofGroups;
    this.#ofGroups = NO_GROUPS;
    return counts === NO_GROUPS ? undefined : counts;
  }

  /** Tasks that failed or expired since counts were last taken. */
  get failures(): number {
    return this.#counts.failed + this.#counts.expired;
  }

  save(): StepsState {
    const { length: gathered } = this.#steps;
    return { counts: { ...this.#counts }, ofGroups: this.#ofGroups, gathered };
  }

  restore({ counts, ofGroups, gathered }: StepsState): void {
    this.#counts = counts;
    this.#ofGroups = ofGroups;
    this.#steps.length = gathered;
  }
}
