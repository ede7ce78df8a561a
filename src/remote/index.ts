// `durable-taskqueue/client`: the queues of a Worker from anywhere else, by fetch alone, and what handlers that run
// there need.
export type { SettingChange } from "../core/config/config-changes.ts";
export type { CronPlan } from "../core/config/cron-plan.ts";
export type { CronView } from "../core/config/cron-view.ts";
export type { KeyLimitsView } from "../core/config/keys-config.ts";
export type { KeyLimitsEntry } from "../core/config/keys-schema.ts";
export type { DeployPlan } from "../core/config/plan.ts";
export type { QueuePlan } from "../core/config/queue-plan.ts";
export * from "../core/errors.ts";
export type { FailureReason } from "../core/failures/fingerprint.ts";
export type { FailureGroup, FailurePage } from "../core/failures/groups.ts";
export type { NewRedrive, Redrive, RedriveState } from "../core/failures/redrive.ts";
export type { Costs, QueueCosts, Usage } from "../core/metrics/costs.ts";
export type {
  HistoryMark,
  HistoryPoint,
  HistorySpan,
  QueueHistory,
} from "../core/metrics/history.ts";
export type { KeyPage, KeyQuery, KeyView } from "../core/metrics/key-view.ts";
export type { QueueEvent, QueueEventKind } from "../core/metrics/queue-event.ts";
export type { QueueView } from "../core/metrics/queue-view.ts";
export type {
  AckResult,
  AddOptions,
  DeleteResult,
  ListQuery,
  QueueQuery,
  RedriveResult,
  ReleaseResult,
  ResultOptions,
  TaskPage,
  TombstonePage,
  TombstoneQuery,
  WaitOptions,
} from "../core/task/calls.ts";
export {
  failureResponse,
  PermanentTaskFailure,
  RetryLater,
  SingularTaskFailure,
} from "../core/task/failures.ts";
export type {
  FailurePolicy,
  GroupProgress,
  GroupResult,
  GroupState,
  GroupTask,
  MasterName,
  NewGroup,
} from "../core/task/group.ts";
export type { LeaseRequest } from "../core/task/lease.ts";
export type { NewTime } from "../core/task/new-task.ts";
export { type PushedTask, readTask } from "../core/task/read-task.ts";
export { ResultError } from "../core/task/result-error.ts";
export type {
  AddResult,
  Dialect,
  Method,
  NewTask,
  OidcToken,
  Params,
  RetryOptions,
  Task,
  TaskState,
} from "../core/task/task.ts";
export { connect, type QueueViewPage, type RemoteQueues } from "./connect.ts";
export type { RemoteCron } from "./cron.ts";
export type { ExportedPage, ExportOptions, Imported } from "./exporting.ts";
export type { RemoteGroup } from "./group.ts";
export { NoAnswerError } from "./no-answer.ts";
export type { CallOptions, ConnectOptions, Fetch } from "./options.ts";
export type { LeasedTask, PullWorker, WorkHandler, WorkOptions } from "./pull-worker.ts";
export type { RemoteQueue, Repeatable } from "./queue.ts";
