// One attempt of a task as one HTTP request. Touches neither storage nor the queue: what it needs to know
// crosses over as plain data.

import { utf8 } from "../../core/bytes.ts";
import { shortQueueName } from "../../core/config/names.ts";
import type { QueueConfig } from "../../core/config/queue-config.ts";
import { destinationOf, type Targets } from "../../core/egress/targets.ts";
import { isAbsolute } from "../../core/task/new-task-rules.ts";
import {
  carriesBody,
  NO_PROGRESS,
  NO_SPEC,
  type Progress,
  type StoredTask,
  type TaskSpec,
} from "../../core/task/task.ts";

/** A task on its way to a handler. What is as usual stays away: every field of a message costs. */
export interface Delivery {
  queue: string;
  name: string;
  /** Which of the queue's objects sends it, where that is not the first. */
  shard?: number;
  /** Which attempt in flight this is. */
  attempt: number;
  /** ms since 1970 */
  due: number;
  /** The service it runs on: queue.yaml's target, else the task's own, else the Worker itself. */
  target?: string;
  body?: string | Uint8Array;
  spec?: TaskSpec;
  /** Present where a 2xx answer's body is to be kept. */
  keepsResult?: true;
  /** Absent on the first attempt. */
  progress?: DeliveredProgress;
}

/** A call that several tasks share. Its own name is one that no task has. */
export interface BatchDelivery extends Delivery {
  /** The tasks' names, in the order of the body. */
  batch: string[];
}

/** A delivery as arguments of a call, which cost less by their places than by their names. */
export type PackedDelivery = [
  queue: string,
  name: string,
  attempt: number,
  due: number,
  body?: string | Uint8Array | undefined,
  unusual?: Omit<Delivery, "queue" | "name" | "attempt" | "due" | "body">,
];

/** What a handler learns of the attempts before this one. */
export interface DeliveredProgress extends Omit<Progress, "attempts" | "serverErrorCount"> {
  /** What only dialects tell: answers of 500 to 599, and whether the last attempt was answered. */
  serverErrorCount?: number;
  wasAnswered?: boolean;
}

export function deliveryOf(
  { name, due, body, spec, progress }: StoredTask,
  attempt: number,
  queue: Pick<QueueConfig, "name" | "target" | "keepResults">,
  shard = 0,
): Delivery {
  const delivery: Delivery = { queue: queue.name, name, attempt, due };
  if (shard > 0) delivery.shard = shard;
  const target = queue.target ?? spec.target;
  if (target !== undefined) delivery.target = target;
  if (body !== undefined) delivery.body = body;
  if (keepsResult({ spec }, queue)) delivery.keepsResult = true;
  const sent = sentOf(spec);
  if (sent !== NO_SPEC) delivery.spec = sent;
  if (progress !== NO_PROGRESS) delivery.progress = deliveredOf(progress, spec);
  return delivery;
}

/** Without what its queue alone goes by; NO_SPEC where nothing is left. */
function sentOf(spec: TaskSpec): TaskSpec {
  if (spec.key === undefined && spec.priority === undefined) return spec;
  const { key: _, priority: __, ...sent } = spec;
  for (const _ in sent) return sent;
  return NO_SPEC;
}

export function packed({ queue, name, attempt, due, body, ...unusual }: Delivery): PackedDelivery {
  for (const _ in unusual) return [queue, name, attempt, due, body, unusual];
  return body === undefined ? [queue, name, attempt, due] : [queue, name, attempt, due, body];
}

export function unpacked([
  queue,
  name,
  attempt,
  due,
  body,
  unusual,
]: Readonly<PackedDelivery>): Delivery {
  const delivery: Delivery = { queue, name, attempt, due, ...unusual };
  if (body !== undefined) delivery.body = body;
  return delivery;
}

/** For the log. */
export function titleOf(delivery: Delivery | BatchDelivery): string {
  if (!("batch" in delivery)) return `task "${delivery.name}" on "${delivery.queue}"`;
  const { batch, queue } = delivery;
  return `the batch of ${batch.length} from "${batch[0]}" on "${queue}"`;
}

/** Whether a 2xx answer's body is wanted: by the queue's entry, or by the group of a subtask. */
export function keepsResult(
  { spec }: Pick<StoredTask, "spec">,
  queue: Pick<QueueConfig, "keepResults">,
): boolean {
  return queue.keepResults === true || spec.group?.index !== undefined;
}

function deliveredOf(progress: Progress, { dialect }: TaskSpec): DeliveredProgress {
  const { attempts, serverErrorCount = 0, ...counts } = progress;
  if (!dialect) return counts;
  return { ...counts, serverErrorCount, wasAnswered: attempts.at(-1)?.status !== undefined };
}

/** The body of the request, absent where its method has none. */
export function bodyOf({ spec, body }: Delivery): Delivery["body"] {
  return carriesBody(spec?.method) ? body : undefined;
}

/** The same as bytes: a text would be given a type by whoever makes a request of it. */
export function bytesOf(body: Delivery["body"] = ""): Uint8Array {
  return typeof body === "string" ? utf8(body) : body;
}

/** The origin of requests to the Worker's own handlers; a target is put in front of its host. */
const OWN_HOST = "taskqueue.internal";

/** Whether the attempt leaves the Worker, and to which origin its target is mapped if so. */
export function outsideOf(
  { spec, target }: Delivery,
  targets: Targets,
): { origin?: string } | undefined {
  if (spec?.url && isAbsolute(spec.url)) return {};
  const place = destinationOf(target, targets);
  return place.kind === "origin" ? place : undefined;
}

/**
 * Where the attempt goes: a path lies at `origin`, or else on the Worker itself or its target, and
 * defaults by queue.
 */
export function urlOf({ queue, spec, target }: Delivery, origin?: string): string {
  const url = spec?.url ?? `/_ah/queue/${shortQueueName(queue)}`;
  const own = `http://${target === undefined ? OWN_HOST : `${target}.${OWN_HOST}`}`;
  const absolute = isAbsolute(url) ? url : `${origin ?? own}${url}`;
  if (!spec?.query) return absolute;
  const withQuery = new URL(absolute);
  withQuery.search = spec.query;
  return withQuery.href;
}
