// What the doors are given of the queues.
import type { QueueViews } from "../client/all-queues.ts";
import type { CronHandle } from "../client/cron-handle.ts";
import type { NewFiles } from "../client/deploy-plan.ts";
import type { GroupHandle } from "../client/group-handle.ts";
import type { QueueHandle } from "../client/queue-handle.ts";
import type { AuditPage, AuditQuery } from "../core/audit.ts";
import type { CompiledFiles } from "../core/config/files.ts";
import type { DeployPlan } from "../core/config/plan.ts";
import type { FiguresReader } from "../core/metrics/queue-report.ts";
import type { QueueQuery } from "../core/task/calls.ts";
import type { GroupProgress, NewGroup } from "../core/task/group.ts";
import type { TraceContext } from "../core/task/trace-context.ts";
import type { Role } from "../core/tokens.ts";
import type { FiguresPage, QueuePage } from "../objects/rpc.ts";

/** What routes use of a group. */
export type GroupService = Pick<
  GroupHandle,
  "name" | "addFrom" | "close" | "cancel" | "progress" | "watch" | "resultPage"
>;

/** What routes use of the recurring tasks. */
export type CronService = Pick<CronHandle, "list" | "run" | "pause" | "resume">;

/** What the API needs of the queues, and of who uses them. */
export interface QueueService {
  /** The name of the token, or what stands for one. */
  readonly who: string;
  readonly role: Role;
  get(name: string): QueueHandle;
  /** A page of all queues. */
  page(query: QueueQuery): Promise<QueueViews>;
  /** Whether there is such a queue. */
  exists(name: string): Promise<boolean>;
  /** Server-sent events of these queues, or of all. */
  watch(names: readonly string[] | undefined): Promise<ReadableStream<Uint8Array>>;
  group(name: string): GroupService;
  createGroup(given: NewGroup, trace?: TraceContext): Promise<GroupProgress>;
  cron(): CronService;
  /** ms since 1970 */
  now(): number;
  /** The setting TASKQUEUE_ALLOW_HOSTS. */
  readonly hosts: string | undefined;
  /** What the queues whose names come after this one are and have counted, `limit` of them at most. */
  figures(after: string, limit: number, reader: FiguresReader): Promise<FiguresPage>;
  /** What a deploy of these files would change. */
  plan(files: NewFiles | CompiledFiles): Promise<DeployPlan>;
  /** What operators did. */
  audit(query: AuditQuery): Promise<AuditPage>;
}

/** With what only Google's API needs. */
export interface CloudQueues extends QueueService {
  /** Whether a queue of this name was removed not long ago. */
  wasRemoved(name: string): Promise<boolean>;
  /** The queues whose names come after this one, in their order; as many as one answer holds. */
  pageAfter(name: string): Promise<QueuePage>;
}
