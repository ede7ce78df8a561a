// What a group's object keeps: its record, the batches that are not on their queues yet, and how each
// subtask ended.
import type { FailurePolicy, GroupState, MasterName } from "../../core/task/group.ts";
import type { TraceContext } from "../../core/task/trace-context.ts";
import { adoptBatches, adoptMembers } from "../first-version.ts";
import { Meta } from "../meta.ts";
import type { Row, Sql } from "../sql.ts";
import { Members } from "./members.ts";
import { SubtaskBatches } from "./subtask-batches.ts";

/** A group as its own object knows it; times in ms since 1970. */
export interface GroupRecord {
  name: string;
  onFailure: FailurePolicy;
  state: GroupState;
  /** Whether more subtasks may come. */
  open: boolean;
  total: number;
  /** The numbers of the subtasks its master has added, as spans `[from, to)`. */
  numbered?: [from: number, to: number][];
  /**
   * The numbers its subtasks and its batches begin with: they go on from those of the group that had the name
   * before, so that late events of that one are not taken for this one's.
   */
  first: { index: number; batch: number };
  /** The number of its next batch. */
  batches: number;
  /** The queues its subtasks are on. */
  queues: string[];
  /** The queues of the group before that have yet to forget it. */
  formerQueues: string[];
  createdAt: number;
  endedAt?: number;
  /** The trace of the request that made it. */
  trace?: TraceContext;
  master?: MasterName;
  /** When the master was added: another task may have its name later. */
  masterMadeAt?: number;
  /** The master is parked, and has yet to end with the group. */
  masterParked?: true;
  then?: { queue: string; task: object; added?: boolean; error?: string };
  /** Cancelled; `requested` until every queue has dropped its subtasks. */
  cancelled?: "requested" | "dropped";
  /** Its queues know that it has failed. */
  failureTold?: true;
  /** Every queue has forgotten it. */
  forgotten?: true;
  /** Of one that was imported: the batches that came with it. */
  imported?: number[];
}

export interface GroupMetaValues {
  group: GroupRecord;
}

export class GroupStore {
  readonly meta: Meta<GroupMetaValues>;
  readonly members: Members;
  readonly batches: SubtaskBatches;

  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    this.meta = new Meta(sql);
    this.members = new Members(sql);
    this.batches = new SubtaskBatches(sql);
  }

  /** Clears what is known of the subtasks. */
  clearSubtasks(): void {
    this.members.clear();
    this.batches.clear();
  }

  /** Inside a commit. Takes over subtasks that the first version kept. */
  adoptMembers(rows: readonly Row[]): void {
    adoptMembers(this.#sql, rows);
  }

  adoptBatches(rows: readonly Row[]): void {
    adoptBatches(this.#sql, rows);
  }

  erase(): void {
    this.clearSubtasks();
    this.meta.clearAll();
  }
}
