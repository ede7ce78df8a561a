// A call that several tasks share, as one delivery: its body has the tasks as JSON.
import { toBase64 } from "../../core/bytes.ts";
import type { QueueConfig } from "../../core/config/queue-config.ts";
import { GROUP_HEADER } from "../../core/task/group.ts";
import { isOfConnection } from "../../core/task/new-task-headers.ts";
import type { StoredTask, TaskSpec } from "../../core/task/task.ts";
import { paramsOf, rfc3339 } from "../../core/task/task-view.ts";
import type { BatchDelivery } from "./delivery.ts";
import { isReservedHeader } from "./headers.ts";

type Pairs = readonly (readonly [name: string, value: string])[];

/** `attempt` is the first one's; the tasks are all for one place. */
export function batchDeliveryOf(
  tasks: readonly StoredTask[],
  attempt: number,
  { name: queue, target: ofQueue }: Pick<QueueConfig, "name" | "target">,
  shard: number,
): BatchDelivery {
  const [{ due, spec }] = tasks as [StoredTask];
  const target = ofQueue ?? spec.target;
  return {
    queue,
    // What no task is called, and no other call.
    name: `batch.${shard}.${attempt}`,
    ...(shard > 0 && { shard }),
    ...{ attempt, due, spec: specOf(tasks) },
    ...(target !== undefined && { target }),
    body: `{"tasks":[${tasks.map(entryOf).join(",")}]}`,
    batch: tasks.map(({ name }) => name),
  };
}

function specOf(tasks: readonly StoredTask[]): TaskSpec {
  const [{ spec }] = tasks as [StoredTask];
  const { url, oidcToken, dispatchDeadline } = spec;
  const headers = sharedHeaders(tasks);
  return {
    kind: "json",
    ...(url !== undefined && { url }),
    ...(oidcToken && { oidcToken }),
    ...(dispatchDeadline !== undefined && { dispatchDeadline }),
    ...(headers.length > 0 && { headers }),
  };
}

/** The headers that all of them have. */
function sharedHeaders(tasks: readonly StoredTask[]): [string, string][] {
  const [first, ...others] = tasks as [StoredTask, ...StoredTask[]];
  return (first.spec.headers ?? []).filter(
    ([name, value]) =>
      name.toLowerCase() !== "content-type" &&
      others.every(({ spec }) => spec.headers?.some(([n, v]) => n === name && v === value)),
  );
}

function entryOf({ name, due, spec, body, progress }: StoredTask): string {
  const { retryCount, executionCount } = progress;
  const eta = rfc3339(due);
  const headers = headersOf(spec, progress);
  const head = JSON.stringify({ name, retryCount, executionCount, eta, headers });
  return body === undefined ? head : `${head.slice(0, -1)},${contentOf(spec, body)}}`;
}

function contentOf({ kind }: TaskSpec, body: string | Uint8Array): string {
  if (typeof body !== "string") return `"payloadBase64":"${toBase64(body)}"`;
  if (kind === "params") return `"params":${JSON.stringify(paramsOf(body))}`;
  // JSON is stored as the text it was sent as.
  return `"payload":${kind === "json" ? body : JSON.stringify(body)}`;
}

const NO_HEADERS = {};

/** Its own, and those that a request of its own would have beside the ones that are fields here. */
function headersOf(
  { headers = [], group }: TaskSpec,
  { previousResponse, retryReason }: StoredTask["progress"],
): Record<string, string | string[]> {
  if (headers.length === 0 && !group && retryReason === undefined) return NO_HEADERS;
  const pairs: Pairs = [
    ...headers.filter(([name]) => !isReservedHeader(name) && !isOfConnection(name)),
    ...(group ? ([[GROUP_HEADER, group.name]] as const) : []),
    ...(previousResponse === undefined
      ? []
      : ([["X-AppEngine-TaskPreviousResponse", `${previousResponse}`]] as const)),
    ...(retryReason === undefined ? [] : ([["X-AppEngine-TaskRetryReason", retryReason]] as const)),
  ];
  return grouped(pairs);
}

function grouped(pairs: Pairs): Record<string, string | string[]> {
  const values = new Map<string, string | string[]>();
  for (const [name, value] of pairs) {
    const before = values.get(name);
    values.set(name, before === undefined ? value : [...[before].flat(), value]);
  }
  return Object.fromEntries(values);
}
