// What objects call of each other. Each Durable Object class implements its interface, so that every call
// is typed on both sides; what only callers outside use is the class's own surface.
import type { AlertTest } from "../core/alerts/alert-view.ts";
import type { AlertReport } from "../core/alerts/report.ts";
import type { Act } from "../core/audit.ts";
import type {
  SavedBatch,
  SavedGroup,
  SavedOfGroup,
  SavedPage,
  SavedRecord,
  SavedSubtask,
  Taken,
  WalkPlace,
} from "../core/backup/record.ts";
import type { CronTask } from "../core/config/cron-task.ts";
import type { QueueConfig } from "../core/config/queue-config.ts";
import type { Answer, Failure } from "../core/errors.ts";
import type { FailurePart } from "../core/failures/groups.ts";
import type { Redrive, RedrivePlace } from "../core/failures/redrive.ts";
import type { HistorySpan, QueueHistory } from "../core/metrics/history.ts";
import type { KeyPage, KeyQuery, KeyView } from "../core/metrics/key-view.ts";
import type { MeterCounts } from "../core/metrics/meter.ts";
import type { FiguresReader, QueueReport, ReportReader } from "../core/metrics/queue-report.ts";
import type { QueueView } from "../core/metrics/queue-view.ts";
import type { QueueTotals } from "../core/metrics/totals.ts";
import type { ShardMap } from "../core/sharding/shard-map.ts";
import type { Total } from "../core/sharding/share.ts";
import type { Grant, Recall, Statement } from "../core/sharding/statement.ts";
import type {
  AckResult,
  AddCall,
  Added,
  DeleteResult,
  ListQuery,
  RedriveResult,
  TaskPage,
  TombstonePage,
  TombstoneQuery,
} from "../core/task/calls.ts";
import type { LeaseRequest, LeaseToken } from "../core/task/lease.ts";
import type { NewTime } from "../core/task/new-task.ts";
import type { NewTask, Task } from "../core/task/task.ts";
import type { ActEnd, AuditRow } from "../store/directory/audit-log.ts";
import type { UsedByDirectory } from "../store/directory/directory-store.ts";
import type { FormerPage, FormerTable } from "../store/first-version.ts";
import type { AcceptedGroup } from "../store/queue/accepted-groups.ts";
import type { GroupEvent } from "../store/queue/group-outbox.ts";
import type { MovingRow } from "../store/queue/moving.ts";
import type { StoredOrders } from "../store/queue/queue-meta.ts";
import type { BatchOutcome } from "./delivery/batch-outcome.ts";
import type { BatchDelivery, Delivery, PackedDelivery } from "./delivery/delivery.ts";
import type { WireOutcome } from "./delivery/outcome.ts";
import type { Waited } from "./place.ts";
import type { Leased } from "./turn.ts";

/** What callers outside call of a queue. */
export interface QueueCalls {
  /** Adds what callers hand in together; each call has its own answer. */
  add(calls: readonly AddCall[]): Promise<Answer<Added[]>[]>;
  get(name: string): Promise<Answer<Task>>;
  /** The task once it has ended, or after `waitSeconds` (60 at most) as it is then. */
  result(name: string, waitSeconds: number): Promise<Waited<Answer<Task>>>;
  list(query: ListQuery): Promise<Answer<TaskPage>>;
  delete(names: readonly string[]): Promise<DeleteResult[]>;
  lease(request: LeaseRequest): Promise<Leased>;
  /** Leases that reached nobody, because the caller went away, are as if they had not been. */
  withdrawLeases(leased: readonly Pick<Task, "name" | "lease">[]): Promise<void>;
  acknowledge(tokens: readonly LeaseToken[]): Promise<Answer<AckResult[]>>;
  modifyLease(token: LeaseToken, seconds: number): Promise<Answer<Task>>;
  failLeased(token: LeaseToken, error: unknown): Promise<Answer<Task>>;
  run(name: string): Promise<Answer<Task>>;
  reschedule(name: string, time: NewTime): Promise<Answer<Task>>;
  redrive(names: readonly string[]): Promise<RedriveResult[]>;
  /** Puts every failed task back; how many. */
  redriveAll(): Promise<number>;
  /** What went wrong with the failed tasks, of each of the queue's objects. */
  failures(): Promise<Answer<FailurePart[]>>;
  startRedrive(given: StartRedrive): Promise<Answer<StartedRedrive>>;
  redrives(): Promise<Answer<Redrive[]>>;
  cancelRedrive(id: string, who: string): Promise<Answer<Redrive>>;
  tombstones(query: TombstoneQuery): Promise<Answer<TombstonePage>>;
  /** Frees a tombstone's name; false when there was none. */
  release(name: string): Promise<boolean>;
  purge(): Promise<QueueView>;
  pause(): Promise<QueueView>;
  resume(): Promise<QueueView>;
  describe(): Promise<QueueView>;
  history(span: HistorySpan): Promise<QueueHistory>;
  /** The queue's state, and its history as far as that is newer than `since` (ms since 1970). */
  pulse(since: number, reader?: ReportReader): Promise<QueueReport>;
  /** What happens to it and its tasks from now on, as server-sent events; of several objects a stream of each. */
  follow(): Promise<Answer<ReadableStream<Uint8Array>[]>>;
  /** Its configuration; in contrast to `describe` this reads no rows. */
  config(): Promise<QueueConfig>;
  /** What lies under the names behind a place of a walk. */
  exportPage(from: WalkPlace): Promise<Answer<SavedPage>>;
  /** Takes in records whose names are free; for each what became of it. */
  importRecords(records: readonly SavedRecord[]): Promise<Answer<Taken[]>>;
  /** Makes or changes a queue that is not in queue.yaml, by an entry of that file's form. */
  define(entry: unknown): Promise<Answer<QueueView>>;
  /** Removes such a queue with its tasks. */
  remove(): Promise<Answer<true>>;
  /** A page of the keys that its tasks name. */
  keys(query: KeyQuery): Promise<Answer<KeyPage>>;
  /** A key, whether it has tasks or not. */
  key(key: string): Promise<Answer<KeyView>>;
  /** Sets limits of one key in place of the queue's; undefined: the queue's hold again. */
  limitKey(key: string, limits: unknown): Promise<Answer<KeyView>>;
  /** Sends a message of the alert that says it is a test, once. */
  testAlert(name: string): Promise<Answer<AlertTest>>;
}

/** A redrive that was checked, with whose it is and the number of its entry in the audit, if it has one. */
export interface StartRedrive {
  rate: string;
  fingerprint?: string;
  who: string;
  audit?: number | undefined;
}

/** `isNew`: it was not under way before. */
export interface StartedRedrive {
  redrive: Redrive;
  isNew: boolean;
}

/** A batch of a redrive: of up to `rows` records behind a place up to `take` go back that had failed by `upTo` (ms). */
export interface RedriveBatch {
  id: string;
  /** Its number: the same batch is done once. */
  batch: number;
  place: RedrivePlace;
  fingerprint?: string;
  upTo: number;
  take: number;
  rows: number;
  /** The redrives that are under way, by their ids. */
  running: readonly string[];
}

/** What a queue's shards, and who routes calls to them, call of each other. */
export interface ShardRpc {
  /** Lets the shard do a call of the queue on what it has itself, as long as the map is not outdated. */
  onShard(map: ShardMap, verb: string, args: readonly unknown[]): Promise<ShardAnswer>;
  /** What a new shard has to know; asked of the first shard. Once it is answered the directory lists the queue. */
  shardOrders(): Promise<ShardOrders>;
  /** Takes what the first shard has decided; one that has nothing yet will ask. Answers once it holds here. */
  obey(orders: ShardOrders): Promise<void>;
  /** Says what the shard has of the queue's bucket and slots, and what it could use; asked of the first shard. */
  askShare(statement: Statement): Promise<Grant>;
  /** The shard gives back what is above what it may keep. */
  recallShare(recall: Recall): Promise<Statement>;
  /** There is something for the shard if it asks. */
  nudgeShare(): Promise<void>;
  /** Takes what another shard knows that the queue's alerts are about; told to the first shard. */
  takeAlertReport(shard: number, report: AlertReport): Promise<void>;
  /** The same, asked of another shard; nothing where this Worker has no alerts. */
  alertReport(): Promise<AlertReport | undefined>;
}

/**
 * What the object of a limit grants; `total`: what the limit is, absent where it is not in queue.yaml any more; `used`: what
 * it has used since it said so last, to whomever it did.
 */
export interface LimitGrant {
  grant: Grant;
  total?: Total;
  used?: MeterCounts;
}

/** What an object of a queue is to the limits that the queue draws from. */
export interface LimitHolderRpc {
  /** It gives back what is above what it may keep. */
  recallLimit(limit: string, recall: Recall): Promise<Statement>;
  /** There is something for it if it asks. */
  nudgeLimit(limit: string): Promise<void>;
}

/** The object of a limit that queues share, which is of their class. */
export interface LimitRpc {
  /** Says what an object of a queue has of the limit, and what it could use. */
  askLimit(object: string, statement: Statement): Promise<LimitGrant>;
}

/** The answer, or the map by which the call is to be routed anew. */
export type ShardAnswer = { answer: unknown } | { stale: ShardMap };

/** What the first shard has decided for all: all of it, so that only the latest has to be taken. */
export interface ShardOrders extends Omit<StoredOrders, "untold"> {
  map: ShardMap;
  paused: boolean;
  /** The entry a queue was made with over the API. */
  made?: object;
  /** The definition of a queue that was taken out of queue.yaml. */
  config?: QueueConfig;
  /** There is no such queue. */
  isGone?: true;
}

/** What a shard hands over to another at once. */
export interface MovingBatch {
  from: number;
  /** The number of the orders that the shard it comes from has taken. */
  obeyed: number;
  /** Counted on with each from this shard to that one, in one version of the map. */
  number: number;
  rows: MovingRow[];
  /** Groups of these tasks that the shard they come from knows as cancelled. */
  cancelled: string[];
  /** With the first: the groups whose tasks it has, or had. */
  groups?: AcceptedGroup[];
}

/** How far a shard is with what has to go from it. */
export interface MoveReport {
  isDone: boolean;
  /** How many names have left it. */
  moved: number;
  /** Of one that has gone: what it had counted. */
  totals?: QueueTotals;
}

/** What other objects call of a queue. */
export interface QueueRpc {
  /** Whether it takes push or pull tasks; undefined when it is not defined. */
  mode(): Promise<"push" | "pull" | undefined>;
  /** Its mode and its dead-letter queue; undefined when it is not defined. */
  deadLetterHop(): Promise<DeadLetterHop | undefined>;
  /** Adds tasks that failed on another queue; each has its own answer. */
  addDeadLetters(tasks: readonly NewTask[]): Promise<Answer<Answer<Task>[]>>;
  /** Adds tasks of cron.yaml; each has its own answer. `used`: what the caller has used for the queue, as below. */
  addCronTasks(tasks: readonly CronTask[], used?: MeterCounts): Promise<Answer<Answer<Task>[]>>;
  /** Adds a batch of a group's tasks, once. A task that cannot be added counts as failed: its error is in the answer. */
  acceptBatch(batch: BatchCall, used?: MeterCounts): Promise<Answer<Failure[]>>;
  /** The running task of this name, which could wait for the group; when it was made (ms). */
  findMaster(name: string, group: string): Promise<Answer<number>>;
  /** The running task of this name waits for the group once its handler is done. */
  bindMaster(name: string, group: string): Promise<Answer<number>>;
  /** The group that a parked master waits for has ended. */
  endMaster(end: MasterEnd): Promise<void>;
  /** Deletes the group's tasks that are not running, retries none of the others, and accepts no batch up to this one. */
  dropGroup(group: string, batch: number): Promise<void>;
  /** The group whose batches went up to this one is over, in this way. */
  forgetGroup(
    group: string,
    batch: number,
    state?: "done" | "cancelled",
    used?: MeterCounts,
  ): Promise<void>;
  /** The group has failed; one whose subtasks are redriven may yet be done. */
  groupFailed(group: string): Promise<void>;
  /** How many of the group's tasks are with their handlers. */
  runningOfGroup(group: string): Promise<number>;
  /** Its state; the reader takes it for true until it hears of a change. */
  pulse(since: number, reader: ReportReader): Promise<QueueReport>;
  /** Arms the alarm anew, should the platform have lost it. */
  wake(): Promise<void>;
  /** Asked by a long attempt: settles with the reason when it is to be cancelled, or once it has ended. */
  cancelled(attempt: number): Promise<string>;
}

/** What a chain of dead-letter queues is followed by. */
export interface DeadLetterHop {
  mode: "push" | "pull";
  failedQueue?: string;
}

/** Tasks of a group for one queue; an index of null is the group's `then`. */
export interface BatchCall {
  group: string;
  /** The group's first batch: a queue that knows of batches before it knows an earlier group of the name. */
  first: number;
  /** Batches of a group come in order; one that was accepted before is not accepted again. */
  batch: number;
  indexes: (number | null)[];
  tasks: object[];
  /** Of a part for one shard: what holds the names of these tasks on other shards. */
  taken?: (Failure | null | undefined)[];
}

/** How the group of a master ended. */
export interface MasterEnd {
  name: string;
  /** When the master was added (ms): another task may have its name by now. */
  madeAt: number;
  group: string;
  state: "done" | "failed" | "cancelled";
  reason?: string;
}

/** A group's answer to events: `over` when it needs none any more. */
export type Receipt = "accepted" | "over";

/** A receipt with what the group's object has used since it said so last. */
export interface CountedReceipt {
  receipt: Receipt;
  used: MeterCounts;
}

/** An object of the first version that was no queue, asked by the role's own class. */
export interface FormerRoleRpc {
  /** A page of the table's rows behind the key `after`. */
  formerRows(table: FormerTable, after: string | number): Promise<FormerPage>;
}

/** What queues call of a group. */
export interface GroupRpc {
  /** Takes events of a queue; each is taken once. A group that counts what it uses says so to a queue that `counts`, too. */
  receive(
    queue: string,
    events: readonly GroupEvent[],
    counts?: boolean,
  ): Promise<Receipt | CountedReceipt>;
  /** Takes over what the first version kept of it, unless it has. */
  adopt(): Promise<void>;
  /** What it is, for an export with this queue, and some of the batches behind this number. */
  saved(queue: string, afterBatch: number): Promise<SavedGroupPage | undefined>;
  /** How its subtasks behind this number ended, some of them. */
  savedSubtasks(after: number): Promise<SavedSubtasksPage>;
  /** Takes in a line of an export. */
  takeInSaved(saved: SavedOfGroup): Promise<TakenOfGroup>;
}

/** Of a group; `next`: the number of the last batch, absent where there are no more. */
export interface SavedGroupPage {
  group: SavedGroup;
  batches: SavedBatch[];
  next?: number;
}

export interface SavedSubtasksPage {
  subtasks: SavedSubtask[];
  next?: number;
}

/** `isHere`: it is the group of this name here, and not over. */
export interface TakenOfGroup {
  taken: Taken;
  isHere: boolean;
}

/** Queues as JSON, each a QueueView. */
export interface QueuePage {
  views: string[];
  /** The last name that was looked at; absent when there are no more. A page that has one may be short. */
  last?: string;
}

/** Figures of a queue, as JSON. */
export interface QueueFigures {
  name: string;
  /** A QueueView; absent where it did not answer. */
  view?: string;
  /** QueueTotals; absent of a queue of a version before. */
  totals?: string;
}

export interface FiguresPage {
  queues: QueueFigures[];
  /** For costs: what the directory itself has used. */
  own?: UsedByDirectory;
  /** The last name that was looked at; absent when there are no more. */
  last?: string;
}

/** Acts before the row `before`, `limit` at most. */
export interface ActQuery {
  before: number;
  limit: number;
  queue?: string | undefined;
  who?: string | undefined;
}

/** The directory: which queues there are beside those of queue.yaml. */
export interface DirectoryRpc {
  register(queue: string): Promise<void>;
  unregister(queue: string): Promise<void>;
  isKnown(queue: string): Promise<boolean>;
  knownQueues(): Promise<string[]>;
  /** The queue's last report holds no more. */
  changed(queue: string): Promise<void>;
  /** The queues whose names come after `after`, in their order, `limit` at most. */
  page(after: string, limit: number): Promise<QueuePage>;
  /** The same with what each has counted; those that are asked by a scrape write it down. */
  figures(after: string, limit: number, reader: FiguresReader): Promise<FiguresPage>;
  /** Visits the queues that may have lost their alarms, in the background. */
  visitQueues(): Promise<void>;
  /** Server-sent events of these queues, or of all. */
  watch(queues: readonly string[] | undefined): Promise<ReadableStream<Uint8Array>>;
  /** Notes an act of an operator before it is done; the number of its entry. */
  beginAct(act: Act): Promise<number>;
  /** How it ended. */
  endAct(id: number, end: ActEnd): Promise<void>;
  /** Acts, the newest first. */
  acts(query: ActQuery): Promise<AuditRow[]>;
  /** Whether a queue of this name was removed in the last three days. */
  wasRemoved(queue: string): Promise<boolean>;
}

/** A message of an alert on its way out of the Worker. */
export interface Webhook {
  /** The same however often it is sent. */
  id: string;
  url: string;
  body: string;
  /** The setting that has the secrets it is signed with. */
  secret: string;
}

/** What a webhook was answered with, or why it was not. */
export interface WebhookAnswer {
  status?: number;
  error?: string;
}

/** An object from which attempts leave the Worker. */
export interface EgressRpc {
  /** Signs a webhook and sends it, once. */
  post(webhook: Webhook): Promise<WebhookAnswer>;
  send(delivery: Delivery): Promise<WireOutcome>;
  /** The same of a call that several tasks share. */
  sendBatch(delivery: BatchDelivery): Promise<BatchOutcome>;
}

/** The outcome of an attempt that shares a call, and the attempt's place in the call. */
export type PlacedOutcome = [place: number, outcome: WireOutcome];

/** What is known of attempts that share a call, and where the rest comes. */
export interface SharedOutcomes {
  ended: PlacedOutcome[];
  rest: { next(): Promise<LaterOutcomes> };
}

export interface LaterOutcomes {
  ended: PlacedOutcome[];
  areMore: boolean;
}

/** The loopback entrypoint that runs the Worker's own handlers. */
export interface TaskRunnerRpc {
  run(...delivery: PackedDelivery): Promise<WireOutcome>;
  /** Runs several attempts in one invocation; the outcomes in their order where all are there at once. */
  runTogether(deliveries: readonly PackedDelivery[]): Promise<WireOutcome[] | SharedOutcomes>;
  /** Makes a call that several tasks share. */
  runBatch(delivery: BatchDelivery): Promise<BatchOutcome>;
}
